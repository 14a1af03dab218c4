//! Late payments: the money buys the same seats if they are free, or is refunded.

use std::time::Duration;

use tiketi_core::decide::{CaptureOutcome, RecordOutcomeRefused};
use tiketi_core::{
    EventId, Money, Payment, PaymentState, Reservation, ReservationState, SeatState, gateway::Captured,
    terms::LatePayment,
};

use crate::hall::Hall;
use crate::shop::TestShop;

/// Holds seat 0 and two standing tickets, declines the payment, and lets the hold expire.
async fn expired(shop: &TestShop, hall: &Hall) -> (Reservation, Payment) {
    let wanted = shop.hold_seats(hall, shop.buyer(), &[0]).item(hall.standing, 2);
    let held = shop.apply(wanted).await.reservation;
    let payment = shop.confirming(&held).await;
    shop.apply(shop.declined(&payment)).await;
    shop.advance(Duration::from_mins(10));
    shop.store().expire_due(shop.now(), 10).await.unwrap();
    (shop.now_of(&held).await, shop.now_of_payment(&payment).await)
}

async fn goes_back(shop: &TestShop, late: &Reservation, payment: &Payment) {
    let recorded = shop.twice(shop.paid(payment)).await;
    let after = recorded.payment.unwrap();
    assert_eq!(after.state, PaymentState::Paid { at: shop.now() });
    assert_eq!(after.queued_refund().map(|refund| refund.amount), Some(payment.amount));
    assert_eq!(recorded.reservation.state, late.state);
    let refund = after.queued_refund().unwrap().id;
    let done = shop.apply(shop.refunded(&after, refund)).await;
    assert!(matches!(done.payment.unwrap().state, PaymentState::Refunded { .. }));
    assert_eq!(done.reservation.state, late.state);
}

/// Fails if a late payment buys nothing although all tickets are free.
pub async fn late_money_takes_the_same_again_if_all_is_free(shop: TestShop) {
    let hall = shop.hall().await;
    let (late, payment) = expired(&shop, &hall).await;
    assert!(matches!(late.state, ReservationState::Expired { .. }));
    let recorded = shop.twice(shop.paid(&payment)).await;
    assert_eq!(recorded.reservation.state, ReservationState::Confirmed { at: shop.now() });
    assert_eq!(shop.seat_state(&hall, 0).await, SeatState::Sold { reservation: late.id });
    let stock = shop.stock(hall.standing).await;
    assert_eq!((stock.sold, stock.held), (2, 0));
}

/// Fails if a late payment buys a part of the tickets, or a seat of another buyer.
pub async fn late_money_goes_back_if_anything_is_taken(shop: TestShop) {
    let hall = shop.hall().await;
    let (late, payment) = expired(&shop, &hall).await;
    let next = shop.held(&hall, shop.buyer(), &[0]).await;
    goes_back(&shop, &late, &payment).await;
    assert_eq!(shop.seat(&hall, 0).await.state.owner(), Some(next.id));
    assert_eq!(shop.stock(hall.standing).await.sold, 0);
}

async fn refunds_late_money(shop: &TestShop, event: EventId) {
    let view = shop.store().event(event).await.unwrap().unwrap();
    let terms = view.event.details.terms.late_payment(LatePayment::Refund);
    let details = view.event.details.terms(terms);
    shop.store().edit_event(event, details, None).await.unwrap();
}

/// Fails if an event's own policy is not stored or not applied.
pub async fn late_money_goes_back_if_the_event_says_so(shop: TestShop) {
    let hall = shop.hall().await;
    refunds_late_money(&shop, hall.event).await;
    let (late, payment) = expired(&shop, &hall).await;
    goes_back(&shop, &late, &payment).await;
}

/// Fails if a late payment exceeds the buyer's limit.
pub async fn late_money_never_exceeds_the_limit(shop: TestShop) {
    let hall = shop.hall().await;
    let (late, payment) = expired(&shop, &hall).await;
    shop.held(&hall, late.buyer, &[1, 2, 3, 4, 5, 6]).await;
    goes_back(&shop, &late, &payment).await;
}

