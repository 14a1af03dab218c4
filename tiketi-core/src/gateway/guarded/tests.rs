use uuid::Uuid;

use super::*;
use crate::clock::ManualClock;
use crate::id::PaymentId;
use crate::memory::{ConfirmFault, TestGateway};
use crate::money::{Currency, Money};
use crate::time::Timestamp;

/// A timer for which every limit has passed at once.
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

fn confirm(which: u128) -> ConfirmRequest {
    ConfirmRequest {
        payment: PaymentId::from_uuid(Uuid::from_u128(which)),
        amount: Money::new(100, Currency::KRW),
        method: "naver_pay".into(),
        provider_key: None,
    }
}

async fn confirm_silently(it: &Guard, which: u128) {
    it.inner.fail_next_confirm(ConfirmFault::Hang);
    let answer = it.guarded.confirm(confirm(which)).await;
    assert!(matches!(answer, ConfirmAnswer::Unknown { .. }), "{answer:?}");
}

#[tokio::test]
async fn a_provider_that_hangs_is_unknown_when_its_time_is_over() {
    let it = guard();
    confirm_silently(&it, 1).await;
    assert_eq!(it.guarded.breaker(), Breaker::Closed { failures: 1 });
    assert!(it.guarded.ready().is_ok());
}

#[tokio::test]
async fn an_answer_in_time_is_the_answer() {
    let it = guard();
    confirm_silently(&it, 1).await;
    assert!(matches!(it.guarded.confirm(confirm(2)).await, ConfirmAnswer::Paid(_)));
    assert_eq!(it.guarded.breaker(), Breaker::default());
}

#[tokio::test]
async fn the_breaker_refuses_before_an_intent_and_never_after() {
    let it = guard();
    for which in 0..5 {
        confirm_silently(&it, which).await;
    }
    let refused = it.guarded.ready().unwrap_err();
    assert_eq!(refused.retry_after, Duration::from_secs(30));
    // An intent that was committed before is carried out all the same.
    assert!(matches!(it.guarded.confirm(confirm(9)).await, ConfirmAnswer::Paid(_)));
}

#[tokio::test]
async fn one_probe_that_is_answered_closes_it() {
    let it = guard();
    for which in 0..5 {
        confirm_silently(&it, which).await;
    }
    it.clock.advance(Duration::from_secs(30));
    assert!(it.guarded.ready().is_ok());
    assert!(it.guarded.ready().is_err(), "one at a time");
    it.guarded.confirm(confirm(9)).await;
    assert!(it.guarded.ready().is_ok());
}
