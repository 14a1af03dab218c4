//! The provider's API: one request for each call, without retries, and without secrets in its results.

use reqwest::header::USER_AGENT;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, Url};
use rustls::crypto::CryptoProvider;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tiketi_core::gateway::ProviderResponse;

use crate::error_code::CodeClass;
use crate::settings::{TossLimits, TossSettings, TossSettingsError};
use crate::wire::{CancelBody, ConfirmBody, ErrorBody, Payment};

/// Most bytes of an answer; a payment with hundreds of cancels is smaller.
const MAX_ANSWER_BYTES: usize = 512 * 1024;
/// Longest payment key (source: TossPayments core API, confirm).
const MAX_KEY_CHARS: usize = 200;
/// Longest text that is accepted as an error code.
const MAX_CODE_CHARS: usize = 64;

/// Sends requests to the provider.
pub(crate) struct Api {
    client: Client,
    base: Url,
    secret_key: SecretString,
    limits: TossLimits,
}

/// Why a request returned no payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The provider refused, with this code.
    Code { status: u16, code: String },
    /// The provider gave no answer that can be read.
    Silence { reason: String },
    /// No request was sent.
    NotAsked { reason: &'static str },
}

impl Failure {
    fn silence(reason: impl Into<String>) -> Self {
        Self::Silence { reason: reason.into() }
    }

    /// Classifies the failure by what it says about the money.
    pub(crate) fn class(&self) -> CodeClass {
        match self {
            Self::Code { status, code } => CodeClass::of_answer(*status, code),
            Self::Silence { .. } | Self::NotAsked { .. } => CodeClass::Unknown,
        }
    }

    /// Returns the provider's error code, if there is one.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Code { code, .. } => Some(code),
            Self::Silence { .. } | Self::NotAsked { .. } => None,
        }
    }

    /// Returns whether the provider answered. A response of a broken or busy provider does not count, whatever it
    /// contains.
    pub(crate) fn response(&self) -> ProviderResponse {
        match self {
            Self::Code { status, .. } if *status >= 500 || *status == 429 => ProviderResponse::NoAnswer,
            Self::Code { .. } => ProviderResponse::Answered,
            Self::Silence { .. } => ProviderResponse::NoAnswer,
            Self::NotAsked { .. } => ProviderResponse::NotAsked,
        }
    }

    /// Describes the failure, for the log and for an administrator.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Code { status, code } => format!("{code}, with status {status}"),
            Self::Silence { reason } => reason.clone(),
            Self::NotAsked { reason } => (*reason).to_owned(),
        }
    }
}

/// The result of a lookup of an order.
#[derive(Debug)]
pub(crate) enum Found {
    /// The provider's own record of the order.
    Payment(Box<Payment>),
    /// The provider has no such order.
    Nothing,
    /// The provider did not answer the question.
    Unsaid(Failure),
}

impl Api {
    pub(crate) fn new(settings: &TossSettings) -> Result<Self, TossSettingsError> {
        let base = settings.checked_url()?;
        if CryptoProvider::get_default().is_none() {
            // Without a TLS provider, the HTTP client would panic.
            return Err(TossSettingsError::NoTlsProvider);
        }
        let client = Client::builder()
            .connect_timeout(settings.limits.connect)
            // A redirect would send a request that moves money a second time, to another address.
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .build()
            .map_err(TossSettingsError::Tls)?;
        Ok(Self { client, base, secret_key: settings.secret_key.clone(), limits: settings.limits })
    }

    /// Confirms a payment.
    pub(crate) async fn confirm(&self, key: &str, body: &ConfirmBody<'_>) -> Result<Payment, Failure> {
        self.post(&["confirm"], key, body).await
    }

    /// Refunds an amount.
    pub(crate) async fn cancel(
        &self,
        payment_key: &str,
        key: &str,
        body: &CancelBody<'_>,
    ) -> Result<Payment, Failure> {
        if !is_payment_key(payment_key) {
            return Err(Failure::NotAsked { reason: "no payment key of the provider's is known" });
        }
        self.post(&[payment_key, "cancel"], key, body).await
    }

