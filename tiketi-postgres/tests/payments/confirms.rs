//! Confirms that race with the end of a hold, each other, another attempt, or a cancellation.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tiketi_core::decide::CancelRefused;
use tiketi_core::memory::ConfirmFault;
use tiketi_core::{
    BoxOffice, CommandError, Money, Paid, PayError, Payment, PaymentState, PrepareRequest, RefundError,
    ReservationState, Timestamp,
};

use crate::TestCluster;
use crate::cluster::{PRICE, at_once, until};
use crate::outcomes::Ending;

const MICROSECOND: Duration = Duration::from_micros(1);

async fn confirm(office: BoxOffice, payment: Payment) -> Result<Paid, PayError> {
    office.payments().confirm(payment.id, payment.buyer, None, None).await
}

/// Repeats a confirm until its outcome is known, as a buyer's client does.
async fn confirm_until_known(office: BoxOffice, payment: Payment) -> Paid {
    loop {
        let paid = confirm(office.clone(), payment.clone()).await.unwrap();
        if !matches!(paid.payment.as_ref().unwrap().state, PaymentState::Confirming { .. }) {
            return paid;
        }
    }
}

/// Confirms one payment after another, and returns how many were captured.
async fn confirm_all(office: BoxOffice, payments: Vec<Payment>) -> usize {
    let mut charged = 0;
    for payment in payments {
        charged += usize::from(confirm(office.clone(), payment).await.is_ok());
    }
    charged
}

/// Sweeps until the end of the holds, and one more time after it.
async fn sweep(office: BoxOffice, end: Timestamp) -> usize {
    loop {
        let is_over = office.now() >= end;
        office.jobs().expire_once().await.unwrap();
        if is_over {
            return 0;
        }
    }
}

/// Fails without the lock on the event's row.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_confirm_at_the_very_end_of_a_hold_sells_or_takes_nothing() {
    let cluster = TestCluster::open().await;
    let mut charged = 0;
    for round in 0..8 {
        let mut payments = Vec::new();
        for seat in 0..15 {
            payments.push(cluster.prepared(round * 15 + seat).await);
        }
        let end = cluster.reservation(&payments[0]).await.held_until().unwrap();
        cluster.clock.set(end.before(MICROSECOND));
        let mut tasks = Vec::new();
        for (server, payments) in cluster.servers.iter().zip(payments.chunks(5)) {
            tasks.push(confirm_all(server.office.clone(), payments.to_vec()).boxed());
            tasks.push(sweep(server.office.clone(), end).boxed());
        }
        let (clock, provider) = (Arc::clone(&cluster.clock), Arc::clone(&cluster.provider));
        let enough = provider.confirms() + 2 + round;
        let strike = async move {
            until("some have paid", async || provider.confirms() >= enough).await;
            clock.set(end);
            0
        };
        tasks.push(strike.boxed());
        charged += at_once(tasks).await.into_iter().sum::<usize>();
        assert_eq!(cluster.provider.gateway.captures(), charged);
    }
    assert_eq!(cluster.settled().await, Ending { served: charged, refunded: 0 });
}

/// Fails if each confirm uses another idempotency key.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_equal_confirms_over_three_servers_charge_once_and_answer_equally() {
    let cluster = TestCluster::open().await;
    for seat in 0..6 {
        let payment = cluster.prepared(seat).await;
        let asks = cluster.turns().take(50).map(|it| confirm_until_known(it.office.clone(), payment.clone()));
        let answers = at_once(asks.collect::<Vec<_>>()).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert!(matches!(answers[0].reservation.state, ReservationState::Confirmed { .. }));
        assert_eq!((cluster.provider.gateway.captures(), cluster.provider.confirms()), (seat + 1, seat + 1));
    }
    assert_eq!(cluster.settled().await, Ending { served: 6, refunded: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_attempts_from_three_servers_one_is_charged() {
    let cluster = TestCluster::open().await;
    for seat in 0..10 {
        let held = cluster.held(seat).await;
        let attempts = cluster.turns().take(6).cloned().map(|server| {
            let request = PrepareRequest::new(held.id, held.buyer);
            async move {
                let Ok(prepared) = server.office.payments().prepare(request).await else { return false };
                confirm(server.office, prepared.payment).await.is_ok()
            }
        });
        let won = at_once(attempts.collect::<Vec<_>>()).await;
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
        assert_eq!(cluster.provider.gateway.captures(), seat + 1);
    }
    assert_eq!(cluster.settled().await, Ending { served: 10, refunded: 0 });
}

/// Fails if a cancel treats a payment that is being confirmed as paid.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_being_paid_is_not_cancelled_from_another_server() {
    let cluster = TestCluster::open().await;
    let payment = cluster.prepared(0).await;
    cluster.provider.gateway.fail_next_confirm(ConfirmFault::Hang);
    let reconciliation = tokio::spawn(confirm(cluster.servers[0].office.clone(), payment.clone()));
    until("the provider hangs", async || cluster.provider.gateway.hanging() == 1).await;
    for server in &cluster.servers {
        let refused =
            server.office.payments().cancel_or_refund(payment.reservation, payment.buyer, None).await;
        let under_way = RefundError::Cancel(CommandError::Refused(CancelRefused::PaymentInProgress));
        assert_eq!(format!("{:?}", refused.unwrap_err()), format!("{under_way:?}"));
    }
    cluster.provider.gateway.release_hanging();
    reconciliation.await.unwrap().unwrap();
    assert_eq!(cluster.settled().await, Ending { served: 1, refunded: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_concurrent_cancel_comes_before_or_after_a_confirm() {
    let cluster = TestCluster::open().await;
    let mut payments = Vec::new();
    for seat in 0..40 {
        payments.push(cluster.prepared(seat).await);
    }
    let mut tasks = Vec::new();
    for (payment, (one, other)) in payments.iter().zip(cluster.turns().zip(cluster.turns().skip(1))) {
        let (office, payment) = (one.office.clone(), payment.clone());
        let (reservation, buyer) = (payment.reservation, payment.buyer);
        tasks.push(async move { confirm(office, payment).await.is_ok() }.boxed());
        let office = other.office.clone();
        tasks.push(
            async move { office.payments().cancel_or_refund(reservation, buyer, None).await.is_ok() }.boxed(),
        );
    }
    let done = at_once(tasks).await;
    assert!(done.chunks(2).all(|pair| pair.contains(&true)), "each sale or cancel is done: {done:?}");
    cluster.settled().await;
    for payment in &payments {
        let ended = cluster.payment(payment.id).await.state;
        let known = matches!(
            ended,
            PaymentState::Paid { .. } | PaymentState::Refunded { .. } | PaymentState::Abandoned
        );
        assert!(known, "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_amount_goes_back_and_the_buyer_may_pay_again_elsewhere() {
    let cluster = TestCluster::open().await;
    let payment = cluster.prepared(0).await;
    let more = Money::new(PRICE.minor() + 1, PRICE.currency());
    cluster.provider.gateway.fail_next_confirm(ConfirmFault::Charge(more));
    let paid = confirm(cluster.servers[0].office.clone(), payment.clone()).await.unwrap();
    assert!(matches!(paid.payment.unwrap().state, PaymentState::Stuck { .. }));
    assert_eq!(cluster.reconciled().await.settled, 1);
    let office = &cluster.servers[2].office;
    let again =
        office.payments().process(PrepareRequest::new(payment.reservation, payment.buyer)).await.unwrap();
    assert!(matches!(again.reservation.state, ReservationState::Confirmed { .. }));
    assert_eq!(cluster.settled().await, Ending { served: 1, refunded: 1 });
}
