//! Call-off of an event: each buyer is refunded once, by any number of servers.

use futures::future::join_all;
use tiketi_core::decide::{
    CallOff, CallOffRefused, CaptureOutcome, NotePayment, RecordRefund, RefundOutcome,
};
use tiketi_core::{
    CommandError, EventId, Money, PageRequest, Payment, Reservation, ReservationId,
    gateway::Captured,
    payment::Settles,
    store::{CallOffProgress, SalesStore},
};

use crate::handles::Handles;
use crate::shop::TestShop;

async fn to_do(stores: &Handles<dyn SalesStore>) -> Vec<ReservationId> {
    stores.any().to_call_off(100).await.unwrap()
}

async fn progress(stores: &Handles<dyn SalesStore>, event: EventId) -> (u64, u64, u64) {
    let CallOffProgress { to_do, done, refused } =
        stores.any().call_off_progress(event).await.unwrap().unwrap();
    (to_do, done, refused)
}

/// Sells three seats one by one, and calls the event off.
async fn sold_and_called_off(shop: &TestShop) -> (EventId, Vec<(Reservation, Payment)>) {
    let hall = shop.hall().await;
    let mut sold = Vec::new();
    for seat in 0..3 {
        let held = shop.held(&hall, shop.buyer(), &[seat]).await;
        sold.push(shop.sold(&held).await);
    }
    shop.call_off(&hall).await;
    (hall.event, sold)
}

/// Fails if a reservation is skipped, or if seats are free before their refund is done.
pub async fn reservations_of_a_called_off_event_end_or_are_refunded(
    shop: TestShop,
    stores: Handles<dyn SalesStore>,
) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let free = shop.held_free(&hall, shop.buyer(), 1).await;
    shop.apply(shop.confirm_free(&free)).await;
    let other = shop.held(&hall, shop.buyer(), &[1]).await;
    let (sold, payment) = shop.sold(&other).await;
    let other = shop.held(&hall, shop.buyer(), &[2]).await;
    let paying = shop.confirming(&other).await;
    assert_eq!(to_do(&stores).await, []);
    shop.call_off(&hall).await;
    let mut expected = vec![held.id, free.id, sold.id];
    expected.sort_unstable();
    assert_eq!(to_do(&stores).await, expected);
    for reservation in expected {
        shop.send(CallOff::new(reservation)).await.unwrap();
    }
    let refused = shop.send(CallOff::new(other.id)).await.unwrap_err().refusal();
    assert_eq!(refused, Some(CallOffRefused::PaymentInProgress));
    assert_eq!(to_do(&stores).await, []);
    assert!(shop.now_of(&sold).await.is_live() && !shop.now_of(&held).await.is_live());
    assert_eq!(progress(&stores, hall.event).await, (2, 2, 0));
    for payment in
        [shop.now_of_payment(&payment).await, *shop.apply(shop.paid(&paying)).await.payment.unwrap()]
    {
        let refund = payment.queued_refund().unwrap().id;
        shop.apply(shop.refunded(&payment, refund)).await;
    }
    assert_eq!(progress(&stores, hall.event).await, (0, 4, 0));
}

/// Fails if an interrupted call-off starts again from the beginning, or skips the rest.
pub async fn a_call_off_goes_on_where_it_was_left(shop: TestShop, stores: Handles<dyn SalesStore>) {
    let (event, sold) = sold_and_called_off(&shop).await;
    let first = stores.any().to_call_off(1).await.unwrap();
    assert_eq!(first.len(), 1);
    shop.send(CallOff::new(first[0])).await.unwrap();
    let rest = to_do(&stores).await;
    assert!(rest.len() == 2 && !rest.contains(&first[0]), "{rest:?}");
    assert_eq!(progress(&stores, event).await, (3, 0, 0));
    // A refund that is done is not queued again.
    let (_, payment) = sold.iter().find(|(row, _)| row.id == first[0]).unwrap();
    let promised = shop.now_of_payment(payment).await;
    let refund = promised.queued_refund().unwrap().id;
    shop.apply(shop.refunded(&promised, refund)).await;
    shop.send(CallOff::new(first[0])).await.unwrap();
    assert_eq!(shop.now_of_payment(payment).await.refunds.len(), 1);
    assert_eq!(progress(&stores, event).await, (2, 1, 0));
}

/// Fails if several servers queue more than one refund for a buyer.
pub async fn concurrent_servers_queue_each_refund_once(shop: TestShop, _: Handles<dyn SalesStore>) {
    let (_, sold) = sold_and_called_off(&shop).await;
    let calls = sold.iter().cycle().take(24).map(|(row, _)| {
        let (shop, command) = (shop.clone(), CallOff::new(row.id));
        tokio::spawn(async move { shop.send(command).await })
    });
    for answer in join_all(calls).await {
        answer.unwrap().unwrap();
    }
    for (_, payment) in sold {
        let after = shop.now_of_payment(&payment).await;
        assert_eq!(after.refunds.len(), 1);
        assert_eq!(after.refunds[0].amount, payment.amount);
    }
}

/// Fails if a refund that the provider refused is queued again without a command of staff.
pub async fn a_refused_refund_is_not_queued_again_automatically(
    shop: TestShop,
    stores: Handles<dyn SalesStore>,
) {
    let (event, sold) = sold_and_called_off(&shop).await;
    let (reservation, payment) = &sold[0];
    shop.send(CallOff::new(reservation.id)).await.unwrap();
    let refund = shop.now_of_payment(payment).await.queued_refund().unwrap().id;
    let no = RefundOutcome::Refused { code: "too_late".into() };
    shop.apply(RecordRefund::new(payment.id, refund, no)).await;
    assert!(!to_do(&stores).await.contains(&reservation.id));
    assert_eq!(progress(&stores, event).await, (3, 0, 1));
}

