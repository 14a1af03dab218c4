//! Traces and measures every call of a payment gateway.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use tracing::Instrument;

use crate::clock::Clock;
use crate::gateway::{
    Attempt, Capabilities, Checkout, CheckoutRequest, ConfirmAnswer, ConfirmRequest, GatewayUnavailable,
    Hint, LookupAnswer, LookupRequest, NotAccepted, PaymentGateway, PaymentMethod, RefundAnswer,
    RefundRequest, RefundsTo, VoidAnswer, VoidRequest, WebhookRefused, WebhookRequest,
};
use crate::metrics::{GatewayCallMeasured, Metrics};

/// A gateway whose calls are traced, and measured if the shop has metrics.
#[derive(Debug)]
pub(super) struct ObservedGateway {
    gateway: Arc<dyn PaymentGateway>,
    clock: Arc<dyn Clock>,
    metrics: Option<Arc<dyn Metrics>>,
}

impl ObservedGateway {
    /// Observes the calls of a gateway, by a clock.
    pub(super) fn new(
        gateway: Arc<dyn PaymentGateway>,
        clock: Arc<dyn Clock>,
        metrics: Option<Arc<dyn Metrics>>,
    ) -> Self {
        Self { gateway, clock, metrics }
    }

    async fn observe<T>(
        &self,
        call: &'static str,
        answer: impl Future<Output = T> + Send,
        word: impl FnOnce(&T) -> &'static str + Send,
    ) -> T {
        let (gateway, began) = (self.name(), self.clock.now());
        let span = tracing::debug_span!("gateway_call", gateway, call);
        let answered = answer.instrument(span.clone()).await;
        let (answer, took) = (word(&answered), self.clock.now().since(began));
        tracing::debug!(parent: &span, answer, ?took, "the gateway answered");
        if let Some(metrics) = &self.metrics {
            metrics.gateway_call(&GatewayCallMeasured::new(gateway, call, answer, took));
        }
        answered
    }
}

#[async_trait]
impl PaymentGateway for ObservedGateway {
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
        let word = |answer: &Result<_, _>| if answer.is_ok() { "ok" } else { "unavailable" };
        self.observe("checkout", self.gateway.checkout(request), word).await
    }

    async fn confirm(&self, request: ConfirmRequest) -> ConfirmAnswer {
        let word = |answer: &ConfirmAnswer| match answer {
            ConfirmAnswer::Paid(_) => "paid",
            ConfirmAnswer::Declined { .. } => "declined",
            ConfirmAnswer::Pending => "pending",
            ConfirmAnswer::Deposit(_) => "deposit",
            ConfirmAnswer::Unknown { .. } => "unknown",
        };
        self.observe("confirm", self.gateway.confirm(request), word).await
    }

    async fn lookup(&self, request: LookupRequest) -> LookupAnswer {
        let word = |answer: &LookupAnswer| match answer {
            LookupAnswer::Paid(_) => "paid",
            LookupAnswer::Declined { .. } => "declined",
            LookupAnswer::Pending => "pending",
            LookupAnswer::Deposit(_) => "deposit",
            LookupAnswer::NotFound => "not_found",
            LookupAnswer::Unknown { .. } => "unknown",
        };
        self.observe("lookup", self.gateway.lookup(request), word).await
    }

    async fn refund(&self, request: RefundRequest) -> RefundAnswer {
        let word = |answer: &RefundAnswer| match answer {
            RefundAnswer::Done => "done",
            RefundAnswer::Refused { .. } => "refused",
            RefundAnswer::Unknown { .. } => "unknown",
        };
        self.observe("refund", self.gateway.refund(request), word).await
    }

    async fn void(&self, request: VoidRequest) -> VoidAnswer {
        let word = |answer: &VoidAnswer| match answer {
            VoidAnswer::Done => "done",
            VoidAnswer::TooLate => "too_late",
            VoidAnswer::Unsupported => "unsupported",
            VoidAnswer::Unknown { .. } => "unknown",
        };
        self.observe("void", self.gateway.void(request), word).await
    }

    async fn webhook(&self, request: WebhookRequest) -> Result<Hint, WebhookRefused> {
        let word = |answer: &Result<_, _>| if answer.is_ok() { "accepted" } else { "refused" };
        self.observe("webhook", self.gateway.webhook(request), word).await
    }
}
