//! Requests to a payment gateway.

use std::time::Duration;

use crate::gateway::return_urls::ReturnUrls;
use crate::gateway::{NotAccepted, PaymentMethod};
use crate::id::{BuyerId, PaymentId, RefundId, ReservationId};
use crate::metadata::Metadata;
use crate::money::{Currency, Money};
use crate::refund_account::RefundAccount;
use crate::setters::setters;
use crate::terms::Terms;

/// Most bytes of a provider's key, for gateways whose provider states no limit.
const MAX_KEY_BYTES: usize = 255;

/// An attempt to pay, as far as a gateway can check it without its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt<'a> {
    /// The payment method.
    pub method: &'a str,
    /// The amount.
    pub amount: Money,
    /// The step that the attempt is about to take.
    pub step: AttemptStep<'a>,
}

/// The step that an attempt to pay is about to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a gateway checks each step")]
pub enum AttemptStep<'a> {
    /// The attempt is about to be prepared.
    Prepare,
    /// The attempt is about to be confirmed.
    Confirm {
        /// The provider's key for the payment, if the buyer brought one.
        provider_key: Option<&'a str>,
    },
}

impl<'a> Attempt<'a> {
    /// Makes an attempt for [`crate::PaymentGateway::accepts`].
    pub const fn new(method: &'a str, amount: Money, step: AttemptStep<'a>) -> Self {
        Self { method, amount, step }
    }

    /// Rejects a method that is not offered.
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

    /// Rejects a currency that is not accepted.
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

    /// Rejects a malformed key: empty, longer than 255 bytes, or not visible ASCII.
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
#[non_exhaustive]
pub struct CheckoutRequest {
    /// Id of the attempt; its text is the order id.
    pub payment: PaymentId,
    /// The buyer who pays.
    pub buyer: BuyerId,
    /// The reservation that is paid; `None` in a question about an attempt that the shop has no record of.
    pub reservation: Option<ReservationId>,
    /// The host's own data for the attempt.
    pub metadata: Metadata,
    /// The amount.
    pub amount: Money,
    /// The payment method.
    pub method: String,
    /// What the buyer reads on the provider's page, such as the event's title.
    pub order_name: String,
    /// How long a deposit will be awaited, if the method needs one.
    pub deposit_window: Duration,
    /// Where a provider that redirects the buyer sends the buyer back to, if the host named it.
    pub return_urls: Option<ReturnUrls>,
}

impl CheckoutRequest {
    /// Makes a request without an order name, with the default [`Terms::deposit_window`].
    pub fn new(payment: PaymentId, buyer: BuyerId, amount: Money, method: impl Into<String>) -> Self {
        Self {
            payment,
            buyer,
            reservation: None,
            metadata: Metadata::EMPTY,
            amount,
            method: method.into(),
            order_name: String::new(),
            deposit_window: Terms::default().deposit_window,
            return_urls: None,
        }
    }

    setters! {
        reservation: impl Into<Option<ReservationId>>,
        metadata: Metadata,
        order_name: impl Into<String>,
        deposit_window: Duration,
        return_urls: impl Into<Option<ReturnUrls>>,
    }
}

/// A request to take money.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfirmRequest {
    /// Id of the attempt; the provider deduplicates by it, and its text is the order id.
    pub payment: PaymentId,
    /// The buyer who pays.
    pub buyer: BuyerId,
    /// The reservation that is paid; `None` in a question about an attempt that the shop has no record of.
    pub reservation: Option<ReservationId>,
    /// The host's own data for the attempt.
    pub metadata: Metadata,
    /// The amount.
    pub amount: Money,
    /// The payment method.
    pub method: String,
    /// The provider's key for the payment, if the buyer brought one.
    pub provider_key: Option<String>,
}

impl ConfirmRequest {
    /// Makes a request without a key of the provider.
    pub fn new(payment: PaymentId, buyer: BuyerId, amount: Money, method: impl Into<String>) -> Self {
        let (reservation, metadata, method) = (None, Metadata::EMPTY, method.into());
        Self { payment, buyer, reservation, metadata, amount, method, provider_key: None }
    }

