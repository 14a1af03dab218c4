//! What the gateway cases need: a gateway, and control of its provider.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use tiketi_core::{Money, PaymentGateway, PaymentId};

/// Opens a gateway on a provider with configurable answers.
///
/// The provider must be a stub: the cases are not for real money.
#[async_trait]
pub trait GatewayFactory: Debug + Send + Sync + 'static {
    /// Opens a gateway whose provider has captured nothing.
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

/// What cases do at a provider without the gateway.
#[async_trait]
pub trait Provider: Debug + Send + Sync + 'static {
    /// Does the buyer's part of the payment, and returns the provider's key for the confirm, if there is one.
    async fn authenticate(&self, payment: PaymentId, amount: Money) -> Option<String>;

    /// Declines the next confirm.
    async fn decline_next_confirm(&self);

    /// Captures the money of the next confirm, and loses the answer.
    async fn lose_next_confirm(&self);

    /// Refunds the money of the next refund, and loses the answer.
    async fn lose_next_refund(&self);

    /// Returns a key in the provider's form that no buyer ever got; `None` if the provider has no keys.
    async fn key_never_given(&self) -> Option<String>;

    /// Stops answering: from now on nothing is captured or refunded.
    async fn stop_answering(&self);

    /// Returns the captured minus the refunded amount of a payment, in minor units, according to the provider.
    async fn balance(&self, payment: PaymentId) -> i64;
}
