//! Payment gateways: adapters of payment providers.

mod answer;
mod breaker;
mod guarded;
mod request;
mod return_urls;
mod webhook;

pub use answer::{
    Captured, ConfirmAnswer, DepositAsked, GatewayUnavailable, LookupAnswer, NotAccepted, ProviderResponse,
    RefundAnswer, VoidAnswer,
};
pub use breaker::{Breaker, BreakerSettings};
pub use guarded::{GuardSettings, Guarded};
pub use request::{
    Attempt, AttemptStep, CheckoutRequest, ConfirmRequest, LookupRequest, RefundRequest, VoidRequest,
};
pub use return_urls::{InvalidReturnUrl, MAX_RETURN_URL_BYTES, ReturnUrls};
pub use webhook::{Hint, WebhookRefused, WebhookRequest};

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;

use crate::setters::setters;

/// The adapter of one payment provider.
///
/// With [`Confirms::Server`], no money moves before [`PaymentGateway::confirm`]. With [`Confirms::Browser`], money may
/// move at any time after [`PaymentGateway::checkout`], even after the hold has ended; such a gateway authorises in the
/// browser where it can, and captures in `confirm`.
///
/// The provider's order id is the text of the [`crate::PaymentId`].
///
/// # Contract
///
/// An answer states what is known and never guesses: `Declined`, `NotFound` and `Refused` only if the provider said so
/// in an answer that means it. A timeout, a broken connection, an unreadable answer or an unlisted code MUST be
/// `Unknown`, which also states whether the provider answered: [`ProviderResponse::NoAnswer`] for the first three,
/// [`ProviderResponse::Answered`] for the last, [`ProviderResponse::NotAsked`] if nothing was sent. Requests with the same payment or refund
/// id MUST have at most one effect. No text that an implementation returns may contain a secret.
#[async_trait]
pub trait PaymentGateway: Debug + Send + Sync + 'static {
    /// Returns the gateway's name.
    ///
    /// It is saved with every payment, and is a part of the webhook's address.
    fn name(&self) -> &str;

    /// Returns the payment methods that it offers.
    fn methods(&self) -> Vec<PaymentMethod>;

    /// Returns what the gateway can do.
    fn capabilities(&self) -> Capabilities;

    /// Returns where money paid by a method is refunded to.
    ///
    /// It answers for methods that are no longer offered, too.
    fn refunds_to(&self, method: &str) -> RefundsTo;

    /// Returns whether the gateway can be called now.
    ///
    /// # Contract
    ///
    /// MUST answer at once. It is called before an intent is committed, never after: an implementation that returns
    /// `Err` here MUST still carry out a `confirm` whose intent was committed before.
    fn ready(&self) -> Result<(), GatewayUnavailable>;

    /// Checks the form of an attempt, before anything is committed.
    ///
    /// It is called before an attempt is prepared, and again before it is confirmed. A rejected attempt is never
    /// committed as `Confirming`, so it cannot block seats while an outcome is awaited.
    ///
    /// # Contract
    ///
    /// MUST answer at once, without a network call. MUST reject a currency and a method that it does not take, and a
    /// key that its provider cannot have issued. MUST accept what a buyer brings back from the provider.
    ///
    /// # Errors
    ///
    /// [`NotAccepted`].
    fn accepts(&self, attempt: Attempt<'_>) -> Result<(), NotAccepted>;

    /// Returns what the buyer's browser needs to pay.
    ///
    /// # Contract
    ///
    /// Repeated for a payment, it MUST return the same checkout, or one that can take the money only once.
    ///
    /// # Cancel safety
    ///
    /// Safe: no money moves.
    async fn checkout(&self, request: CheckoutRequest) -> Result<Checkout, GatewayUnavailable>;

    /// Asks the provider to take the money.
    ///
    /// # Contract
    ///
    /// The answer MUST carry the order and the amount that the provider named, not those of the request.
    ///
    /// # Cancel safety
    ///
    /// A dropped future may have taken the money. The caller treats the outcome as unknown and looks it up.
    async fn confirm(&self, request: ConfirmRequest) -> ConfirmAnswer;

    /// Asks for the state of a payment; changes nothing.
    ///
    /// It asks by the provider's key, or by the order id if there is no key.
    ///
    /// # Contract
    ///
    /// `NotFound` MUST mean that the provider knows no such order, not that it could not be asked. The caller decides
    /// whether it is final: right after a confirm it may be temporary.
    ///
    /// # Cancel safety
    ///
    /// Safe.
    async fn lookup(&self, request: LookupRequest) -> LookupAnswer;

    /// Asks the provider to refund money.
    ///
    /// # Contract
    ///
    /// A repetition with the same refund id MUST return the first outcome: this is how an unknown outcome of a refund
    /// becomes known. If the provider's balance differs from [`RefundRequest::refundable`], nothing may be refunded a
    /// second time.
    ///
    /// # Cancel safety
    ///
    /// A dropped future may have refunded the money. The caller asks again with the same refund id.
    async fn refund(&self, request: RefundRequest) -> RefundAnswer;

    /// Closes a payment without captured money, so that none can be captured.
    ///
    /// # Contract
    ///
    /// MUST NOT refund captured money: the answer is then [`VoidAnswer::TooLate`].
    async fn void(&self, request: VoidRequest) -> VoidAnswer;

    /// Reads a webhook and returns the payment to ask the provider about.
    ///
    /// # Contract
    ///
    /// The caller uses only the names in the hint, and asks the provider. If the provider signs its webhooks or sends a
    /// secret with them, it MUST be compared in constant time. MUST answer within 5 seconds.
    async fn webhook(&self, request: WebhookRequest) -> Result<Hint, WebhookRefused>;
}

