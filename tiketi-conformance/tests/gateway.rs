//! Runs every gateway case on the in-memory gateway.

use std::sync::Arc;

use tiketi_conformance::{FreshGateway, GatewayFactory, Provider, async_trait};
use tiketi_core::memory::{ConfirmFault, RefundFault, TestGateway};
use tiketi_core::{Money, PaymentGateway, PaymentId, gateway::ConfirmAnswer};

#[derive(Debug)]
struct Memory;

#[derive(Debug)]
struct Books(Arc<TestGateway>);

#[async_trait]
impl GatewayFactory for Memory {
    async fn fresh(&self) -> FreshGateway {
        let gateway = Arc::new(TestGateway::default());
        let provider = Arc::new(Books(Arc::clone(&gateway)));
        FreshGateway::new(gateway as Arc<dyn PaymentGateway>, provider)
    }
}

#[async_trait]
impl Provider for Books {
    async fn authenticate(&self, _: PaymentId, _: Money) -> Option<String> {
        None
    }

    async fn decline_next_confirm(&self) {
        self.0.answer_next_confirm(ConfirmAnswer::Declined { code: "CARD_EXPIRED".to_owned() });
    }

    async fn lose_next_confirm(&self) {
        self.0.fail_next_confirm(ConfirmFault::LoseAnswer);
    }

    async fn lose_next_refund(&self) {
        self.0.fail_next_refund(RefundFault::LoseAnswer);
    }

    async fn key_never_given(&self) -> Option<String> {
        None
    }

    async fn stop_answering(&self) {
        self.0.set_unanswering(true);
    }

    async fn balance(&self, payment: PaymentId) -> i64 {
        self.0.balance(payment)
    }
}

tiketi_conformance::gateway_cases!(crate::Memory);