    /// Finds the payment of an order, by its payment key or else by its order id.
    ///
    /// Keys come from browsers: a record of another order says nothing about this one. An order whose key has
    /// failed may have been paid with another key.
    pub(crate) async fn find(&self, order: &str, payment_key: Option<&str>) -> Found {
        let by_key = match payment_key.filter(|key| is_payment_key(key)) {
            Some(key) => self.found(order, &[key]).await,
            None => Found::Nothing,
        };
        match by_key {
            Found::Unsaid(_) => by_key,
            Found::Payment(ref payment) if payment.was_captured() => by_key,
            Found::Payment(_) => match self.found(order, &["orders", order]).await {
                Found::Payment(paid) if paid.was_captured() => Found::Payment(paid),
                Found::Unsaid(failure) => Found::Unsaid(failure),
                Found::Payment(_) | Found::Nothing => by_key,
            },
            Found::Nothing => self.found(order, &["orders", order]).await,
        }
    }

    async fn found(&self, order: &str, path: &[&str]) -> Found {
        let request = self.client.get(self.at(path)).timeout(self.limits.read);
        match self.send::<Payment>(request).await {
            Ok(payment) if payment.order_id == order => Found::Payment(Box::new(payment)),
            Ok(_) => Found::Nothing,
            Err(failure) if failure.class() == CodeClass::SessionGone => Found::Nothing,
            Err(failure) => Found::Unsaid(failure),
        }
    }

    async fn post(&self, path: &[&str], key: &str, body: &impl Serialize) -> Result<Payment, Failure> {
        let request = self.client.post(self.at(path)).timeout(self.limits.change);
        self.send(request.header("Idempotency-Key", key).json(body)).await
    }

    fn at(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["v1", "payments"]).extend(path);
        }
        url
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        // The password is empty; the provider requires the colon before it.
        let request = request.basic_auth(self.secret_key.expose_secret(), Some(""));
        let request = request.header(USER_AGENT, concat!("tiketi/", env!("CARGO_PKG_VERSION")));
        let answer = request.send().await.map_err(|error| silence(&error))?;
        let status = answer.status();
        let body = read(answer).await?;
        if status.is_success() {
            let unreadable = |_| Failure::silence("an answer that cannot be read");
            return serde_json::from_slice(&body).map_err(unreadable);
        }
        let status = status.as_u16();
        match serde_json::from_slice::<ErrorBody>(&body) {
            Ok(ErrorBody { code }) if is_code(&code) => Err(Failure::Code { status, code }),
            _ => Err(Failure::silence(format!("status {status} without a code"))),
        }
    }
}

/// Returns whether a text can be a payment key, which becomes a part of a URL.
pub(crate) fn is_payment_key(text: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '=');
    !text.is_empty() && text.len() <= MAX_KEY_CHARS && text.chars().all(allowed)
}

/// Returns whether a text can be an error code, which is logged and shown to buyers.
fn is_code(text: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    !text.is_empty() && text.len() <= MAX_CODE_CHARS && text.chars().all(allowed)
}

async fn read(mut answer: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| silence(&error))? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(Failure::silence("an answer too long to be one"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Describes how a request failed, without its address or content.
fn silence(error: &reqwest::Error) -> Failure {
    Failure::silence(if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_change_an_address_is_no_payment_key() {
        for text in ["", ".", "..", "a/b", "a?b", "a#b", "a%2Fb", "a b", "열쇠", &"k".repeat(201)] {
            assert!(!is_payment_key(text), "{text}");
        }
        for text in
            ["tgen_20261121_abc", "5EnNZRJGvaBX7zk2yd8ydw26XvwXkLrx9POLqKQjmAw4b0e1", &"k".repeat(200)]
        {
            assert!(is_payment_key(text), "{text}");
        }
    }

    #[test]
    fn only_a_readable_answer_of_a_working_provider_counts_as_answered() {
        let code = |status| Failure::Code { status, code: "NOT_FOUND_PAYMENT_SESSION".to_owned() };
        for status in [400, 401, 403, 404, 409] {
            assert_eq!(code(status).response(), ProviderResponse::Answered, "{status}");
        }
        for status in [429, 500, 502, 503] {
            assert_eq!(code(status).response(), ProviderResponse::NoAnswer, "{status}");
        }
        assert_eq!(Failure::silence("no connection").response(), ProviderResponse::NoAnswer);
        assert_eq!(Failure::NotAsked { reason: "no key" }.response(), ProviderResponse::NotAsked);
    }

    #[test]
    fn what_could_break_a_log_line_is_no_code() {
        assert!(is_code("PROVIDER_ERROR"));
        for text in ["", "A B", "A\nB", "<b>", &"A".repeat(65)] {
            assert!(!is_code(text), "{text}");
        }
    }
}
