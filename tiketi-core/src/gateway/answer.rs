//! Answers of a payment gateway.

use std::time::Duration;

use crate::money::{Currency, Money};
use crate::payment::DepositAccount;
use crate::secret_digest::SecretDigest;
use crate::setters::setters;
use crate::time::Timestamp;

/// Whether a provider answered.
///
/// Only a missing answer opens a [`crate::gateway::Breaker`], and only an answer closes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of cases, which hosts act on")]
pub enum ProviderResponse {
    /// It answered; an unknown order or an unlisted code is an answer, too.
    Answered,
    /// It was asked and did not answer: no connection, a broken one, a timeout, a 5xx, an unreadable answer.
    NoAnswer,
    /// It was not asked.
    NotAsked,
}

/// Money that a provider captured.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Captured {
    /// The order as the provider names it; ours is the text of the payment's id.
    pub order: String,
    /// The provider's key for the payment.
    pub provider_key: String,
    /// The captured amount, before refunds.
    pub amount: Money,
    /// How much of it the provider has refunded.
    pub refunded: Money,
}

impl Captured {
    /// Makes a capture of `amount` of which nothing was refunded.
    pub fn kept(order: impl Into<String>, provider_key: impl Into<String>, amount: Money) -> Self {
        let refunded = Money::zero(amount.currency());
        Self { order: order.into(), provider_key: provider_key.into(), amount, refunded }
    }

    setters! {
        refunded: Money,
    }
}

/// A deposit that a provider waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DepositAsked {
    /// The account that the provider made, if it named one.
    pub account: Option<DepositAccount>,
    /// Until when the provider waits, if it said so.
    pub due: Option<Timestamp>,
    /// The secret with which the provider will prove that the deposit came, if it has one.
    pub secret: Option<SecretDigest>,
}

impl DepositAsked {
    setters! {
        account: impl Into<Option<DepositAccount>>,
        due: impl Into<Option<Timestamp>>,
        secret: impl Into<Option<SecretDigest>>,
    }
}

/// Answer of a provider to a request to take money.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfirmAnswer {
    /// The money was captured.
    Paid(Captured),
    /// No money was taken, and none will be.
    Declined {
        /// The provider's code.
        code: String,
    },
    /// The provider waits for the buyer or a bank; no money was taken yet.
    Pending,
    /// The provider made an account and waits for the buyer's deposit; no money was taken yet.
    Deposit(DepositAsked),
    /// The outcome is not known.
    Unknown {
        /// What happened, for logs and administrators.
        reason: String,
        /// Whether the provider answered the request itself; an inconclusive look-up after it does not count.
        response: ProviderResponse,
    },
}

/// Answer of a provider to a look-up of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LookupAnswer {
    /// The money was captured; a part or all of it may have been refunded since.
    Paid(Captured),
    /// No money was taken, and none will be.
    Declined {
        /// The provider's code.
        code: String,
    },
    /// Money may still be taken: the provider waits for the buyer, a bank, or our confirm.
    Pending,
    /// The provider waits for the buyer's deposit: for the first time, or again after a deposit was withdrawn.
    Deposit(DepositAsked),
    /// The provider knows no such order.
    NotFound,
    /// The outcome is not known.
    Unknown {
        /// What happened, for logs and administrators.
        reason: String,
        /// Whether the provider answered the request itself; an inconclusive look-up after it does not count.
        response: ProviderResponse,
    },
}

/// Answer of a provider to a request to refund money.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefundAnswer {
    /// The money is on its way to the buyer.
    Done,
    /// No money was refunded, and none will be.
    Refused {
        /// The provider's code.
        code: String,
    },
    /// The outcome is not known.
    Unknown {
        /// What happened, for logs and administrators.
        reason: String,
        /// Whether the provider answered the request itself; an inconclusive look-up after it does not count.
        response: ProviderResponse,
    },
}

/// Answer of a provider to a request to close a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum VoidAnswer {
    /// No money can be captured for it any more.
    Done,
    /// Money was captured before; it must be refunded instead.
    TooLate,
    /// The gateway does not support it; see [`crate::gateway::Capabilities::void`].
    Unsupported,
    /// The outcome is not known.
    Unknown {
        /// What happened, for logs and administrators.
        reason: String,
        /// Whether the provider answered the request itself; an inconclusive look-up after it does not count.
        response: ProviderResponse,
    },
}

impl ConfirmAnswer {
    /// Returns whether the provider answered.
    pub fn response(&self) -> ProviderResponse {
        match self {
            Self::Unknown { response, .. } => *response,
            Self::Paid(_) | Self::Declined { .. } | Self::Pending | Self::Deposit(_) => {
                ProviderResponse::Answered
            }
        }
    }
}

impl LookupAnswer {
    /// Returns whether the provider answered.
    pub fn response(&self) -> ProviderResponse {
        match self {
            Self::Unknown { response, .. } => *response,
            Self::Paid(_) | Self::Declined { .. } | Self::Pending | Self::Deposit(_) | Self::NotFound => {
                ProviderResponse::Answered
            }
        }
    }
}

impl RefundAnswer {
    /// Returns whether the provider answered.
    pub fn response(&self) -> ProviderResponse {
        match self {
            Self::Unknown { response, .. } => *response,
            Self::Done | Self::Refused { .. } => ProviderResponse::Answered,
        }
    }
}

impl VoidAnswer {
    /// Returns whether the provider answered.
    pub fn response(&self) -> ProviderResponse {
        match self {
            Self::Unknown { response, .. } => *response,
            Self::Done | Self::TooLate => ProviderResponse::Answered,
            Self::Unsupported => ProviderResponse::NotAsked,
        }
    }
}

/// A gateway cannot be called now; nothing took effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the payment gateway {gateway} cannot be reached")]
#[non_exhaustive]
pub struct GatewayUnavailable {
    /// The gateway's name.
    pub gateway: String,
    /// How long to wait before the next call.
    pub retry_after: Duration,
    /// Whether the provider answered before the gateway gave up.
    pub response: ProviderResponse,
}

impl GatewayUnavailable {
    /// Makes the error of a gateway that gave up.
    pub fn new(gateway: impl Into<String>, retry_after: Duration, response: ProviderResponse) -> Self {
        Self { gateway: gateway.into(), retry_after, response }
    }
}

/// Why a gateway rejects the form of an attempt to pay.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAccepted {
    /// The gateway does not take this currency.
    #[error("the payment gateway does not take {currency}")]
    Currency {
        /// The currency of the amount.
        currency: Currency,
        /// The currencies it takes.
        accepted: Vec<Currency>,
    },
    /// The gateway does not offer this payment method.
    #[error("the payment gateway does not offer this method")]
    Method {
        /// The methods it offers.
        offered: Vec<String>,
    },
    /// The buyer brought no key of the provider.
    #[error("the provider's key is missing")]
    KeyMissing,
    /// The text cannot be a key of the provider.
    #[error("this is not a key of the provider")]
    KeyMalformed,
}
