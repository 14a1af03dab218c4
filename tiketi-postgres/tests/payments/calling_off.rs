//! Calling an event off from three servers at once.

use std::time::Duration;

use tiketi_core::decide::RefundWanted;
use tiketi_core::memory::{ConfirmFault, RefundFault};
use tiketi_core::{
    CallOffProgress, CancelReason, HoldRequest, Money, Payment, PrepareRequest, RefundAnswer,
    ReservationState,
};

use crate::Town;
use crate::books::Ending;
use crate::town::{PRICE, at_once, until};

/// Few at a time, so that the servers meet again and again.
const STEP: usize = 7;

impl Town {
    /// Has every server work on what was called off, and returns how many steps they took.
    async fn called_off(&self) -> usize {
        let works = self.servers.iter().cloned().map(|server| async move {
            let ended = server.office.call_off_once(STEP).await.unwrap();
            let sent = server.office.reconcile_once(STEP).await.unwrap();
            ended + sent.settled + sent.open
        });
        at_once(works.collect::<Vec<_>>()).await.into_iter().sum()
    }

    async fn progress(&self) -> CallOffProgress {
        self.servers[2].office.call_off_progress(self.event).await.unwrap().unwrap()
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

/// Seen to fail without the look at what is promised already.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everyone_is_refunded_once_whoever_does_the_work() {
    const SOLD: usize = 60;
    let town = Town::open().await;
    let mut payments = Vec::new();
    for seat in 0..SOLD {
        payments.push(town.sold(seat).await);
    }
    let part = Money::new(30, PRICE.currency());
    let part = RefundWanted::waiver(part);
    town.servers[0].office.refund_by_organiser(payments[0].id, part, "late", None, None).await.unwrap();
    town.held(SOLD).await;
    let wanted = HoldRequest::new(town.event, town.buyer()).item(town.free, 2);
    let held = town.servers[1].office.hold(wanted).await.unwrap();
    town.servers[1].office.process(PrepareRequest::new(held.id, held.buyer)).await.unwrap();

    let off = town.servers.iter().cloned().map(|it| {
        let event = town.event;
        async move { it.office.cancel_event(event).await.is_ok() }
    });
    let off = at_once(off.collect::<Vec<_>>()).await;
    assert_eq!(off.iter().filter(|done| **done).count(), 1);
    town.work_until_called_off().await;
    let mut expected = vec![1; SOLD];
    expected[0] = 2;
    assert_eq!(town.refunds_of(&payments).await, expected);
    assert_eq!(town.provider.refunds(), SOLD + 1, "the provider was asked once for each");
    assert_eq!(town.progress().await, CallOffProgress { to_do: 0, done: SOLD as u64 + 2, refused: 0 });
    assert_eq!(town.settled().await, Ending { served: 0, refunded: SOLD });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_was_paying_as_it_was_called_off_is_refunded_too() {
    let town = Town::open().await;
    let payment = town.prepared(0).await;
    town.provider.books.fail_next_confirm(ConfirmFault::Hang);
    let (office, id, buyer) = (town.servers[0].office.clone(), payment.id, payment.buyer);
    let asking = tokio::spawn(async move { office.confirm(id, buyer, None, None).await.unwrap() });
    until("the provider hangs", async || town.provider.books.hanging() == 1).await;
    town.servers[1].office.cancel_event(town.event).await.unwrap();
    town.called_off().await;
    assert_eq!(town.progress().await.to_do, 1);
    town.provider.books.let_go();
    let reservation = asking.await.unwrap().reservation;
    assert!(matches!(
        reservation.state,
        ReservationState::Cancelled { reason: CancelReason::ByOrganiser, .. }
    ));
    town.work_until_called_off().await;
    assert_eq!(town.settled().await, Ending { served: 0, refunded: 1 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refund_that_is_refused_is_left_to_a_person_and_one_unheard_of_is_found_out() {
    let town = Town::open().await;
    let (refused, lost) = (town.sold(0).await, town.sold(1).await);
    town.servers[0].office.cancel_event(town.event).await.unwrap();
    let no = RefundAnswer::Refused { code: "BANK_CLOSED".into() };
    town.servers[0].office.call_off_once(10).await.unwrap();
    town.provider.books.fail_next_refund(RefundFault::Answer(no));
    town.provider.books.fail_next_refund(RefundFault::LoseAnswer);
    assert_eq!(town.reconciled().await.settled, 1);
    for _ in 0..4 {
        town.called_off().await;
        town.clock.advance(Duration::from_mins(1));
    }
    assert_eq!(town.progress().await, CallOffProgress { to_do: 1, done: 1, refused: 1 });
    let left = if town.payment(refused.id).await.is_refund_refused() { refused } else { lost };
    town.servers[1].office.retry_payment(left.id, None).await.unwrap();
    assert_eq!(town.progress().await, CallOffProgress { to_do: 0, done: 2, refused: 0 });
    assert_eq!(town.settled().await, Ending { served: 0, refunded: 2 });
}
