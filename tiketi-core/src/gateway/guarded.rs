//! A time limit for every call of a gateway, and a circuit breaker around them all.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;

use crate::clock::{Clock, Timer};
use crate::gateway::{
    Asked, Breaker, BreakerSettings, Capabilities, Checkout, CheckoutRequest, ConfirmAnswer, ConfirmRequest,
    GatewayUnavailable, Hint, LookupAnswer, LookupRequest, PaymentGateway, PaymentMethod, RefundAnswer,
    RefundRequest, RefundsTo, VoidAnswer, VoidRequest, WebhookRefused, WebhookRequest,
};

/// How long a provider may take, and when it is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardSettings {
    /// For a confirm, a refund or a void; 60 seconds by default.
    pub money_within: Duration,
    /// For everything else; 5 seconds by default.
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

/// Any gateway, with a time limit on every call, and a circuit breaker.
///
/// The breaker answers [`PaymentGateway::ready`] and nothing else: what was committed is carried out however
/// the provider fares, and what comes of it moves the breaker.
#[derive(Debug)]
pub struct Guarded {
    gateway: Arc<dyn PaymentGateway>,
    clock: Arc<dyn Clock>,
    timer: Arc<dyn Timer>,
    settings: GuardSettings,
    breaker: Mutex<Breaker>,
}

impl Guarded {
    /// Guards a gateway, by one time and the same.
    pub fn new(
        gateway: Arc<dyn PaymentGateway>,
        clock: Arc<dyn Clock>,
        timer: Arc<dyn Timer>,
        settings: GuardSettings,
    ) -> Self {
        Self { gateway, clock, timer, settings, breaker: Mutex::default() }
    }

    /// Returns how the breaker stands.
    pub fn breaker(&self) -> Breaker {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, asked: Asked) {
        let mut breaker = self.lock();
        *breaker = breaker.after(asked, self.clock.now(), self.settings.breaker);
    }

    /// Waits for an answer, but no longer than the limit, and notes whether it was one.
    async fn ask<T>(
        &self,
        limit: Duration,
        answer: impl Future<Output = T> + Send,
        asked: impl Fn(&T) -> Asked + Send,
        silence: impl FnOnce(String) -> T + Send,
    ) -> T {
        let limit_passed = self.timer.sleep(limit);
        let answer = first(answer, limit_passed).await;
        let answer = answer.unwrap_or_else(|| silence(format!("no answer within {limit:?}")));
        self.note(asked(&answer));
        answer
    }
}

/// Returns the output of a future, unless another ends first.
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
        let mut breaker = self.lock();
        match breaker.admit(self.clock.now(), self.settings.breaker) {
            Ok(after) => {
                *breaker = after;
                Ok(())
            }
            Err(retry_after) => Err(GatewayUnavailable { gateway: self.name().to_owned(), retry_after }),
        }
    }

    async fn checkout(&self, request: CheckoutRequest) -> Result<Checkout, GatewayUnavailable> {
        let (gateway, retry_after) = (self.name().to_owned(), self.settings.breaker.probe_every);
        let asked = |answer: &Result<_, _>| if answer.is_ok() { Asked::Answered } else { Asked::Failed };
        let silence = |_| Err(GatewayUnavailable { gateway, retry_after });
        self.ask(self.settings.question_within, self.gateway.checkout(request), asked, silence).await
    }

    async fn confirm(&self, request: ConfirmRequest) -> ConfirmAnswer {
        let asked = |answer: &ConfirmAnswer| match answer {
            ConfirmAnswer::Unknown { .. } => Asked::Failed,
            ConfirmAnswer::Paid(_)
            | ConfirmAnswer::Declined { .. }
            | ConfirmAnswer::Pending
            | ConfirmAnswer::Deposit(_) => Asked::Answered,
        };
        let silence = |reason| ConfirmAnswer::Unknown { reason };
        self.ask(self.settings.money_within, self.gateway.confirm(request), asked, silence).await
    }

    async fn lookup(&self, request: LookupRequest) -> LookupAnswer {
        let asked = |answer: &LookupAnswer| match answer {
            LookupAnswer::Unknown { .. } => Asked::Failed,
            LookupAnswer::Paid(_)
            | LookupAnswer::Declined { .. }
            | LookupAnswer::Pending
            | LookupAnswer::Deposit(_)
            | LookupAnswer::NotFound => Asked::Answered,
        };
        let silence = |reason| LookupAnswer::Unknown { reason };
        self.ask(self.settings.question_within, self.gateway.lookup(request), asked, silence).await
    }

    async fn refund(&self, request: RefundRequest) -> RefundAnswer {
        let asked = |answer: &RefundAnswer| match answer {
            RefundAnswer::Unknown { .. } => Asked::Failed,
            RefundAnswer::Done | RefundAnswer::Refused { .. } => Asked::Answered,
        };
        let silence = |reason| RefundAnswer::Unknown { reason };
        self.ask(self.settings.money_within, self.gateway.refund(request), asked, silence).await
    }

    async fn void(&self, request: VoidRequest) -> VoidAnswer {
        let asked = |answer: &VoidAnswer| match answer {
            VoidAnswer::Unknown { .. } => Asked::Failed,
            VoidAnswer::Done | VoidAnswer::TooLate | VoidAnswer::Unsupported => Asked::Answered,
        };
        let silence = |reason| VoidAnswer::Unknown { reason };
        self.ask(self.settings.money_within, self.gateway.void(request), asked, silence).await
    }

    async fn webhook(&self, request: WebhookRequest) -> Result<Hint, WebhookRefused> {
        // What others send us tells nothing about whether the provider answers.
        let limit = self.timer.sleep(self.settings.question_within);
        first(self.gateway.webhook(request), limit).await.unwrap_or(Err(WebhookRefused::Unavailable))
    }
}

#[cfg(test)]
mod tests;
