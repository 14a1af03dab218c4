//! What a gateway is asked.

use std::time::Duration;

use crate::gateway::{NotAccepted, PaymentMethod};
use crate::id::{BuyerId, PaymentId, RefundId};
use crate::money::{Currency, Money};
use crate::refund_account::RefundAccount;

/// Most bytes of a provider's key, for gateways whose provider states no limit.
const MAX_KEY_BYTES: usize = 255;

/// An attempt to pay, as far as a gateway can judge it without asking its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt<'a> {
    /// The way of paying.
    pub method: &'a str,
    /// How much.
    pub amount: Money,
    /// How far the attempt is.
    pub step: AttemptStep<'a>,
}

/// How far an attempt to pay is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptStep<'a> {
    /// It is about to be prepared.
    Prepare,
    /// It is about to be confirmed.
    Confirm {
        /// The provider's key for the money, if the buyer brought one.
        provider_key: Option<&'a str>,
    },
}

impl Attempt<'_> {
    /// Refuses a method that is not among these.
    ///
    /// # Errors
    ///
    /// [`NotAccepted::Method`].
    pub fn check_method(&self, offered: &[PaymentMethod]) -> Result<(), NotAccepted> {
        if offered.iter().any(|method| method.id == self.method) {
            return Ok(());
        }
        Err(NotAccepted::Method { offered: offered.iter().map(|method| method.id.clone()).collect() })
    }

    /// Refuses an amount in a currency that is not among these.
    ///
    /// # Errors
    ///
    /// [`NotAccepted::Currency`].
    pub fn check_currency(&self, accepted: &[Currency]) -> Result<(), NotAccepted> {
        let currency = self.amount.currency();
        if accepted.contains(&currency) {
            return Ok(());
        }
        Err(NotAccepted::Currency { currency, accepted: accepted.to_vec() })
    }

    /// Refuses a provider's key that no provider gives: empty, longer than 255 bytes, or not visible ASCII.
    ///
    /// # Errors
    ///
    /// [`NotAccepted::KeyMalformed`].
    pub fn check_key(&self) -> Result<(), NotAccepted> {
        let AttemptStep::Confirm { provider_key: Some(key) } = self.step else { return Ok(()) };
        let is_visible = key.bytes().all(|byte| byte.is_ascii_graphic());
        if key.is_empty() || key.len() > MAX_KEY_BYTES || !is_visible {
            return Err(NotAccepted::KeyMalformed);
        }
        Ok(())
    }
}

/// A request for what a browser needs to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutRequest {
    /// The attempt; its text is the order id.
    pub payment: PaymentId,
    /// Who pays.
    pub buyer: BuyerId,
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
    /// Who pays.
    pub buyer: BuyerId,
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
    /// Who pays.
    pub buyer: BuyerId,
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
    /// Who paid.
    pub buyer: BuyerId,
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
    /// Who pays.
    pub buyer: BuyerId,
    /// The provider's key for the money, if known.
    pub provider_key: Option<String>,
    /// How often it was asked for anything before; a provider that repeats its errors is asked under another name.
    pub tries: u32,
}
