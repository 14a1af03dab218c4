use uuid::Uuid;

use super::*;
use crate::clock::ManualClock;
use crate::gateway::AttemptStep;
use crate::id::PaymentId;
use crate::memory::{ConfirmFault, TestGateway};
use crate::money::{Currency, Money};
use crate::time::Timestamp;

/// A timer whose waits have all ended at once.
#[derive(Debug)]
struct NoPatience;

#[async_trait]
impl Timer for NoPatience {
    async fn sleep(&self, _: Duration) {}
}

struct Guard {
    inner: Arc<TestGateway>,
    clock: Arc<ManualClock>,
    guarded: Guarded,
}

fn guard() -> Guard {
    let inner = Arc::new(TestGateway::default());
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    let (gateway, time): (Arc<dyn PaymentGateway>, Arc<dyn Clock>) = (inner.clone(), clock.clone());
    let guarded = Guarded::new(gateway, time, Arc::new(NoPatience), GuardSettings::default());
    Guard { inner, clock, guarded }
}

fn buyer(which: u128) -> BuyerId {
    BuyerId::from_uuid(Uuid::from_u128(which))
}

fn confirm(which: u128) -> ConfirmRequest {
    let payment = PaymentId::from_uuid(Uuid::from_u128(which));
    ConfirmRequest::new(payment, buyer(which), Money::new(100, Currency::KRW), "naver_pay")
}

async fn confirm_unanswered(it: &Guard, which: u128) {
    it.inner.fail_next_confirm(ConfirmFault::Hang);
    let answer = it.guarded.confirm(confirm(which)).await;
    assert!(
        matches!(answer, ConfirmAnswer::Unknown { response: ProviderResponse::NoAnswer, .. }),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_provider_that_hangs_is_unknown_when_its_time_is_over() {
    let it = guard();
    confirm_unanswered(&it, 1).await;
    assert_eq!(it.guarded.breaker(), Breaker::Closed { unanswered: 1, buyers: vec![buyer(1)] });
    assert!(it.guarded.ready().is_ok());
}

#[tokio::test]
async fn an_answer_in_time_is_the_answer() {
    let it = guard();
    confirm_unanswered(&it, 1).await;
    assert!(matches!(it.guarded.confirm(confirm(2)).await, ConfirmAnswer::Paid(_)));
    assert_eq!(it.guarded.breaker(), Breaker::default());
}

#[tokio::test]
async fn the_breaker_refuses_before_an_intent_and_never_after() {
    let it = guard();
    for which in 0..5 {
        confirm_unanswered(&it, which).await;
    }
    let refused = it.guarded.ready().unwrap_err();
    assert_eq!(refused.retry_after, Duration::from_secs(30));
    // An intent that was committed earlier is sent to the provider even while the breaker is open.
    assert!(matches!(it.guarded.confirm(confirm(9)).await, ConfirmAnswer::Paid(_)));
}

#[tokio::test]
async fn one_probe_that_is_answered_closes_it() {
    let it = guard();
    for which in 0..5 {
        confirm_unanswered(&it, which).await;
    }
    it.clock.advance(Duration::from_secs(30));
    assert!(it.guarded.ready().is_ok());
    assert!(it.guarded.ready().is_err(), "one at a time");
    it.guarded.confirm(confirm(9)).await;
    assert!(it.guarded.ready().is_ok());
}

#[tokio::test]
async fn a_provider_that_knows_no_such_order_keeps_the_breaker_closed() {
    let it = guard();
    for which in 0..50 {
        let reason = "NOT_FOUND_PAYMENT_SESSION".to_owned();
        it.inner.answer_next_confirm(ConfirmAnswer::Unknown { reason, response: ProviderResponse::Answered });
        it.guarded.confirm(confirm(which)).await;
        assert!(it.guarded.ready().is_ok());
    }
    assert_eq!(it.guarded.breaker(), Breaker::default());
}

#[tokio::test]
async fn a_checkout_without_a_provider_call_does_not_close_the_breaker() {
    let it = guard();
    it.inner.set_unanswering(true);
    let mut admitted = 0;
    for which in 0..50 {
        let ConfirmRequest { payment, buyer, amount, method, .. } = confirm(which);
        let checkout = CheckoutRequest::new(payment, buyer, amount, method);
        it.guarded.checkout(checkout).await.unwrap();
        if it.guarded.ready().is_ok() {
            admitted += 1;
            it.guarded.confirm(confirm(which)).await;
        }
    }
    assert_eq!(admitted, 5, "of 50");
}

#[tokio::test]
async fn unanswered_requests_of_one_buyer_do_not_open_the_breaker() {
    let it = guard();
    for _ in 0..50 {
        confirm_unanswered(&it, 1).await;
    }
    assert!(it.guarded.ready().is_ok());
}

#[test]
fn the_form_of_an_attempt_is_the_guarded_gateways_to_judge() {
    let it = guard();
    let attempt =
        Attempt { method: "gold", amount: Money::new(1, Currency::KRW), step: AttemptStep::Prepare };
    assert_eq!(it.guarded.accepts(attempt), it.inner.accepts(attempt));
    assert!(it.guarded.accepts(attempt).is_err());
}
