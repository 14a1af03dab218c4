//! Images of the shop, such as posters: checked, re-encoded without metadata, and named by their content.

mod name;
mod reencode;

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tiketi_core::StoreError;
use tokio::sync::Semaphore;

pub use name::{ImageFormat, ImageName, InvalidImageName};
pub(crate) use reencode::{ImageRefused, MOST_PIXELS};

use crate::error::{ApiError, Code};

/// Largest upload, in bytes.
pub(crate) const MOST_BYTES: usize = 5 << 20;
/// Most images that are decoded at once; each takes up to about 200 MiB and one core.
const AT_ONCE: usize = 2;
/// Most uploads that wait to be decoded; more are answered with 503.
const MOST_WAITING: usize = 8;

/// Stores images under names that say their content.
///
/// # Contract
///
/// What [`ImageStore::get`] returns MUST be what was put under the name, or nothing. A name is put again only with the same
/// content. Once [`ImageStore::put`] has returned, every server MUST find the image.
#[async_trait]
pub trait ImageStore: Debug + Send + Sync + 'static {
    /// Stores an image.
    async fn put(&self, name: &ImageName, bytes: Bytes) -> Result<(), StoreError>;

    /// Returns an image; `None` if there is none.
    async fn get(&self, name: &ImageName) -> Result<Option<Bytes>, StoreError>;
}

/// Where images are stored, and how many are decoded at once.
#[derive(Debug)]
pub(crate) struct Images {
    store: Arc<dyn ImageStore>,
    waiting: Semaphore,
    decoding: Semaphore,
}

impl Images {
    pub(crate) fn new(store: Arc<dyn ImageStore>) -> Self {
        let (waiting, decoding) = (Semaphore::new(AT_ONCE + MOST_WAITING), Semaphore::new(AT_ONCE));
        Self { store, waiting, decoding }
    }

    /// Checks an uploaded image, encodes it again and stores it; returns its name.
    pub(crate) async fn upload(&self, bytes: Bytes) -> Result<ImageName, ApiError> {
        // An image that no store takes is refused before it waits.
        reencode::check(&bytes)?;
        let busy = |_| ApiError::new(Code::TooBusy);
        let _waiting = self.waiting.try_acquire().map_err(busy)?;
        let _decoding = self.decoding.acquire().await.map_err(|_| ApiError::new(Code::ServiceUnavailable))?;
        let encoded = tokio::task::spawn_blocking(move || reencode::reencode(&bytes)).await;
        let (format, encoded) = encoded.map_err(ApiError::internal)??;
        let name = ImageName::of(format, &encoded);
        self.store.put(&name, encoded.into()).await?;
        Ok(name)
    }

    /// Returns an image.
    pub(crate) async fn get(&self, name: &ImageName) -> Result<Option<Bytes>, ApiError> {
        Ok(self.store.get(name).await?)
    }
}

impl From<ImageRefused> for ApiError {
    fn from(refused: ImageRefused) -> Self {
        match refused {
            ImageRefused::NoImage => Self::new(Code::InvalidImage),
            ImageRefused::TooManyPixels { width, height } => Self::new(Code::ImageTooLarge)
                .detail("width", width)
                .detail("height", height)
                .detail("mostPixels", MOST_PIXELS),
            ImageRefused::TooLargeEncoded => Self::new(Code::ImageTooLarge).detail("mostPixels", MOST_PIXELS),
        }
    }
}
