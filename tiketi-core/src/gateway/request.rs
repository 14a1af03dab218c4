//! What a gateway is asked.

use std::time::Duration;

use crate::id::{PaymentId, RefundId};
use crate::money::Money;
use crate::refund_account::RefundAccount;

/// A request for what a browser needs to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutRequest {
    /// The attempt; its text is the order id.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// The way of paying.
    pub method: String,
    /// What the buyer reads on the provider's page, such as the event's title.
    pub order_name: String,
    /// How long a deposit will be waited for, if the method wants one.
    pub deposit_window: Duration,
}

/// A request to take money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmRequest {
    /// The attempt; the provider deduplicates by it, and its text is the order id.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// The way of paying.
    pub method: String,
    /// The provider's key for the money, if the buyer brought one.
    pub provider_key: Option<String>,
}

/// A question about what became of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupRequest {
    /// The attempt; its text is the order id.
    pub payment: PaymentId,
    /// The provider's key for the money, if known.
    pub provider_key: Option<String>,
    /// What we asked for, for providers that do not say the currency.
    pub amount: Money,
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
    /// What was taken and not given back, before this refund.
    pub refundable: Money,
    /// Why, in words the provider and the buyer may read.
    pub reason: String,
    /// Where to, if the buyer named an account; wanted where [`crate::PaymentGateway::refunds_to`] says so.
    pub account: Option<RefundAccount>,
}

/// A request to give up a payment for which no money was captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoidRequest {
    /// The attempt; its text is the order id.
    pub payment: PaymentId,
    /// The provider's key for the money, if known.
    pub provider_key: Option<String>,
    /// How often it was asked for anything before; a provider that repeats its errors is asked under another name.
    pub tries: u32,
}
