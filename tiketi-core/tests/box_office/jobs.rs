//! One call runs all periodic jobs, even if some of them fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::memory::{ConfirmFault, MemoryStore};
use tiketi_core::{
    BoxOffice, BuildError, Fact, Notifier, NotifyError, PaymentState, PrepareRequest, ReservationState,
    box_office::{Job, JobError},
    clock::ManualClock,
    clock::Timer,
    gateway::{ConfirmAnswer, ProviderResponse, RefundAnswer},
    notifier::SubscriberName,
};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::reconcile::hint;
use crate::{ADA, BEN, TestShop};

/// Longer than any step of these tests takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(10);

/// Runs the jobs each second as a host does, for this many seconds.
async fn run_for(shop: &TestShop, seconds: u64) {
    for _ in 0..seconds {
        shop.wait(1);
        while shop.office.jobs().run_once().await.next.is_zero() {}
    }
}

#[tokio::test]
async fn one_loop_brings_everything_to_its_end() {
    let shop = TestShop::open().await;
    // A confirm with a lost answer, an unanswered refund, a lapsed hold and a webhook.
    let held = shop.held(ADA, &[0]).await;
    shop.gateway.inner.fail_next_confirm(ConfirmFault::LoseAnswer);
    let lost =
        shop.office.payments().process(PrepareRequest::new(held.id, ADA)).await.unwrap().payment.unwrap();
    let (_, returned) = shop.sold(BEN, &[1]).await;
    shop.gateway.answer_next_refund(RefundAnswer::Unknown {
        reason: "timeout".into(),
        response: ProviderResponse::NoAnswer,
    });
    shop.office
        .payments()
        .refund(returned.id, BEN, tiketi_core::decide::RefundWanted::everything(), "rain", None, None)
        .await
        .unwrap();
    let lapsed = shop.held(BEN, &[2]).await;
    shop.office.payments().receive_webhook("moody", hint("delivery", &lost)).await.unwrap();

    run_for(&shop, 301).await;

    let payment = async |id| shop.office.support().any_payment(id).await.unwrap().unwrap().state;
    assert!(matches!(payment(lost.id).await, PaymentState::Paid { .. }));
    assert!(matches!(payment(returned.id).await, PaymentState::Refunded { .. }));
    let lapsed = shop.office.sales().reservation(lapsed.id, BEN).await.unwrap().unwrap();
    assert!(matches!(lapsed.state, ReservationState::Expired { .. }));
    assert!(!shop.notifier.drain().is_empty(), "facts are delivered");

    shop.office.catalog().cancel_event(shop.event).await.unwrap();
    run_for(&shop, 2).await;
    assert!(matches!(payment(lost.id).await, PaymentState::Refunded { .. }));
    assert_eq!(shop.gateway.inner.balance(lost.id), 0);
}

#[tokio::test]
async fn a_call_says_what_it_did_and_when_to_call_again() {
    let shop = TestShop::open().await;
    let first = shop.office.jobs().run_once().await;
    assert_eq!((first.count(Job::Announce), first.count(Job::Expire)), (1, 0));
    assert!(first.count(Job::Relay) > 0);
    assert_eq!(first.failures().count(), 0);
    assert_eq!(first.next, Duration::from_secs(1));
    let early = shop.office.jobs().run_once().await;
    assert!(early.runs.is_empty(), "nothing is due: {early:?}");
    shop.wait(1);
    let forgets = |job: Job| {
        matches!(
            job,
            Job::ForgetCommands | Job::ForgetDeliveries | Job::ForgetSubscribers | Job::CountFigures
        )
    };
    let second = shop.office.jobs().run_once().await;
    assert_eq!(second.runs.len(), 7, "what forgets is due once a minute");
    assert!(!second.runs.iter().any(|run| forgets(run.job)));
    shop.wait(60);
    assert_eq!(shop.office.jobs().run_once().await.runs.len(), 13);
}

#[tokio::test]
async fn a_rhythm_without_a_pause_or_too_slow_is_refused() {
    for every in [Duration::ZERO, Duration::from_secs(61)] {
        let built = BoxOffice::builder().store(Arc::new(MemoryStore::default())).jobs_every(every).build();
        assert_eq!(built.unwrap_err(), BuildError::JobsEveryOutOfRange);
    }
}

