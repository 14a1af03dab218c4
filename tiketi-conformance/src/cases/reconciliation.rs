//! Reconciliation: payments are due in order, and each is claimed by one server at a time until its outcome is
//! known.

use std::time::Duration;

use futures::future::join_all;
use tiketi_core::decide::{ReconcileStep, ScheduleReconciliation, ScheduleReconciliationRefused};
use tiketi_core::{CommandError, Payment, PaymentId, store::SalesStore};

use crate::handles::Handles;
use crate::shop::TestShop;

const MICROSECOND: Duration = Duration::from_micros(1);

async fn due(shop: &TestShop, stores: &Handles<dyn SalesStore>) -> Vec<PaymentId> {
    let due = stores.any().payments_due(shop.now(), 100).await.unwrap();
    due.into_iter().map(|payment| payment.id).collect()
}

async fn confirming(shop: &TestShop, seats: usize) -> Vec<Payment> {
    let hall = shop.hall().await;
    let mut payments = Vec::new();
    for seat in 0..seats {
        let held = shop.held(&hall, shop.buyer(), &[seat]).await;
        payments.push(shop.confirming(&held).await);
        shop.advance(Duration::from_secs(1));
    }
    payments
}

/// Fails if a payment with an unknown outcome is due too early, or never.
pub async fn a_payment_is_due_from_its_moment_on(shop: TestShop, stores: Handles<dyn SalesStore>) {
    let payment = &confirming(&shop, 1).await[0];
    let next = payment.reconciliation.as_ref().unwrap().next;
    shop.go_to(next.before(MICROSECOND));
    assert_eq!(due(&shop, &stores).await, []);
    shop.go_to(next);
    assert_eq!(stores.any().payments_due(shop.now(), 100).await.unwrap(), std::slice::from_ref(payment));
}

/// Fails if the most overdue payment is not the first.
pub async fn the_most_overdue_is_asked_first_up_to_the_limit(
    shop: TestShop,
    stores: Handles<dyn SalesStore>,
) {
    let payments = confirming(&shop, 4).await;
    shop.advance(Duration::from_hours(1));
    let wait = ReconcileStep::Wait { until: shop.now() };
    shop.send(ScheduleReconciliation::new(payments[0].id, wait)).await.unwrap();
    let expected: Vec<_> = [1, 2, 3, 0].map(|at| payments[at].id).into();
    assert_eq!(due(&shop, &stores).await, expected);
    let first: Vec<_> =
        stores.any().payments_due(shop.now(), 2).await.unwrap().iter().map(|payment| payment.id).collect();
    assert_eq!(first, expected[..2]);
}

/// Fails if several servers claim one payment.
pub async fn of_16_servers_that_claim_one_payment_one_asks(shop: TestShop, stores: Handles<dyn SalesStore>) {
    let payment = confirming(&shop, 1).await[0].id;
    for tries in 0..4 {
        shop.advance(Duration::from_mins(10));
        let claims = (0..16).map(|_| {
            let command = ScheduleReconciliation::new(payment, ReconcileStep::Claim { tries });
            let shop = shop.clone();
            tokio::spawn(async move { shop.send(command).await })
        });
        let answers: Vec<_> = join_all(claims).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        let elsewhere = |answer: &Result<_, CommandError<_>>| {
            matches!(
                answer,
                Ok(_) | Err(CommandError::Refused(ScheduleReconciliationRefused::ClaimedElsewhere))
            )
        };
        assert!(answers.iter().all(elsewhere), "{answers:?}");
        assert_eq!(due(&shop, &stores).await, []);
    }
}

/// Fails if the last inconclusive answer or the next time is not stored.
pub async fn an_inconclusive_answer_and_a_wait_are_stored(shop: TestShop, _: Handles<dyn SalesStore>) {
    let payment = &confirming(&shop, 1).await[0];
    let until = shop.now().after(Duration::from_mins(3));
    shop.send(ScheduleReconciliation::new(payment.id, ReconcileStep::Wait { until })).await.unwrap();
    let last_inconclusive = ReconcileStep::Inconclusive { answer: "HTTP 500".to_owned() };
    shop.send(ScheduleReconciliation::new(payment.id, last_inconclusive)).await.unwrap();
    let reconciliation = shop.now_of_payment(payment).await.reconciliation.unwrap();
    assert_eq!(
        (reconciliation.next, reconciliation.tries, reconciliation.last_inconclusive.as_deref()),
        (until, 0, Some("HTTP 500"))
    );
}

/// Fails if a payment with a known outcome is due.
pub async fn what_is_settled_is_never_due(shop: TestShop, stores: Handles<dyn SalesStore>) {
    let payments = confirming(&shop, 2).await;
    shop.apply(shop.paid(&payments[0])).await;
    shop.apply(shop.declined(&payments[1])).await;
    shop.advance(Duration::from_hours(24));
    assert_eq!(due(&shop, &stores).await, []);
    let claim =
        shop.send(ScheduleReconciliation::new(payments[0].id, ReconcileStep::Claim { tries: 0 })).await;
    assert_eq!(claim.unwrap_err().refusal(), Some(ScheduleReconciliationRefused::NothingAwaited));
}

/// Fails if a refund whose outcome is unknown is not due.
pub async fn a_queued_refund_is_due_until_it_is_known(shop: TestShop, stores: Handles<dyn SalesStore>) {
    let payment = &confirming(&shop, 1).await[0];
    let paid = shop.apply(shop.paid(payment)).await.payment.unwrap();
    let refund = shop.promised(&paid).await;
    assert_eq!(due(&shop, &stores).await, [], "whoever promised it sends it");
    shop.advance(Duration::from_mins(1));
    assert_eq!(due(&shop, &stores).await, [payment.id]);
    shop.apply(shop.refunded(&paid, refund)).await;
    assert_eq!(due(&shop, &stores).await, []);
}

/// Fails if payments that are due at the same time are not ordered by id: a limit would then cut off other ones
/// each time.
pub async fn what_is_due_at_one_moment_comes_by_id(shop: TestShop, stores: Handles<dyn SalesStore>) {
    let hall = shop.hall().await;
    let mut prepared = Vec::new();
    for seat in 0..6 {
        let held = shop.held(&hall, shop.buyer(), &[seat]).await;
        prepared.push(shop.prepared(&held).await);
    }
    for at in [4, 1, 5, 0, 3, 2] {
        shop.apply(shop.begin_confirm(&prepared[at])).await;
    }
    shop.advance(Duration::from_hours(1));
    let mut expected: Vec<_> = prepared.iter().map(|payment| payment.id).collect();
    expected.sort_unstable();
    assert_eq!(due(&shop, &stores).await, expected);
    let first = stores.any().payments_due(shop.now(), 4).await.unwrap();
    assert_eq!(first.iter().map(|payment| payment.id).collect::<Vec<_>>(), expected[..4]);
}
