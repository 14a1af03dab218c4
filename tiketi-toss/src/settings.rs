//! The settings of the gateway.

use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::method::TossMethod;

/// The URL of TossPayments.
pub const TOSS_URL: &str = "https://api.tosspayments.com";

/// The settings of a [`crate::TossGateway`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TossSettings {
    /// The secret key, without the colon.
    pub secret_key: SecretString,
    /// The public key with which browsers open the payment window.
    pub client_key: String,
    /// The URL of the API: [`TOSS_URL`] by default. Plain HTTP only to this machine.
    pub base_url: String,
    /// The offered payment methods; card and bank transfer by default.
    pub methods: Vec<TossMethod>,
    /// The timeouts.
    pub limits: TossLimits,
}

/// The timeouts of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TossLimits {
    /// For a connection; 3 seconds.
    pub connect: Duration,
    /// For the whole of a request that moves money; 60 seconds, since cards may take that long.
    pub change: Duration,
    /// For the whole of a request that only reads; 5 seconds.
    pub read: Duration,
}

impl Default for TossLimits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(3), change: seconds(60), read: seconds(5) }
    }
}

impl TossSettings {
    /// Takes the shop's secret key and client key.
    pub fn new(secret_key: SecretString, client_key: impl Into<String>) -> Self {
        Self {
            secret_key,
            client_key: client_key.into(),
            base_url: TOSS_URL.to_owned(),
            methods: vec![TossMethod::Card, TossMethod::Transfer],
            limits: TossLimits::default(),
        }
    }

    /// Sets another URL of the API, such as that of a stub.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// Sets the offered payment methods, in this order.
    #[must_use]
    pub fn methods(mut self, methods: impl IntoIterator<Item = TossMethod>) -> Self {
        self.methods = methods.into_iter().collect();
        self
    }

    /// Sets the timeouts.
    #[must_use]
    pub fn limits(mut self, limits: TossLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Returns the base URL, if the settings are valid.
    pub(crate) fn checked_url(&self) -> Result<Url, TossSettingsError> {
        let secret = self.secret_key.expose_secret();
        if secret.is_empty() || secret.contains(|letter: char| !letter.is_ascii_graphic() || letter == ':') {
            return Err(TossSettingsError::SecretKey);
        }
        if self.methods.is_empty() {
            return Err(TossSettingsError::NoMethods);
        }
        let url = Url::parse(&self.base_url).map_err(|_| TossSettingsError::BaseUrl)?;
        let to_this_machine = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
        match url.scheme() {
            _ if url.cannot_be_a_base() || !url.username().is_empty() || url.password().is_some() => {
                Err(TossSettingsError::BaseUrl)
            }
            "https" => Ok(url),
            "http" if to_this_machine => Ok(url),
            "http" => Err(TossSettingsError::PlainHttp),
            _ => Err(TossSettingsError::BaseUrl),
        }
    }
}

/// Why a gateway cannot be created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TossSettingsError {
    /// The secret key is empty, or has a character that no key has.
    #[error("the secret key is not a key: write it without the colon and without spaces")]
    SecretKey,
    /// No payment method is offered.
    #[error("no way of paying is offered")]
    NoMethods,
    /// The URL cannot be parsed.
    #[error("the base URL is not one, such as https://api.tosspayments.com")]
    BaseUrl,
    /// The secret key would be sent unencrypted.
    #[error("the base URL must be https, except on this machine")]
    PlainHttp,
    /// No TLS provider is installed: a binary installs one of rustls's when it starts.
    #[error("no provider for TLS is installed: call `install_default` of one of rustls's providers first")]
    NoTlsProvider,
    /// This machine cannot make TLS connections, for example because root certificates are missing.
    #[error("no TLS connections can be made")]
    Tls(#[source] reqwest::Error),
}
