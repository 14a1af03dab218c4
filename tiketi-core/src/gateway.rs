//! Payment gateways: what takes the money and gives it back.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::id::{PaymentId, RefundId};
use crate::money::Money;

/// A payment provider that takes money when the server asks for it.
///
/// # Contract
///
/// An answer says what is known, never what is guessed: [`ConfirmAnswer::Declined`] and
/// [`RefundAnswer::Refused`] only when the provider said so in words that mean it. A timeout, a broken
/// connection or an unlisted code is `Unknown`. Requests with the same payment or refund id MUST have
/// at most one effect.
#[async_trait]
pub trait PaymentGateway: Debug + Send + Sync + 'static {
    /// Returns the gateway's name, kept with every payment.
    fn name(&self) -> &str;

    /// Returns the ways of paying it offers.
    fn methods(&self) -> Vec<PaymentMethod>;

    /// Takes the money.
    ///
    /// # Cancel safety
    ///
    /// None: a dropped future may have taken the money. Callers run it to its end.
    async fn confirm(&self, request: ConfirmRequest) -> ConfirmAnswer;

    /// Gives money back.
    ///
    /// # Cancel safety
    ///
    /// None: a dropped future may have given the money back. Callers run it to its end.
    async fn refund(&self, request: RefundRequest) -> RefundAnswer;
}

/// A way of paying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentMethod {
    /// What clients send, such as `kakao_pay`.
    pub id: String,
    /// What buyers read.
    pub name: String,
}

/// A request to take money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmRequest {
    /// The attempt; the provider deduplicates by it.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// The way of paying.
    pub method: String,
    /// The provider's key for the money, if the buyer brought one.
    pub provider_key: Option<String>,
}

/// What a provider said of a request to take money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmAnswer {
    /// It took the money.
    Paid {
        /// The provider's key for the money.
        provider_key: String,
        /// How much it took.
        amount: Money,
    },
    /// It did not and will not.
    Declined {
        /// The provider's code.
        code: String,
    },
    /// It cannot be said whether it did.
    Unknown {
        /// What happened, for the log.
        reason: String,
    },
}

/// A request to give money back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRequest {
    /// The payment the money came with.
    pub payment: PaymentId,
    /// The provider's key for the money.
    pub provider_key: String,
    /// The refund; the provider deduplicates by it.
    pub refund: RefundId,
    /// How much.
    pub amount: Money,
    /// Why, in words the provider and the buyer may read.
    pub reason: String,
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
        /// What happened, for the log.
        reason: String,
    },
}
