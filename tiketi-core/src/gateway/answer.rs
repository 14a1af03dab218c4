//! What a gateway answers.

use std::time::Duration;

use crate::money::{Currency, Money};
use crate::payment::DepositAccount;
use crate::time::Timestamp;

/// Whether a provider was heard.
///
/// A [`crate::gateway::Breaker`] opens by silence alone, and closes by an answer alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Heard {
    /// It answered, whatever it said: also that it does not know the order, or a code that is not listed.
    Answered,
    /// It was asked and did not answer: no connection, a broken one, a timeout, a 5xx, nothing that can be read.
    Silence,
    /// It was not asked.
    NotAsked,
}

/// Money that a provider says it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// The order it was taken for, as the provider names it; ours is the text of the payment's id.
    pub order: String,
    /// The provider's key for the money.
    pub provider_key: String,
    /// How much it took, refunded since or not.
    pub amount: Money,
    /// How much of that it has given back.
    pub refunded: Money,
}

impl Captured {
    /// Says that all of `amount` was taken for an order, and is kept.
    pub fn kept(order: impl Into<String>, provider_key: impl Into<String>, amount: Money) -> Self {
        let refunded = Money::zero(amount.currency());
        Self { order: order.into(), provider_key: provider_key.into(), amount, refunded }
    }
}

/// A deposit that a provider waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DepositAsked {
    /// The account it made for it, if it said.
    pub account: Option<DepositAccount>,
    /// Until when it waits, if it said.
    pub due: Option<Timestamp>,
}

/// What a provider said of a request to take money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmAnswer {
    /// It took the money.
    Paid(Captured),
    /// It did not and will not.
    Declined {
        /// The provider's code.
        code: String,
    },
    /// It waits for the buyer or a bank; nothing was taken yet.
    Pending,
    /// It made an account for the payment, and waits for the buyer's deposit; nothing was taken yet.
    Deposit(DepositAsked),
    /// It cannot be said whether it did.
    Unknown {
        /// What happened, for the log and for an administrator.
        reason: String,
        /// Whether the provider answered the request itself; a look-up after it that says nothing of use does not count.
        heard: Heard,
    },
}

/// What a provider said of a payment it was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupAnswer {
    /// It took the money; some or all of it may have gone back since.
    Paid(Captured),
    /// It did not and will not.
    Declined {
        /// The provider's code.
        code: String,
    },
    /// It may still take it: it waits for the buyer, for a bank, or for our confirm.
    Pending,
    /// It waits for the buyer's deposit: the first, or once more, if one was there and left again.
    Deposit(DepositAsked),
    /// It knows no such order.
    NotFound,
    /// It did not say.
    Unknown {
        /// What happened, for the log and for an administrator.
        reason: String,
        /// Whether the provider answered the request itself; a look-up after it that says nothing of use does not count.
        heard: Heard,
    },
}

/// What a provider said of a request to give money back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundAnswer {
    /// The money is on its way.
    Done,
    /// It did not and will not.
    Refused {
        /// The provider's code.
        code: String,
    },
    /// It cannot be said whether it did.
    Unknown {
        /// What happened, for the log and for an administrator.
        reason: String,
        /// Whether the provider answered the request itself; a look-up after it that says nothing of use does not count.
        heard: Heard,
    },
}

/// What a provider said of a request to give up a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VoidAnswer {
    /// No money can be taken for it any more.
    Done,
    /// Money was captured: refund it.
    TooLate,
    /// The gateway cannot; see [`crate::gateway::Capabilities::void`].
    Unsupported,
    /// It cannot be said.
    Unknown {
        /// What happened, for the log and for an administrator.
        reason: String,
        /// Whether the provider answered the request itself; a look-up after it that says nothing of use does not count.
        heard: Heard,
    },
}

impl ConfirmAnswer {
    /// Returns whether the provider answered.
    pub fn heard(&self) -> Heard {
        match self {
            Self::Unknown { heard, .. } => *heard,
            Self::Paid(_) | Self::Declined { .. } | Self::Pending | Self::Deposit(_) => Heard::Answered,
        }
    }
}

impl LookupAnswer {
    /// Returns whether the provider answered.
    pub fn heard(&self) -> Heard {
        match self {
            Self::Unknown { heard, .. } => *heard,
            Self::Paid(_) | Self::Declined { .. } | Self::Pending | Self::Deposit(_) | Self::NotFound => {
                Heard::Answered
            }
        }
    }
}

impl RefundAnswer {
    /// Returns whether the provider answered.
    pub fn heard(&self) -> Heard {
        match self {
            Self::Unknown { heard, .. } => *heard,
            Self::Done | Self::Refused { .. } => Heard::Answered,
        }
    }
}

impl VoidAnswer {
    /// Returns whether the provider answered.
    pub fn heard(&self) -> Heard {
        match self {
            Self::Unknown { heard, .. } => *heard,
            Self::Done | Self::TooLate => Heard::Answered,
            Self::Unsupported => Heard::NotAsked,
        }
    }
}

/// A gateway that cannot be asked now; nothing took effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the payment gateway {gateway} cannot be reached")]
pub struct GatewayUnavailable {
    /// The gateway's name.
    pub gateway: String,
    /// How long to wait before asking again.
    pub retry_after: Duration,
    /// Whether the provider answered before the gateway gave up.
    pub heard: Heard,
}

/// Why a gateway does not take an attempt to pay, by its form alone.
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
    /// The gateway does not offer this way of paying.
    #[error("the payment gateway does not offer this method")]
    Method {
        /// The methods it offers.
        offered: Vec<String>,
    },
    /// The buyer brought no key of the provider's.
    #[error("the provider's key is missing")]
    KeyMissing,
    /// The text cannot be a key of the provider's.
    #[error("this is no key of the provider's")]
    KeyMalformed,
}