/// A payment method.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PaymentMethod {
    /// The id that clients send, such as `kakao_pay`.
    pub id: String,
    /// The name that buyers read.
    pub name: String,
}

impl PaymentMethod {
    /// Makes a method with its id and its name.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into() }
    }
}

/// What a gateway can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Who makes the money move.
    pub confirms: Confirms,
    /// Whether a part of the money can be refunded.
    pub partial_refunds: Support,
    /// Whether a payment without captured money can be closed at the provider.
    pub void: Support,
    /// Whether the buyer pays on a page of the provider; if so, one request cannot prepare and confirm.
    pub buyer_step: BuyerStep,
}

impl Capabilities {
    /// Makes the capabilities of a gateway that supports no partial refunds and no void.
    pub const fn new(confirms: Confirms, buyer_step: BuyerStep) -> Self {
        Self { confirms, partial_refunds: Support::No, void: Support::No, buyer_step }
    }

    setters! {
        partial_refunds: Support,
        void: Support,
    }
}

/// Who makes the money move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of cases, which hosts act on")]
pub enum Confirms {
    /// The server: no money moves before it calls `confirm`.
    Server,
    /// The buyer's browser: money may move before the server calls `confirm`, or without it.
    Browser,
}

/// Where money is refunded to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of cases, which hosts act on")]
pub enum RefundsTo {
    /// To where it came from.
    Source,
    /// To an account that the buyer must name.
    Account,
}

/// Whether a gateway supports a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of cases, which hosts act on")]
pub enum Support {
    /// It can.
    Yes,
    /// It cannot.
    No,
}

/// Whether the buyer must act at the provider before a confirm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of cases, which hosts act on")]
pub enum BuyerStep {
    /// The buyer pays at the provider and returns with its payment key.
    Needed,
    /// A confirm needs nothing more from the buyer.
    NotNeeded,
}

/// What a buyer's browser needs to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkout {
    /// The gateway's public key, if the browser needs one.
    pub client_key: Option<String>,
    /// Other parameters of the provider's script, by its own names; none is a secret to this buyer.
    pub parameters: BTreeMap<String, String>,
    /// Whether the provider was asked for it; [`ProviderResponse::NotAsked`] if the gateway made it alone.
    pub response: ProviderResponse,
}

impl Checkout {
    /// Makes a checkout without a key and parameters.
    pub const fn new(response: ProviderResponse) -> Self {
        Self { client_key: None, parameters: BTreeMap::new(), response }
    }

    /// Adds a parameter of the provider's script.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    setters! {
        client_key: impl Into<Option<String>>,
    }
}
