//! What providers tell us unasked.

use crate::id::PaymentId;

/// A webhook as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRequest {
    /// Its headers, in any case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl WebhookRequest {
    /// Returns the first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// A provider's word that something happened to a payment: reason enough to ask, never to believe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Names the delivery, the same each time the provider sends it again.
    pub delivery: String,
    /// Which payment to ask about.
    pub payment: PaymentId,
    /// The provider's key for its money, if it was named.
    pub provider_key: Option<String>,
}

/// Why a webhook is not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookRefused {
    /// It is about nothing of ours, or of a kind that changes nothing; the provider need not repeat it.
    #[error("the webhook is about nothing of ours")]
    Irrelevant,
    /// It cannot be read.
    #[error("the webhook cannot be read: {reason}")]
    Malformed {
        /// What is wrong, without any of its content.
        reason: String,
    },
    /// Its signature or secret is wrong.
    #[error("the webhook is not the provider's")]
    Forged,
    /// What it takes to read it cannot be reached; the provider shall send it again.
    #[error("the webhook cannot be checked now")]
    Unavailable,
}
