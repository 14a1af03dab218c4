//! Google's keys, fetched over HTTPS.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{AGE, CACHE_CONTROL, HeaderMap, HeaderName};
use reqwest::{Client, Url};
use tiketi_http::{FetchedKeys, GoogleSignIn, KeySource, KeySourceError};

use crate::failure::Failure;
use crate::options::SigningIn;

/// Longest wait for the keys.
const PATIENCE: Duration = Duration::from_secs(5);
/// Largest answer, in bytes; Google's has about 1,500.
const MOST_BYTES: usize = 64 << 10;
/// How long keys are kept whose answer does not say it.
const DEFAULT_FRESH: Duration = Duration::from_mins(5);

/// The settings of signing in with Google.
#[derive(Debug, Clone)]
pub(crate) struct GoogleSettings {
    client_id: String,
    issuer: Option<String>,
    keys: Arc<GoogleKeys>,
}

impl GoogleSettings {
    /// Checks the options; `None` if nobody signs in with Google.
    pub(crate) fn of(options: &SigningIn) -> Result<Option<Self>, Failure> {
        let Some(client_id) = options.google_client_id.clone() else { return Ok(None) };
        if client_id.trim().is_empty() {
            return Err(Failure::new("--google-client-id is empty"));
        }
        let refused = |problem: &str| Failure::new(format!("--google-jwks-url: {problem}"));
        let url: Url = options.google_jwks_url.parse().map_err(|_| refused("it is no URL"))?;
        if url.scheme() != "https" && !(url.scheme() == "http" && is_this_machine(&url)) {
            return Err(refused("keys are fetched by https; plain http is allowed for this machine only"));
        }
        // A redirect could lead to plain http.
        let client = Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build();
        let client =
            client.map_err(|error| Failure::during("cannot prepare fetching Google's keys", &error))?;
        Ok(Some(Self {
            client_id,
            issuer: options.google_issuer.clone(),
            keys: Arc::new(GoogleKeys { client, url }),
        }))
    }

    /// Makes what checks tokens.
    pub(crate) fn sign_in(&self) -> GoogleSignIn {
        let keys = Arc::<GoogleKeys>::clone(&self.keys);
        let google = GoogleSignIn::new(&*self.client_id, keys);
        match &self.issuer {
            Some(issuer) => google.issuers([&**issuer]),
            None => google,
        }
    }

    /// Fetches the keys once.
    pub(crate) async fn describe(&self) -> Result<String, Failure> {
        let url = &self.keys.url;
        match self.keys.fetch().await {
            Ok(fetched) => Ok(format!("{url} answers; its keys are kept for {:?}", fetched.fresh_for)),
            Err(error) => Err(Failure::during(format!("--google-jwks-url {url}"), &error)),
        }
    }
}

/// Fetches the keys that Google publishes.
#[derive(Debug)]
struct GoogleKeys {
    client: Client,
    url: Url,
}

#[async_trait]
impl KeySource for GoogleKeys {
    async fn fetch(&self) -> Result<FetchedKeys, KeySourceError> {
        self.answer().await.map_err(KeySourceError::new)
    }
}

impl GoogleKeys {
    async fn answer(&self) -> Result<FetchedKeys, Box<dyn Error + Send + Sync>> {
        let mut answer = self.client.get(self.url.clone()).send().await?.error_for_status()?;
        let fresh_for = fresh_for(answer.headers());
        let mut jwks = Vec::new();
        while let Some(part) = answer.chunk().await? {
            jwks.extend_from_slice(&part);
            if jwks.len() > MOST_BYTES {
                return Err(format!("the answer has more than {MOST_BYTES} bytes").into());
            }
        }
        Ok(FetchedKeys { jwks, fresh_for })
    }
}

/// Returns how long an answer may be kept (source: RFC 9111, 4.2).
fn fresh_for(headers: &HeaderMap) -> Duration {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let directives = || text(CACHE_CONTROL).split(',').map(str::trim);
    if directives().any(|word| word.eq_ignore_ascii_case("no-store") || word.eq_ignore_ascii_case("no-cache"))
    {
        return Duration::ZERO;
    }
    let max_age = directives().find_map(|word| {
        let (name, seconds) = word.split_once('=')?;
        name.eq_ignore_ascii_case("max-age").then(|| seconds.trim_matches('"').parse().ok())?
    });
    let age = text(AGE).parse().map_or(Duration::ZERO, Duration::from_secs);
    max_age.map_or(DEFAULT_FRESH, Duration::from_secs).saturating_sub(age)
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_kept_as_long_as_their_answer_says() {
        let headers = |control: &str, age: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, control.parse().unwrap());
            headers.insert(AGE, age.parse().unwrap());
            fresh_for(&headers).as_secs()
        };
        assert_eq!(headers("public, max-age=21600, must-revalidate", "600"), 21_000);
        assert_eq!(headers("Max-Age=\"60\"", "x"), 60);
        assert_eq!(headers("max-age=60", "61"), 0);
        assert_eq!(headers("no-store, max-age=60", "0"), 0);
        assert_eq!(headers("max-age=soon", "0"), DEFAULT_FRESH.as_secs());
        assert_eq!(fresh_for(&HeaderMap::new()), DEFAULT_FRESH);
    }
}
