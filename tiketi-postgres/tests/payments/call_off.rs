//! A call-off from three servers at the same time.

use std::time::Duration;

use tiketi_core::decide::RefundWanted;
use tiketi_core::memory::{ConfirmFault, RefundFault};
use tiketi_core::{
    HoldRequest, Money, Payment, PrepareRequest, ReservationState, gateway::RefundAnswer,
    reservation::CancelReason, store::CallOffProgress,
};

use crate::TestCluster;
use crate::cluster::{PRICE, at_once, until};
use crate::outcomes::Ending;

/// Few reservations in each step, so that the servers race often.
const STEP: usize = 7;

impl TestCluster {
    /// Runs the call-off on every server until nothing is left, and returns the number of steps.
    async fn called_off(&self) -> usize {
        let works = self.servers.iter().cloned().map(|server| async move {
            let ended = server.office.jobs().call_off_once(STEP).await.unwrap();
            let sent = server.office.jobs().reconcile_once(STEP).await.unwrap();
            ended + sent.settled + sent.open
        });
        at_once(works.collect::<Vec<_>>()).await.into_iter().sum()
    }

    async fn progress(&self) -> CallOffProgress {
        self.servers[2].office.support().call_off_progress(self.event).await.unwrap().unwrap()
    }

    async fn work_until_called_off(&self) {
        until("everyone is refunded", async || {
            self.called_off().await;
            self.progress().await.to_do == 0
        })
        .await;
        assert_eq!(self.called_off().await, 0, "nothing is left to do");
    }

    async fn refunds_of(&self, payments: &[Payment]) -> Vec<usize> {
        let mut counts = Vec::new();
        for payment in payments {
            counts.push(self.payment(payment.id).await.refunds.len());
        }
        counts
    }
}

/// Fails if the call-off does not check for queued refunds.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_buyer_is_refunded_once_whichever_server_does_the_work() {
    const SOLD: usize = 60;
    let cluster = TestCluster::open().await;
    let mut payments = Vec::new();
    for seat in 0..SOLD {
        payments.push(cluster.sold(seat).await);
    }
    let part = Money::new(30, PRICE.currency());
    let part = RefundWanted::waiver(part);
    cluster.servers[0]
        .office
        .support()
        .refund_by_organiser(payments[0].id, part, "late", None, None)
        .await
        .unwrap();
    cluster.held(SOLD).await;
    let wanted = HoldRequest::new(cluster.event, cluster.buyer()).item(cluster.free, 2);
    let held = cluster.servers[1].office.sales().hold(wanted).await.unwrap();
    cluster.servers[1].office.payments().process(PrepareRequest::new(held.id, held.buyer)).await.unwrap();

    let off = cluster.servers.iter().cloned().map(|it| {
        let event = cluster.event;
        async move { it.office.catalog().cancel_event(event).await.is_ok() }
    });
    let off = at_once(off.collect::<Vec<_>>()).await;
    assert_eq!(off.iter().filter(|done| **done).count(), 1);
    cluster.work_until_called_off().await;
    let mut expected = vec![1; SOLD];
    expected[0] = 2;
    assert_eq!(cluster.refunds_of(&payments).await, expected);
    assert_eq!(cluster.provider.refunds(), SOLD + 1, "the provider was asked once for each");
    assert_eq!(cluster.progress().await, CallOffProgress { to_do: 0, done: SOLD as u64 + 2, refused: 0 });
    assert_eq!(cluster.settled().await, Ending { served: 0, refunded: SOLD });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_was_paying_as_it_was_called_off_is_refunded_too() {
    let cluster = TestCluster::open().await;
    let payment = cluster.prepared(0).await;
    cluster.provider.gateway.fail_next_confirm(ConfirmFault::Hang);
    let (office, id, buyer) = (cluster.servers[0].office.clone(), payment.id, payment.buyer);
    let reconciliation =
        tokio::spawn(async move { office.payments().confirm(id, buyer, None, None).await.unwrap() });
    until("the provider hangs", async || cluster.provider.gateway.hanging() == 1).await;
    cluster.servers[1].office.catalog().cancel_event(cluster.event).await.unwrap();
    cluster.called_off().await;
    assert_eq!(cluster.progress().await.to_do, 1);
    cluster.provider.gateway.release_hanging();
    let reservation = reconciliation.await.unwrap().reservation;
    assert!(matches!(
        reservation.state,
        ReservationState::Cancelled { reason: CancelReason::ByOrganiser, .. }
    ));
    cluster.work_until_called_off().await;
    assert_eq!(cluster.settled().await, Ending { served: 0, refunded: 1 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refused_refund_is_left_to_staff_and_an_unanswered_one_is_looked_up() {
    let cluster = TestCluster::open().await;
    let (refused, lost) = (cluster.sold(0).await, cluster.sold(1).await);
    cluster.servers[0].office.catalog().cancel_event(cluster.event).await.unwrap();
    let no = RefundAnswer::Refused { code: "BANK_CLOSED".into() };
    cluster.servers[0].office.jobs().call_off_once(10).await.unwrap();
    cluster.provider.gateway.fail_next_refund(RefundFault::Answer(no));
    cluster.provider.gateway.fail_next_refund(RefundFault::LoseAnswer);
    assert_eq!(cluster.reconciled().await.settled, 1);
    for _ in 0..4 {
        cluster.called_off().await;
        cluster.clock.advance(Duration::from_mins(1));
    }
    assert_eq!(cluster.progress().await, CallOffProgress { to_do: 1, done: 1, refused: 1 });
    let left = if cluster.payment(refused.id).await.is_refund_refused() { refused } else { lost };
    cluster.servers[1].office.support().retry_payment(left.id, None).await.unwrap();
    assert_eq!(cluster.progress().await, CallOffProgress { to_do: 0, done: 2, refused: 0 });
    assert_eq!(cluster.settled().await, Ending { served: 0, refunded: 2 });
}
