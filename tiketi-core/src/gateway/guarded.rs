//! A time limit for every call of a gateway, and a circuit breaker around them.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;

use crate::clock::{Clock, Timer};
use crate::gateway::{
    Attempt, Breaker, BreakerSettings, Capabilities, Checkout, CheckoutRequest, ConfirmAnswer,
    ConfirmRequest, GatewayUnavailable, Hint, LookupAnswer, LookupRequest, NotAccepted, PaymentGateway,
    PaymentMethod, ProviderResponse, RefundAnswer, RefundRequest, RefundsTo, VoidAnswer, VoidRequest,
    WebhookRefused, WebhookRequest,
};
use crate::id::BuyerId;
use crate::setters::setters;

/// Time limits of a gateway's calls, and settings of its circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct GuardSettings {
    /// Limit of a confirm, a refund or a void; 60 seconds by default.
    pub money_within: Duration,
    /// Limit of every other call; 5 seconds by default.
    pub question_within: Duration,
    /// When the breaker opens.
    pub breaker: BreakerSettings,
}

impl Default for GuardSettings {
    fn default() -> Self {
        Self {
            money_within: Duration::from_mins(1),
            question_within: Duration::from_secs(5),
            breaker: BreakerSettings::default(),
        }
    }
}

impl GuardSettings {
    setters! {
        money_within: Duration,
        question_within: Duration,
        breaker: BreakerSettings,
    }
}

/// Adds a time limit to every call of a gateway, and a circuit breaker.
///
/// The breaker answers only [`PaymentGateway::ready`]: what was committed is carried out even while the breaker is
/// open. A missing answer of the provider opens it, and any answer closes it. A call that did not ask the provider changes
/// nothing.
#[derive(Debug)]
pub struct Guarded {
    gateway: Arc<dyn PaymentGateway>,
    clock: Arc<dyn Clock>,
    timer: Arc<dyn Timer>,
    settings: GuardSettings,
    breaker: Mutex<Breaker>,
}

impl Guarded {
    /// Guards a gateway, with a clock and a timer of the same time.
    pub fn new(
        gateway: Arc<dyn PaymentGateway>,
        clock: Arc<dyn Clock>,
        timer: Arc<dyn Timer>,
        settings: GuardSettings,
    ) -> Self {
        Self { gateway, clock, timer, settings, breaker: Mutex::default() }
    }

    /// Returns the present state of the breaker.
    pub fn breaker(&self) -> Breaker {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for an answer until the limit, and records whether the provider answered.
    async fn ask<T>(
        &self,
        buyer: BuyerId,
        limit: Duration,
        answer: impl Future<Output = T> + Send,
        response: impl Fn(&T) -> ProviderResponse + Send,
        no_answer: impl FnOnce(String) -> T + Send,
    ) -> T {
        let limit_passed = self.timer.sleep(limit);
        let answer = first(answer, limit_passed).await;
        let answer = answer.unwrap_or_else(|| no_answer(format!("no answer within {limit:?}")));
        self.lock().record(response(&answer), buyer, self.clock.now(), self.settings.breaker);
        answer
    }
}

/// Returns the output of a future, unless the other one ends first.
async fn first<T>(wanted: impl Future<Output = T>, limit: impl Future<Output = ()>) -> Option<T> {
    let mut wanted = pin!(wanted);
    let mut limit = pin!(limit);
    poll_fn(|context| {
        if let Poll::Ready(output) = wanted.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        limit.as_mut().poll(context).map(|()| None)
    })
    .await
}

#[async_trait]
impl PaymentGateway for Guarded {
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
        self.gateway.ready()?;
        let admitted = self.lock().try_acquire(self.clock.now(), self.settings.breaker);
        admitted.map_err(|retry_after| GatewayUnavailable {
            gateway: self.name().to_owned(),
            retry_after,
            response: ProviderResponse::NotAsked,
        })
    }

    fn accepts(&self, attempt: Attempt<'_>) -> Result<(), NotAccepted> {
        self.gateway.accepts(attempt)
    }

    async fn checkout(&self, request: CheckoutRequest) -> Result<Checkout, GatewayUnavailable> {
        let (gateway, retry_after) = (self.name().to_owned(), self.settings.breaker.probe_every);
        let response = |answer: &Result<Checkout, GatewayUnavailable>| match answer {
            Ok(checkout) => checkout.response,
            Err(unavailable) => unavailable.response,
        };
        let no_answer =
            |_| Err(GatewayUnavailable { gateway, retry_after, response: ProviderResponse::NoAnswer });
        let (buyer, limit) = (request.buyer, self.settings.question_within);
        self.ask(buyer, limit, self.gateway.checkout(request), response, no_answer).await
    }

    async fn confirm(&self, request: ConfirmRequest) -> ConfirmAnswer {
        let no_answer = |reason| ConfirmAnswer::Unknown { reason, response: ProviderResponse::NoAnswer };
        let (buyer, limit) = (request.buyer, self.settings.money_within);
        self.ask(buyer, limit, self.gateway.confirm(request), ConfirmAnswer::response, no_answer).await
    }

    async fn lookup(&self, request: LookupRequest) -> LookupAnswer {
        let no_answer = |reason| LookupAnswer::Unknown { reason, response: ProviderResponse::NoAnswer };
        let (buyer, limit) = (request.buyer, self.settings.question_within);
        self.ask(buyer, limit, self.gateway.lookup(request), LookupAnswer::response, no_answer).await
    }

    async fn refund(&self, request: RefundRequest) -> RefundAnswer {
        let no_answer = |reason| RefundAnswer::Unknown { reason, response: ProviderResponse::NoAnswer };
        let (buyer, limit) = (request.buyer, self.settings.money_within);
        self.ask(buyer, limit, self.gateway.refund(request), RefundAnswer::response, no_answer).await
    }

    async fn void(&self, request: VoidRequest) -> VoidAnswer {
        let no_answer = |reason| VoidAnswer::Unknown { reason, response: ProviderResponse::NoAnswer };
        let (buyer, limit) = (request.buyer, self.settings.money_within);
        self.ask(buyer, limit, self.gateway.void(request), VoidAnswer::response, no_answer).await
    }

    async fn webhook(&self, request: WebhookRequest) -> Result<Hint, WebhookRefused> {
        // A webhook comes from outside: it does not show whether the provider answers.
        let limit = self.timer.sleep(self.settings.question_within);
        first(self.gateway.webhook(request), limit).await.unwrap_or(Err(WebhookRefused::Unavailable))
    }
}

#[cfg(test)]
mod tests;
