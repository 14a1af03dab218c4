//! Commands at the same moment, on several threads.

use std::sync::Arc;

use tiketi_core::decide::{BeginConfirmRefused, RefundWanted};
use tiketi_core::{
    CommandError, PayError, Payment, PaymentId, PaymentState, PrepareRequest, Reservation, ReservationState,
    payment::RefundState,
};
use tokio::task::JoinSet;

use crate::{ADA, BEN, TestShop, won};

/// How many times each race is run.
const ROUNDS: usize = 50;

async fn prepared(shop: &TestShop) -> (Reservation, Payment) {
    let held = shop.held(ADA, &[0]).await;
    let prepared = shop.office.payments().prepare(PrepareRequest::new(held.id, ADA)).await.unwrap();
    (prepared.reservation, prepared.payment)
}

async fn confirm(shop: &TestShop, payment: PaymentId) -> Result<(), PayError> {
    shop.office.payments().confirm(payment, ADA, Some(won(100).into()), None).await.map(|_| ())
}

fn is_too_late(error: &PayError) -> bool {
    matches!(
        error,
        PayError::Confirm(CommandError::Refused(
            BeginConfirmRefused::ReservationNotPending | BeginConfirmRefused::NotReady { .. }
        ))
    )
}

/// The confirm runs in the last microsecond of the hold, the sweep in the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirm_and_the_sweep_at_the_very_microsecond_agree_who_won() {
    for round in 0..ROUNDS {
        let in_time = round % 2 == 0;
        let shop = Arc::new(TestShop::open().await);
        let (reservation, payment) = prepared(&shop).await;
        let end = reservation.held_until().unwrap();
        let just_before = end.before(std::time::Duration::from_micros(1));
        shop.clock.set(if in_time { just_before } else { end });
        let mut tasks = JoinSet::new();
        for _ in 0..2 {
            let shop = Arc::clone(&shop);
            tasks.spawn(async move { shop.office.jobs().expire_once().await.map(|_| ()).unwrap() });
        }
        let confirmed = confirm(&shop, payment.id).await;
        tasks.join_all().await;
        assert_eq!(confirmed.is_ok(), in_time);
        assert!(confirmed.err().as_ref().is_none_or(is_too_late));
        let found = shop.office.sales().reservation(reservation.id, ADA).await.unwrap().unwrap();
        assert_eq!(matches!(found.state, ReservationState::Confirmed { .. }), in_time, "{found:?}");
        assert_eq!(shop.gateway.inner.balance(payment.id), if in_time { 100 } else { 0 });
    }
}

/// The hold ends while the confirm is under way: either it is paid, or the next buyer gets the seat, but never
/// both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_that_ends_during_a_confirm_is_paid_or_free_and_never_both() {
    for _ in 0..ROUNDS {
        let shop = Arc::new(TestShop::open().await);
        let (reservation, payment) = prepared(&shop).await;
        let other = Arc::clone(&shop);
        let end = reservation.held_until().unwrap();
        let sweep = tokio::spawn(async move {
            other.clock.set(end);
            other.office.jobs().expire_once().await.unwrap();
            other.office.sales().hold(other.wanting(BEN, &[0])).await.is_ok()
        });
        let confirmed = confirm(&shop, payment.id).await.is_ok();
        let taken_over = sweep.await.unwrap();
        assert_ne!(confirmed, taken_over);
        assert_eq!(shop.gateway.inner.balance(payment.id), if confirmed { 100 } else { 0 });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_attempts_confirmed_at_once_are_one_charge() {
    for _ in 0..ROUNDS {
        let shop = TestShop::open().await;
        let (reservation, first) = prepared(&shop).await;
        let request = PrepareRequest::new(reservation.id, ADA);
        let second = shop.office.payments().prepare(request).await.unwrap().payment;
        let mut confirms = JoinSet::new();
        for id in [first.id, second.id, first.id, second.id] {
            let office = shop.office.clone();
            confirms.spawn(async move {
                office.payments().confirm(id, ADA, Some(won(100).into()), None).await.is_ok()
            });
        }
        let paid = confirms.join_all().await.into_iter().filter(|paid| *paid).count();
        assert_eq!(
            (paid, shop.gateway.inner.captures()),
            (2, 1),
            "the latest attempt, twice the same answer"
        );
        assert_eq!(shop.gateway.inner.balance(first.id), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_asked_for_by_ten_at_once_is_given_once() {
    for _ in 0..ROUNDS {
        let shop = TestShop::open().await;
        let (_, payment) = shop.sold(ADA, &[0]).await;
        let mut refunds = JoinSet::new();
        for _ in 0..10 {
            let (office, id) = (shop.office.clone(), payment.id);
            refunds.spawn(async move {
                office.payments().refund(id, ADA, RefundWanted::everything(), "rain", None, None).await
            });
        }
        for refunded in refunds.join_all().await.into_iter().flatten() {
            assert!(matches!(refunded.refund.state, RefundState::Done { .. }), "{refunded:?}");
        }
        let known = shop.office.payments().payment(payment.id, ADA).await.unwrap().unwrap();
        assert!(matches!(known.state, PaymentState::Refunded { .. }));
        assert_eq!((known.refunds.len(), shop.gateway.inner.balance(payment.id)), (1, 0));
    }
}
