//! Webhooks: messages that a provider sends to the shop.

use crate::id::PaymentId;
use crate::secret_digest::SecretDigest;
use crate::setters::setters;

/// A webhook as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookRequest {
    /// Its headers, in any case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl WebhookRequest {
    /// Makes a webhook from its headers and its body.
    pub const fn new(headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        Self { headers, body }
    }

    /// Returns the first header with this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// What a webhook names: a reason to ask the provider, never proof.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hint {
    /// Id of the delivery, equal each time the provider sends it again.
    pub delivery: String,
    /// The payment to ask about.
    pub payment: PaymentId,
    /// The provider's key for the payment, if it was named.
    pub provider_key: Option<String>,
    /// The secret that the webhook has as its proof, to be compared with that of the payment.
    pub secret: Option<SecretDigest>,
}

impl Hint {
    /// Makes a hint without a key of the provider.
    pub fn new(delivery: impl Into<String>, payment: PaymentId) -> Self {
        Self { delivery: delivery.into(), payment, provider_key: None, secret: None }
    }

    setters! {
        provider_key: impl Into<Option<String>>,
        secret: impl Into<Option<SecretDigest>>,
    }
}

/// Why a webhook is rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookRefused {
    /// It concerns no payment of this shop, or is of a kind that changes nothing; the provider need not repeat it.
    #[error("the webhook concerns no payment of this shop")]
    Irrelevant,
    /// It cannot be read.
    #[error("the webhook cannot be read: {reason}")]
    Malformed {
        /// What is wrong, without any content of the webhook.
        reason: String,
    },
    /// Its signature or secret is wrong.
    #[error("the webhook is not the provider's")]
    Forged,
    /// It cannot be checked now, because something it needs cannot be reached; the provider should send it again.
    #[error("the webhook cannot be checked now")]
    Unavailable,
}