/// Fails if the capture of an abandoned attempt is not recorded while the reservation is still held.
pub async fn money_of_an_attempt_given_up_buys_what_is_still_held(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let (first, second) = (shop.prepared(&held).await, shop.prepared(&held).await);
    let recorded = shop.apply(shop.paid(&first)).await.reservation;
    assert_eq!(recorded.state, ReservationState::Confirmed { at: shop.now() });
    assert_eq!(recorded.payment, Some(first.id));
    assert_eq!(shop.now_of_payment(&second).await.state, PaymentState::Abandoned);
}

/// Fails if the shop keeps the money of two attempts for one reservation.
pub async fn a_second_capture_goes_back(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let first = shop.confirming(&held).await;
    shop.apply(shop.declined(&first)).await;
    let (sold, _) = shop.sold(&held).await;
    goes_back(&shop, &sold, &shop.now_of_payment(&first).await).await;
}

/// Fails if money of another order confirms a reservation.
pub async fn money_of_another_order_is_a_persons_to_see(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let payment = shop.confirming(&held).await;
    let strange = Captured::kept("another-order", "money", payment.amount);
    let recorded = shop.twice(shop.outcome(&payment, CaptureOutcome::Paid(strange))).await;
    assert!(recorded.payment.unwrap().needs_attention());
    assert!(recorded.reservation.held_until().is_some());
}

/// Fails if an order is declined as unknown while its confirm may still reach the provider.
pub async fn an_order_unknown_to_the_provider_is_final_after_its_grace(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let payment = shop.confirming(&held).await;
    let until = shop.now().after(shop.terms().not_found_grace);
    shop.go_to(until.before(Duration::from_micros(1)));
    let word = shop.outcome(&payment, CaptureOutcome::NotFound);
    shop.refuse(word, RecordOutcomeRefused::TooSoon { until }).await;
    shop.go_to(until);
    let recorded = shop.apply(shop.outcome(&payment, CaptureOutcome::NotFound)).await;
    assert!(matches!(recorded.payment.unwrap().state, PaymentState::Declined { .. }));
}

/// Fails if a refund made at the provider does not return the tickets.
pub async fn what_was_refunded_at_the_provider_is_recorded(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let (_, payment) = shop.sold(&held).await;
    let word = |refunded: i64| {
        let kept = Captured::kept(payment.id.to_string(), "money", payment.amount);
        let refunded = Money::new(refunded, payment.amount.currency());
        shop.outcome(&payment, CaptureOutcome::Paid(kept.refunded(refunded)))
    };
    let part = shop.twice(word(30_000)).await;
    assert_eq!(part.payment.unwrap().refunded.minor(), 30_000);
    assert!(part.reservation.is_live());
    let whole = shop.apply(word(payment.amount.minor())).await;
    assert!(!whole.reservation.is_live());
    assert_eq!(shop.seat_state(&hall, 0).await, SeatState::Available);
}

/// Fails if a capture is not recorded because money of another order was reported before.
pub async fn money_after_another_orders_money_is_recorded(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let payment = shop.confirming(&held).await;
    let strange = Captured::kept("another-order", "money", payment.amount);
    shop.apply(shop.outcome(&payment, CaptureOutcome::Paid(strange))).await;
    let recorded = shop.twice(shop.paid(&payment)).await;
    let paid = recorded.payment.unwrap();
    assert_eq!(paid.state, PaymentState::Paid { at: shop.now() });
    assert_eq!((paid.captured, paid.needs_attention()), (Some(payment.amount), false));
    assert_eq!(recorded.reservation.state, ReservationState::Confirmed { at: shop.now() });
}

/// Fails if a capture that was already refunded in full confirms a reservation.
pub async fn money_given_back_in_full_sells_nothing(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let payment = shop.confirming(&held).await;
    let kept = Captured::kept(payment.id.to_string(), "money", payment.amount);
    let returned = CaptureOutcome::Paid(kept.refunded(payment.amount));
    let recorded = shop.twice(shop.outcome(&payment, returned)).await;
    assert_eq!(recorded.payment.unwrap().state, PaymentState::Refunded { at: shop.now() });
    assert_eq!(recorded.reservation.held_until(), Some(shop.now().after(Duration::from_mins(10))));
}
