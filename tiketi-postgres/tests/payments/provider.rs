//! A provider that counts its requests.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use tiketi_core::memory::TestGateway;
use tiketi_core::{
    PaymentGateway,
    gateway::{
        Attempt, Capabilities, Checkout, CheckoutRequest, ConfirmAnswer, ConfirmRequest, GatewayUnavailable,
        Hint, LookupAnswer, LookupRequest, NotAccepted, PaymentMethod, RefundAnswer, RefundRequest,
        RefundsTo, VoidAnswer, VoidRequest, WebhookRefused, WebhookRequest,
    },
};

/// The provider of all servers.
#[derive(Debug, Default)]
pub(crate) struct Provider {
    pub(crate) gateway: TestGateway,
    confirms: AtomicUsize,
    lookups: AtomicUsize,
    refunds: AtomicUsize,
}

impl Provider {
    /// Returns how many confirms the provider received.
    pub(crate) fn confirms(&self) -> usize {
        self.confirms.load(Ordering::SeqCst)
    }

    /// How many lookups the provider received.
    pub(crate) fn lookups(&self) -> usize {
        self.lookups.load(Ordering::SeqCst)
    }

    /// Returns how many refunds the provider received.
    pub(crate) fn refunds(&self) -> usize {
        self.refunds.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl PaymentGateway for Provider {
    fn name(&self) -> &str {
        self.gateway.name()
    }

    fn methods(&self) -> Vec<PaymentMethod> {
        self.gateway.methods()
    }

    fn capabilities(&self) -> Capabilities {
        self.gateway.capabilities()
    }

    fn refunds_to(&self, method: &str) -> RefundsTo {
        self.gateway.refunds_to(method)
    }

    fn ready(&self) -> Result<(), GatewayUnavailable> {
        self.gateway.ready()
    }

    fn accepts(&self, attempt: Attempt<'_>) -> Result<(), NotAccepted> {
        self.gateway.accepts(attempt)
    }

    async fn checkout(&self, request: CheckoutRequest) -> Result<Checkout, GatewayUnavailable> {
        self.gateway.checkout(request).await
    }

    async fn confirm(&self, request: ConfirmRequest) -> ConfirmAnswer {
        self.confirms.fetch_add(1, Ordering::SeqCst);
        self.gateway.confirm(request).await
    }

    async fn lookup(&self, request: LookupRequest) -> LookupAnswer {
        self.lookups.fetch_add(1, Ordering::SeqCst);
        self.gateway.lookup(request).await
    }

    async fn refund(&self, request: RefundRequest) -> RefundAnswer {
        self.refunds.fetch_add(1, Ordering::SeqCst);
        self.gateway.refund(request).await
    }

    async fn void(&self, request: VoidRequest) -> VoidAnswer {
        self.gateway.void(request).await
    }

    async fn webhook(&self, request: WebhookRequest) -> Result<Hint, WebhookRefused> {
        self.gateway.webhook(request).await
    }
}
