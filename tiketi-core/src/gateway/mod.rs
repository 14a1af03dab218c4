//! Payment gateways: what takes the money and gives it back.

mod answer;
mod breaker;
mod guarded;
mod request;
mod webhook;

pub use answer::{
    Captured, ConfirmAnswer, DepositAsked, GatewayUnavailable, Heard, LookupAnswer, NotAccepted,
    RefundAnswer, VoidAnswer,
};
pub use breaker::{Breaker, BreakerSettings};
pub use guarded::{GuardSettings, Guarded};
pub use request::{
    Attempt, AttemptStep, CheckoutRequest, ConfirmRequest, LookupRequest, RefundRequest, VoidRequest,
};
pub use webhook::{Hint, WebhookRefused, WebhookRequest};

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;

/// A payment provider, whether the server or the buyer's browser makes the money move.
///
/// With a provider of the first kind ([`Confirms::Server`]) no money moves before
/// [`PaymentGateway::confirm`]. With one of the second ([`Confirms::Browser`]) it may move at any time after
/// [`PaymentGateway::checkout`], also after a hold has ended; such a gateway authorises in the browser where
/// it can, and captures in `confirm`.
///
/// The provider's order id is the text of the [`crate::PaymentId`].
///
/// # Contract
///
/// An answer says what is known, never what is guessed: `Declined`, `NotFound` and `Refused` only when the
/// provider said so in words that mean it. A timeout, a broken connection, an unreadable answer or an
/// unlisted code MUST be `Unknown`, which also says whether the provider was heard: [`Heard::Silence`] for the first three,
/// [`Heard::Answered`] for the last, [`Heard::NotAsked`] where nothing was sent. Requests with the same payment or refund id MUST have at most one
/// effect. No text an implementation returns may hold a secret.
#[async_trait]
pub trait PaymentGateway: Debug + Send + Sync + 'static {
    /// Returns the gateway's name, kept with every payment; part of the webhook's address.
    fn name(&self) -> &str;

    /// Returns the ways of paying it offers.
    fn methods(&self) -> Vec<PaymentMethod>;

    /// Returns what it can do.
    fn capabilities(&self) -> Capabilities;

    /// Tells where money paid in this way goes back to, whether the way is still offered or not.
    fn refunds_to(&self, method: &str) -> RefundsTo;

    /// Tells whether it may be asked for anything now.
    ///
    /// # Contract
    ///
    /// MUST answer at once. It is asked before an intent is committed, never after: an implementation that
    /// answers `Err` here MUST still carry out a `confirm` whose intent was committed before.
    fn ready(&self) -> Result<(), GatewayUnavailable>;

    /// Judges an attempt by its form alone, before anything is committed.
    ///
    /// It is called before an attempt is prepared, and again before it is confirmed. What is refused here never holds
    /// seats as an attempt whose money may be moving.
    ///
    /// # Contract
    ///
    /// MUST answer at once, and ask nobody. MUST refuse a currency and a method that it does not take, and a key that its
    /// provider cannot have given. MUST accept what a buyer brings back from the provider.
    ///
    /// # Errors
    ///
    /// [`NotAccepted`].
    fn accepts(&self, attempt: Attempt<'_>) -> Result<(), NotAccepted>;

    /// Returns what the buyer's browser needs to pay.
    ///
    /// # Contract
    ///
    /// Repeated for a payment, it MUST answer the same checkout, or one that can take the money but once.
    ///
    /// # Cancel safety
    ///
    /// Safe: no money moves.
    async fn checkout(&self, request: CheckoutRequest) -> Result<Checkout, GatewayUnavailable>;

    /// Takes the money.
    ///
    /// # Contract
    ///
    /// The answer MUST name the order and the amount the provider named, not those of the request.
    ///
    /// # Cancel safety
    ///
    /// A dropped future may have taken the money. The caller takes it for unknown, and looks it up.
    async fn confirm(&self, request: ConfirmRequest) -> ConfirmAnswer;

    /// Asks what became of a payment, by the provider's key or else by the order id; changes nothing.
    ///
    /// # Contract
    ///
    /// `NotFound` MUST mean that the provider knows no such order, not that it could not be asked. Whether
    /// that is final is the caller's to say: it may be passing right after a confirm.
    ///
    /// # Cancel safety
    ///
    /// Safe.
    async fn lookup(&self, request: LookupRequest) -> LookupAnswer;

    /// Gives money back.
    ///
    /// # Contract
    ///
    /// A repetition under the same refund id MUST answer what the first came to: it is how a refund
    /// whose outcome is unknown becomes known. If the provider's balance is not
    /// [`RefundRequest::refundable`], nothing may be given back a second time.
    ///
    /// # Cancel safety
    ///
    /// A dropped future may have given the money back. The caller asks again under the same refund id.
    async fn refund(&self, request: RefundRequest) -> RefundAnswer;

    /// Gives up a payment for which no money was captured, so that none can be from then on.
    ///
    /// # Contract
    ///
    /// MUST NOT give captured money back: that is [`VoidAnswer::TooLate`].
    async fn void(&self, request: VoidRequest) -> VoidAnswer;

    /// Reads a webhook: which payment to ask about.
    ///
    /// # Contract
    ///
    /// The caller believes nothing but the names in the hint, and asks the provider. Where the provider
    /// signs or carries a secret, it MUST be compared in constant time. MUST answer within 5 seconds.
    async fn webhook(&self, request: WebhookRequest) -> Result<Hint, WebhookRefused>;
}

/// A way of paying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentMethod {
    /// What clients send, such as `kakao_pay`.
    pub id: String,
    /// What buyers read.
    pub name: String,
}

/// What a gateway can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Who makes the money move.
    pub confirms: Confirms,
    /// Whether a part of the money can go back.
    pub partial_refunds: Support,
    /// Whether a payment without captured money can be given up at the provider.
    pub void: Support,
    /// Whether the buyer pays on a page of the provider, so that one step without it cannot pay.
    pub buyer_step: BuyerStep,
}

/// Who makes the money move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Confirms {
    /// The server: no money moves before it asks.
    Server,
    /// The buyer's browser: money may have moved before the server asks, or without its asking.
    Browser,
}

/// Where money goes back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundsTo {
    /// Where it came from.
    Source,
    /// To an account that the buyer has to name.
    Account,
}

/// Whether a gateway can do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Support {
    /// It can.
    Yes,
    /// It cannot.
    No,
}

/// Whether the buyer has to do something at the provider before a confirm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BuyerStep {
    /// The buyer goes to the provider, and comes back with its key.
    Needed,
    /// A confirm needs nothing more from the buyer.
    NotNeeded,
}

/// What a buyer's browser needs to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// The gateway's public key, if the browser needs one.
    pub client_key: Option<String>,
    /// What else the provider's script wants, by its own names; nothing secret from this buyer.
    pub parameters: BTreeMap<String, String>,
    /// Whether the provider was asked for it: [`Heard::NotAsked`] if the gateway made it by itself.
    pub heard: Heard,
}