    setters! {
        reservation: impl Into<Option<ReservationId>>,
        metadata: Metadata,
        amount: Money,
        provider_key: impl Into<Option<String>>,
    }
}

/// A question about the state of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LookupRequest {
    /// Id of the attempt; its text is the order id.
    pub payment: PaymentId,
    /// The buyer who pays.
    pub buyer: BuyerId,
    /// The reservation that is paid; `None` in a question about an attempt that the shop has no record of.
    pub reservation: Option<ReservationId>,
    /// The host's own data for the attempt.
    pub metadata: Metadata,
    /// The provider's key for the payment, if known.
    pub provider_key: Option<String>,
    /// The amount of the attempt, for providers that do not state the currency.
    pub amount: Money,
}

impl LookupRequest {
    /// Makes a question by the order id.
    pub const fn new(payment: PaymentId, buyer: BuyerId, amount: Money) -> Self {
        Self { payment, buyer, reservation: None, metadata: Metadata::EMPTY, provider_key: None, amount }
    }

    setters! {
        reservation: impl Into<Option<ReservationId>>,
        metadata: Metadata,
        provider_key: impl Into<Option<String>>,
    }
}

/// A request to refund money.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefundRequest {
    /// The payment.
    pub payment: PaymentId,
    /// The buyer who paid.
    pub buyer: BuyerId,
    /// The reservation that is paid; `None` in a question about an attempt that the shop has no record of.
    pub reservation: Option<ReservationId>,
    /// The host's own data for the attempt.
    pub metadata: Metadata,
    /// The provider's key for the payment.
    pub provider_key: String,
    /// Id of the refund; the provider deduplicates by it.
    pub refund: RefundId,
    /// The amount to refund.
    pub amount: Money,
    /// The captured amount that was not refunded before this refund.
    pub refundable: Money,
    /// The reason, in words that the provider and the buyer may read.
    pub reason: String,
    /// The buyer's account, if named; needed where [`crate::PaymentGateway::refunds_to`] says so.
    pub account: Option<RefundAccount>,
}

impl RefundRequest {
    /// Makes a request to refund all that is left of a payment, without a reason.
    pub fn new(
        payment: PaymentId,
        buyer: BuyerId,
        provider_key: impl Into<String>,
        refund: RefundId,
        amount: Money,
    ) -> Self {
        Self {
            payment,
            buyer,
            reservation: None,
            metadata: Metadata::EMPTY,
            provider_key: provider_key.into(),
            refund,
            amount,
            refundable: amount,
            reason: String::new(),
            account: None,
        }
    }

    setters! {
        reservation: impl Into<Option<ReservationId>>,
        metadata: Metadata,
        provider_key: impl Into<String>,
        amount: Money,
        refundable: Money,
        reason: impl Into<String>,
        account: impl Into<Option<RefundAccount>>,
    }
}

/// A request to close a payment without captured money.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VoidRequest {
    /// Id of the attempt; its text is the order id.
    pub payment: PaymentId,
    /// The buyer who pays.
    pub buyer: BuyerId,
    /// The reservation that is paid; `None` in a question about an attempt that the shop has no record of.
    pub reservation: Option<ReservationId>,
    /// The host's own data for the attempt.
    pub metadata: Metadata,
    /// The provider's key for the payment, if known.
    pub provider_key: Option<String>,
    /// How often the provider was asked before; one that repeats its errors per key is asked under another key.
    pub tries: u32,
}

impl VoidRequest {
    /// Makes a first request by the order id.
    pub const fn new(payment: PaymentId, buyer: BuyerId) -> Self {
        Self { payment, buyer, reservation: None, metadata: Metadata::EMPTY, provider_key: None, tries: 0 }
    }

    setters! {
        reservation: impl Into<Option<ReservationId>>,
        metadata: Metadata,
        provider_key: impl Into<Option<String>>,
        tries: u32,
    }
}
