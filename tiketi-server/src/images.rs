//! Where images are stored: a folder, or a bucket of S3.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ClientOptions, Error, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig};
use secrecy::{ExposeSecret, SecretString};
use tiketi_core::{StoreError, StoreErrorKind};
use tiketi_http::{ImageName, ImageStore};

use crate::failure::Failure;
use crate::store::StoreKind;

/// The folder of images unless another place is named.
const USUAL_FOLDER: &str = "tiketi-images";

/// Longest wait for a connection to a bucket.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest time of one request to a bucket, and of all its tries: less than a request of a client may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a request to a bucket is tried again.
const RETRIES: usize = 2;

/// Where images are stored, checked but not opened.
#[derive(Debug)]
pub(crate) enum ImagePlace {
    /// A folder of this machine, made with the first image.
    Folder(PathBuf),
    /// A bucket, with the path before the names.
    Bucket { bucket: Arc<dyn ObjectStore>, path: Path },
}

impl ImagePlace {
    /// Returns the place that a server has unless it is told another: none if other servers would not find the images.
    pub(crate) fn usual(store: &StoreKind) -> Option<Self> {
        (!store.is_shared()).then(|| Self::Folder(USUAL_FOLDER.into()))
    }

    /// Reads a folder, or an address such as `s3://bucket/path?endpoint=http://127.0.0.1:8333&region=eu-west-1`.
    ///
    /// The keys are those of the environment that other programs for S3 read: `AWS_ACCESS_KEY_ID` and so on.
    pub(crate) fn of(place: &SecretString) -> Result<Self, Failure> {
        let text = place.expose_secret();
        match text.split_once("://") {
            None if text.is_empty() => {
                Err(Failure::new("--images: name a folder or an address such as s3://bucket"))
            }
            None => Ok(Self::Folder(text.into())),
            Some(("s3", rest)) => Self::bucket(rest),
            Some((scheme, _)) => {
                Err(Failure::new(format!("--images: unknown scheme `{scheme}`; there is s3://")))
            }
        }
    }

    fn bucket(rest: &str) -> Result<Self, Failure> {
        let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (bucket, path) = place.split_once('/').unwrap_or((place, ""));
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
        let (mut client, mut retry) = (ClientOptions::new(), RetryConfig::default());
        client = client.with_connect_timeout(CONNECT_TIMEOUT).with_timeout(REQUEST_TIMEOUT);
        (retry.max_retries, retry.retry_timeout) = (RETRIES, REQUEST_TIMEOUT);
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            builder = match name {
                "endpoint" => {
                    client = client.with_allow_http(value.starts_with("http://"));
                    builder.with_endpoint(value)
                }
                "region" => builder.with_region(value),
                "virtual-hosted" => builder.with_config(AmazonS3ConfigKey::VirtualHostedStyleRequest, value),
                _ => {
                    let known = "there are endpoint, region and virtual-hosted";
                    return Err(Failure::new(format!("--images: unknown parameter `{name}`; {known}")));
                }
            };
        }
        let builder = builder.with_client_options(client).with_retry(retry);
        let bucket = builder.build().map_err(|error| Failure::during("--images", &error))?;
        let path = Path::parse(path).map_err(|error| Failure::during("--images", &error))?;
        Ok(Self::Bucket { bucket: Arc::new(bucket), path })
    }

    /// Opens it; a folder is made with the first image.
    pub(crate) fn open(&self) -> Result<Arc<dyn ImageStore>, Failure> {
        let (store, path): (Arc<dyn ObjectStore>, Path) = match self {
            Self::Folder(folder) => {
                let failed = |error: &dyn std::error::Error| {
                    Failure::during(format!("--images {}", folder.display()), error)
                };
                let absolute = std::path::absolute(folder).map_err(|error| failed(&error))?;
                let path = Path::from_absolute_path(absolute).map_err(|error| failed(&error))?;
                (Arc::new(LocalFileSystem::new()), path)
            }
            Self::Bucket { bucket, path } => (Arc::clone(bucket), path.clone()),
        };
        Ok(Arc::new(Objects { store, path }))
    }
}

/// Displayed without keys and parameters.
impl fmt::Display for ImagePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Bucket { bucket, path } => write!(f, "{bucket}/{path}"),
        }
    }
}

/// Images as objects of a store.
#[derive(Debug)]
struct Objects {
    store: Arc<dyn ObjectStore>,
    path: Path,
}

impl Objects {
    fn at(&self, name: &ImageName) -> Path {
        self.path.clone().join(name.to_string())
    }
}

#[async_trait]
impl ImageStore for Objects {
    async fn put(&self, name: &ImageName, bytes: Bytes) -> Result<(), StoreError> {
        self.store.put(&self.at(name), PutPayload::from_bytes(bytes)).await.map(drop).map_err(failed)
    }

    async fn get(&self, name: &ImageName) -> Result<Option<Bytes>, StoreError> {
        match self.store.get(&self.at(name)).await {
            Ok(found) => found.bytes().await.map(Some).map_err(failed),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }
}

fn failed(error: Error) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the store of images failed").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Result<ImagePlace, Failure> {
        ImagePlace::of(&SecretString::from(text))
    }

    #[tokio::test]
    async fn a_folder_is_made_with_the_first_image() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a folder/of images");
        let store = place(folder.to_str().unwrap()).unwrap().open().unwrap();
        let name: ImageName = format!("{}.png", "ab".repeat(32)).parse().unwrap();
        assert_eq!(store.get(&name).await.unwrap(), None);
        assert!(!folder.exists());
        for _ in 0..2 {
            store.put(&name, Bytes::from_static(b"pixels")).await.unwrap();
        }
        assert_eq!(store.get(&name).await.unwrap().unwrap(), "pixels");
        assert_eq!(std::fs::read(folder.join(name.to_string())).unwrap(), b"pixels");
    }

    #[test]
    fn an_address_is_checked_before_the_server_starts() {
        for (wrong, told) in [
            ("", "name a folder"),
            ("ftp://host/images", "unknown scheme `ftp`"),
            ("s3://bucket?password=x", "unknown parameter `password`"),
        ] {
            let error = place(wrong).unwrap_err();
            assert!(error.sentence().contains(told), "{wrong}: {}", error.sentence());
        }
        let shown =
            place("s3://posters/shop?endpoint=http://127.0.0.1:8333&region=eu-west-1").unwrap().to_string();
        assert!(shown.contains("posters") && !shown.contains("8333"), "{shown}");
    }
}