/// Fails if reservations of an event that is not called off are cancelled or refunded.
pub async fn an_event_that_stands_is_left_alone(shop: TestShop, stores: Handles<dyn SalesStore>) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let (sold, _) = shop.sold(&held).await;
    assert_eq!(to_do(&stores).await, []);
    let refused = shop.send(CallOff::new(sold.id)).await.unwrap_err().refusal();
    assert_eq!(refused, Some(CallOffRefused::EventStands));
    let unknown = ReservationId::from_uuid(shop.ids().next());
    let refused = shop.send(CallOff::new(unknown)).await;
    assert!(matches!(refused, Err(CommandError::Refused(CallOffRefused::ReservationNotFound))));
    let nowhere = EventId::from_uuid(shop.ids().next());
    assert_eq!(stores.any().call_off_progress(nowhere).await.unwrap(), None);
}

/// Records that the provider refused the queued refund.
async fn refuse_refund(shop: &TestShop, payment: &Payment) {
    let refund = shop.now_of_payment(payment).await.queued_refund().unwrap().id;
    let no = RefundOutcome::Refused { code: "too_late".into() };
    shop.apply(RecordRefund::new(payment.id, refund, no)).await;
}

/// Fails if an earlier refusal, of a partial or a full refund, prevents the refund of the call-off, or if the
/// provider is asked for ever.
pub async fn a_refusal_before_the_event_was_cancelled_leaves_no_buyer_out(
    shop: TestShop,
    stores: Handles<dyn SalesStore>,
) {
    let hall = shop.hall().await;
    let mut sold = Vec::new();
    for (seat, part) in [(0, Some(30_000)), (1, None)] {
        let held = shop.held(&hall, shop.buyer(), &[seat]).await;
        let (reservation, payment) = shop.sold(&held).await;
        let mut refund = shop.refund(&payment);
        if let Some(minor) = part {
            refund = refund.only(Money::new(minor, payment.amount.currency()));
        }
        shop.apply(refund).await;
        refuse_refund(&shop, &payment).await;
        let note = NotePayment::new(payment.id, "Kim", "it is settled", Settles::Yes);
        shop.send(note).await.unwrap();
        sold.push((reservation, payment));
    }
    shop.call_off(&hall).await;
    let mut expected: Vec<_> = sold.iter().map(|(row, _)| row.id).collect();
    expected.sort_unstable();
    assert_eq!(to_do(&stores).await, expected);
    assert_eq!(progress(&stores, hall.event).await, (2, 0, 0), "none was refused for the cancellation");
    for (reservation, payment) in &sold {
        shop.send(CallOff::new(reservation.id)).await.unwrap();
        let promised = shop.now_of_payment(payment).await;
        assert_eq!(promised.queued_refund().map(|refund| refund.amount), Some(payment.amount));
        refuse_refund(&shop, payment).await;
    }
    assert_eq!(to_do(&stores).await, [], "a person has to look");
    assert_eq!(progress(&stores, hall.event).await, (2, 0, 2));
    let needing_attention =
        stores.any().payments_needing_attention(shop.now(), PageRequest::FIRST).await.unwrap();
    assert_eq!(needing_attention.total, 2);
    // After a refund by staff a smaller amount is left; a refund of this amount was never refused.
    let (reservation, payment) = &sold[0];
    let kept = Captured::kept(payment.id.to_string(), "money", payment.amount);
    let refunded = Money::new(40_000, payment.amount.currency());
    shop.apply(shop.outcome(payment, CaptureOutcome::Paid(kept.refunded(refunded)))).await;
    assert_eq!(to_do(&stores).await, [reservation.id]);
    shop.send(CallOff::new(reservation.id)).await.unwrap();
    let promised = shop.now_of_payment(payment).await;
    assert_eq!(promised.queued_refund().map(|refund| refund.amount.minor()), Some(60_000));
}

/// Fails if reservations that buyers cancelled or let expire count as done by the call-off.
pub async fn what_buyers_gave_up_themselves_does_not_count_as_done(
    shop: TestShop,
    stores: Handles<dyn SalesStore>,
) {
    let hall = shop.hall().await;
    let cancelled = shop.held(&hall, shop.buyer(), &[0]).await;
    shop.apply(shop.cancel(&cancelled)).await;
    let released = shop.held(&hall, shop.buyer(), &[1]).await;
    shop.apply(shop.release(&released)).await;
    let free = shop.held_free(&hall, shop.buyer(), 1).await;
    shop.apply(shop.confirm_free(&free)).await;
    shop.apply(shop.cancel(&free)).await;
    shop.held(&hall, shop.buyer(), &[2]).await;
    shop.advance(std::time::Duration::from_mins(5));
    shop.store().expire_due(shop.now(), 10).await.unwrap();
    let held = shop.held(&hall, shop.buyer(), &[3]).await;
    shop.call_off(&hall).await;
    assert_eq!(progress(&stores, hall.event).await, (1, 0, 0));
    shop.send(CallOff::new(held.id)).await.unwrap();
    assert_eq!(progress(&stores, hall.event).await, (0, 1, 0));
}