/// A notifier that fails, panics, or waits until the test releases it.
#[derive(Debug, Default)]
struct BadNotifier {
    panics: AtomicBool,
    waits: AtomicBool,
    was_asked: Notify,
    go_on: Notify,
}

#[async_trait]
impl Notifier for BadNotifier {
    async fn notify(&self, _: &[Fact]) -> Result<(), NotifyError> {
        assert!(!self.panics.load(Ordering::SeqCst), "a defect of the host");
        if self.waits.load(Ordering::SeqCst) {
            self.was_asked.notify_one();
            self.go_on.notified().await;
        }
        Err(NotifyError::new("the mail server is down"))
    }
}

/// A timer whose waits end at once and move the clock.
#[derive(Debug)]
struct QuickTimer(Arc<ManualClock>);

#[async_trait]
impl Timer for QuickTimer {
    async fn sleep(&self, length: Duration) {
        tokio::task::yield_now().await;
        self.0.advance(length);
    }
}

/// Opens another server of the same shop, with another notifier and a timer.
fn reopened(shop: &TestShop, notifier: &Arc<BadNotifier>) -> BoxOffice {
    BoxOffice::builder()
        .store(Arc::clone(&shop.gateway.store))
        .gateway(Arc::<crate::MoodyGateway>::clone(&shop.gateway))
        .subscriber("test", Arc::<BadNotifier>::clone(notifier))
        .clock(Arc::<ManualClock>::clone(&shop.clock))
        .timer(Arc::new(QuickTimer(Arc::clone(&shop.clock))))
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_part_that_fails_or_panics_keeps_no_other_from_running() {
    let shop = TestShop::open().await;
    shop.gateway.inner.answer_next_confirm(ConfirmAnswer::Declined { code: "LIMIT".into() });
    let notifier = Arc::new(BadNotifier::default());
    let office = reopened(&shop, &notifier);
    for panics in [true, false] {
        notifier.panics.store(panics, Ordering::SeqCst);
        shop.held(ADA, &[0]).await;
        shop.wait(301);
        let report = office.jobs().run_once().await;
        let failed: Vec<_> = report.failures().collect();
        let [(Job::Relay, error)] = failed.as_slice() else { panic!("{failed:?}") };
        assert_eq!(matches!(error, JobError::Panicked), panics, "{error:?}");
        assert_eq!(report.count(Job::Expire), 1);
        assert_eq!(report.runs.len(), 13, "{report:?}");
        let failed = report.runs.iter().find(|run| run.outcome.is_err()).unwrap();
        assert_eq!(failed.subscriber.as_ref().map(SubscriberName::as_str), Some("test"));
        assert!(report.next <= Duration::from_secs(1));
    }
}

#[tokio::test]
async fn a_part_that_waits_keeps_no_other_from_running() {
    let shop = TestShop::open().await;
    let notifier = Arc::new(BadNotifier::default());
    notifier.waits.store(true, Ordering::SeqCst);
    let office = reopened(&shop, &notifier);
    let jobs = tokio::spawn({
        let office = office.clone();
        async move { office.jobs().run_once().await }
    });
    timeout(DEADLINE, notifier.was_asked.notified()).await.expect("facts are delivered");
    let held = shop.held(ADA, &[0]).await;
    let expired = async {
        while office.sales().reservation(held.id, ADA).await.unwrap().unwrap().is_live() {
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, expired).await.expect("holds end while facts wait");
    assert!(!jobs.is_finished());
    // Another call runs the jobs that the first call is not running.
    shop.wait(1);
    assert!(office.jobs().run_once().await.runs.iter().all(|run| run.job != Job::Relay));
    notifier.waits.store(false, Ordering::SeqCst);
    notifier.go_on.notify_one();
    let report = timeout(DEADLINE, jobs).await.unwrap().unwrap();
    assert!(report.failures().all(|(job, _)| job == Job::Relay));
    assert!(report.count(Job::Expire) == 1, "{report:?}");
}
