//! Calling an event off: everyone is refunded once, whoever begins and whoever goes on.

use futures::future::join_all;
use tiketi_core::decide::{CallOff, CallOffRefused, RecordRefund, RefundOutcome};
use tiketi_core::{
    CallOffProgress, CommandError, EventId, Payment, PaymentStore, Reservation, ReservationId,
};

use crate::handles::Handles;
use crate::shop::Shop;

fn call_off(shop: &Shop, of: ReservationId) -> CallOff {
    CallOff::new(shop.now(), shop.key(), of)
}

async fn to_do(stores: &Handles<dyn PaymentStore>) -> Vec<ReservationId> {
    stores.any().to_call_off(100).await.unwrap()
}

async fn progress(stores: &Handles<dyn PaymentStore>, event: EventId) -> (u64, u64, u64) {
    let CallOffProgress { to_do, done, refused } =
        stores.any().call_off_progress(event).await.unwrap().unwrap();
    (to_do, done, refused)
}

/// Sells three seats one by one, and calls the event off.
async fn sold_and_called_off(shop: &Shop) -> (EventId, Vec<(Reservation, Payment)>) {
    let hall = shop.hall().await;
    let mut sold = Vec::new();
    for seat in 0..3 {
        let held = shop.held(&hall, shop.buyer(), &[seat]).await;
        sold.push(shop.sold(&held).await);
    }
    shop.call_off(&hall).await;
    (hall.event, sold)
}

/// Fails if someone is left out, or anything frees before its money
/// is back.
pub async fn a_cancelled_events_reservations_end_or_are_promised_back(
    shop: Shop,
    stores: Handles<dyn PaymentStore>,
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
        stores.any().call_off(call_off(&shop, reservation)).await.unwrap();
    }
    let refused = stores.any().call_off(call_off(&shop, other.id)).await.unwrap_err().refusal();
    assert_eq!(refused, Some(CallOffRefused::PaymentInProgress));
    assert_eq!(to_do(&stores).await, []);
    assert!(shop.now_of(&sold).await.is_live() && !shop.now_of(&held).await.is_live());
    assert_eq!(progress(&stores, hall.event).await, (2, 2, 0));
    for payment in
        [shop.now_of_payment(&payment).await, shop.apply(shop.paid(&paying)).await.payment.unwrap()]
    {
        let refund = payment.queued_refund().unwrap().id;
        shop.apply(shop.refunded(&payment, refund)).await;
    }
    assert_eq!(progress(&stores, hall.event).await, (0, 4, 0));
}

/// Fails if a job that was interrupted begins anew or forgets the rest.
pub async fn a_call_off_goes_on_where_it_was_left(shop: Shop, stores: Handles<dyn PaymentStore>) {
    let (event, sold) = sold_and_called_off(&shop).await;
    let first = stores.any().to_call_off(1).await.unwrap();
    assert_eq!(first.len(), 1);
    stores.any().call_off(call_off(&shop, first[0])).await.unwrap();
    let rest = to_do(&stores).await;
    assert!(rest.len() == 2 && !rest.contains(&first[0]), "{rest:?}");
    assert_eq!(progress(&stores, event).await, (3, 0, 0));
    // A promise that was kept before is not made again.
    let (_, payment) = sold.iter().find(|(row, _)| row.id == first[0]).unwrap();
    let promised = shop.now_of_payment(payment).await;
    let refund = promised.queued_refund().unwrap().id;
    shop.apply(shop.refunded(&promised, refund)).await;
    stores.any().call_off(call_off(&shop, first[0])).await.unwrap();
    assert_eq!(shop.now_of_payment(payment).await.refunds.len(), 1);
    assert_eq!(progress(&stores, event).await, (2, 1, 0));
}

/// Fails if several servers promise one buyer's money several times.
pub async fn servers_that_call_off_at_once_promise_once(shop: Shop, stores: Handles<dyn PaymentStore>) {
    let (_, sold) = sold_and_called_off(&shop).await;
    let calls = sold.iter().cycle().take(24).map(|(row, _)| {
        let (store, command) = (stores.any(), call_off(&shop, row.id));
        tokio::spawn(async move { store.call_off(command).await })
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

/// Fails if a provider's no is answered by asking for ever.
pub async fn a_refused_refund_is_not_promised_again_by_itself(shop: Shop, stores: Handles<dyn PaymentStore>) {
    let (event, sold) = sold_and_called_off(&shop).await;
    let (reservation, payment) = &sold[0];
    stores.any().call_off(call_off(&shop, reservation.id)).await.unwrap();
    let refund = shop.now_of_payment(payment).await.queued_refund().unwrap().id;
    let no = RefundOutcome::Refused { code: "too_late".into() };
    shop.apply(RecordRefund::new(shop.now(), shop.key(), payment.id, refund, no)).await;
    assert!(!to_do(&stores).await.contains(&reservation.id));
    assert_eq!(progress(&stores, event).await, (3, 0, 1));
}

/// Fails if anything is taken back that is still on.
pub async fn an_event_that_stands_is_left_alone(shop: Shop, stores: Handles<dyn PaymentStore>) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let (sold, _) = shop.sold(&held).await;
    assert_eq!(to_do(&stores).await, []);
    let refused = stores.any().call_off(call_off(&shop, sold.id)).await.unwrap_err().refusal();
    assert_eq!(refused, Some(CallOffRefused::EventStands));
    let unknown = ReservationId::from_uuid(shop.ids().next());
    let refused = stores.any().call_off(call_off(&shop, unknown)).await;
    assert!(matches!(refused, Err(CommandError::Refused(CallOffRefused::ReservationNotFound))));
    let nowhere = EventId::from_uuid(shop.ids().next());
    assert_eq!(stores.any().call_off_progress(nowhere).await.unwrap(), None);
}
