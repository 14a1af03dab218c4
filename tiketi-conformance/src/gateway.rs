//! What a payment gateway brings to be tested: itself, and a hand in its provider.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use tiketi_core::{Money, PaymentGateway, PaymentId};

/// Opens a gateway over a provider with configurable answers.
///
/// The provider is a stub: no case is meant for real money.
#[async_trait]
pub trait GatewayFactory: Debug + Send + Sync + 'static {
    /// Opens a gateway whose provider has taken no money.
    async fn fresh(&self) -> FreshGateway;
}

/// A gateway, and its provider.
#[derive(Debug)]
#[non_exhaustive]
pub struct FreshGateway {
    /// The gateway under test.
    pub gateway: Arc<dyn PaymentGateway>,
    /// Its provider.
    pub provider: Arc<dyn Provider>,
}

impl FreshGateway {
    /// Pairs a gateway with its provider.
    pub fn new(gateway: Arc<dyn PaymentGateway>, provider: Arc<dyn Provider>) -> Self {
        Self { gateway, provider }
    }
}

/// What cases do at a provider, beside the gateway.
#[async_trait]
pub trait Provider: Debug + Send + Sync + 'static {
    /// Does the buyer's own step, and returns the provider's key to confirm with, if there is one.
    async fn authenticate(&self, payment: PaymentId, amount: Money) -> Option<String>;

    /// Declines the next confirm.
    async fn decline_next_confirm(&self);

    /// Takes the money of the next confirm, and loses the answer.
    async fn lose_next_confirm(&self);

    /// Gives the money of the next refund back, and loses the answer.
    async fn lose_next_refund(&self);

    /// Returns a key that has the form of the provider's and was never given to a buyer; `None` if it gives no keys.
    async fn key_never_given(&self) -> Option<String>;

    /// Answers nothing from now on, and takes and gives back nothing.
    async fn fall_silent(&self);

    /// Returns what was taken and not given back for a payment, in minor units, by the provider's own books.
    async fn balance(&self, payment: PaymentId) -> i64;
}
