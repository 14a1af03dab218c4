//! Refunds: queued first, then recorded; the tickets are returned when the whole amount is refunded.

use std::time::Duration;

use tiketi_core::decide::{BeginRefundRefused, RecordRefund, RecordRefundRefused, RefundOutcome};
use tiketi_core::{
    Currency, Money, PaymentId, PaymentState, ReservationState, SeatState, payment::RefundState,
    reservation::CancelReason, terms::RefundedSeats,
};

use crate::shop::TestShop;

/// Fails if seats stay sold after a full refund, or are free before it.
pub async fn with_the_last_of_the_money_the_tickets_go_back(shop: TestShop) {
    let hall = shop.hall().await;
    let held =
        shop.apply(shop.hold_seats(&hall, shop.buyer(), &[0]).item(hall.standing, 2)).await.reservation;
    let (sold, payment) = shop.sold(&held).await;
    let refund = shop.promised(&payment).await;
    assert_eq!(shop.now_of(&held).await, sold, "a promise takes nothing from the buyer");
    let done = shop.apply(shop.refunded(&payment, refund)).await;
    let state = ReservationState::Cancelled { reason: CancelReason::Refunded, at: shop.now() };
    assert_eq!(done.reservation.state, state);
    let refunded = done.payment.unwrap();
    assert_eq!(
        (refunded.refunded, refunded.state.clone()),
        (held.total, PaymentState::Refunded { at: shop.now() })
    );
    assert_eq!(refunded.refunds[0].state, RefundState::Done { at: shop.now() });
    assert_eq!(shop.seat_state(&hall, 0).await, SeatState::Available);
    let again = shop.apply(shop.hold_seats(&hall, shop.buyer(), &[0]).item(hall.standing, 7)).await;
    assert!(again.reservation.is_live());
}

/// Fails if a waiver takes tickets, or if several waivers do not add up to the full amount.
pub async fn what_staff_waive_leaves_the_tickets(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let (_, payment) = shop.sold(&held).await;
    for part in [30_000, 50_000] {
        let command = shop.refund(&payment).only(Money::new(part, Currency::KRW));
        let refund = command.refund;
        shop.apply(command).await;
        let done = shop.apply(shop.refunded(&payment, refund)).await;
        assert_eq!(done.payment.unwrap().state, PaymentState::PartlyRefunded { at: shop.now() });
        assert!(done.reservation.is_live());
    }
    let refund = shop.promised(&payment).await;
    let last = shop.now_of_payment(&payment).await;
    assert_eq!(last.refund(refund).unwrap().amount.minor(), 20_000);
    let done = shop.apply(shop.refunded(&payment, refund)).await;
    assert!(!done.reservation.is_live());
    assert_eq!(done.payment.unwrap().refunds.len(), 3);
}

/// Fails if a refund that the provider refused cannot be queued again, or counts as done.
pub async fn a_refused_refund_can_be_queued_again(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let (_, payment) = shop.sold(&held).await;
    let refund = shop.promised(&payment).await;
    let refused = RefundOutcome::Refused { code: "account_closed".into() };
    let recorded = shop.apply(RecordRefund::new(payment.id, refund, refused)).await;
    let after = recorded.payment.unwrap();
    assert_eq!((after.refunded.minor(), after.state), (0, payment.state.clone()));
    let again = shop.promised(&payment).await;
    shop.apply(shop.refunded(&payment, again)).await;
}

/// Fails if two refunds of one payment are queued at the same time.
pub async fn one_refund_is_under_way_at_a_time(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let (_, payment) = shop.sold(&held).await;
    let command = shop.refund(&payment).only(Money::new(1, Currency::KRW));
    let refund = command.refund;
    shop.apply(command).await;
    shop.refuse(shop.refund(&payment), BeginRefundRefused::RefundInProgress { refund }).await;
}

/// Fails if more than the captured amount, or more than the balance, can be refunded.
pub async fn a_refund_that_does_not_fit_is_refused(shop: TestShop) {
    let (hall, stranger) = (shop.hall().await, shop.buyer());
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let ready = shop.prepared(&held).await;
    let refused = BeginRefundRefused::NothingToRefund { state: PaymentState::Ready };
    shop.refuse(shop.refund(&ready), refused).await;
    let (_, payment) = shop.sold(&held).await;
    shop.refuse(shop.refund(&payment).by_buyer(stranger), BeginRefundRefused::PaymentNotFound).await;
    let mut command = shop.refund(&payment);
    command.payment = PaymentId::from_uuid(shop.ids().next());
    shop.refuse(command, BeginRefundRefused::PaymentNotFound).await;
    let usd = Currency::USD;
    for bad in [
        Money::zero(Currency::KRW),
        Money::new(-1, Currency::KRW),
        Money::new(100_001, Currency::KRW),
        Money::new(1, usd),
    ] {
        let refused = BeginRefundRefused::AmountOutOfRange { refundable: held.total };
        shop.refuse(shop.refund(&payment).only(bad), refused).await;
    }
    let refund = shop.promised(&payment).await;
    let done = shop.apply(shop.refunded(&payment, refund)).await.payment.unwrap();
    let refused = BeginRefundRefused::NothingToRefund { state: done.state };
    shop.refuse(shop.refund(&payment), refused).await;
}

/// Fails if an outcome is recorded for an unknown refund,
/// or a second time.
pub async fn a_refunds_outcome_is_recorded_once(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let (_, payment) = shop.sold(&held).await;
    let refund = shop.promised(&payment).await;
    shop.refuse(shop.refunded(&payment, shop.refund_id()), RecordRefundRefused::RefundNotFound).await;
    let mut unknown = payment.clone();
    unknown.id = PaymentId::from_uuid(shop.ids().next());
    shop.refuse(shop.refunded(&unknown, refund), RecordRefundRefused::PaymentNotFound).await;
    shop.apply(shop.refunded(&payment, refund)).await;
    shop.refuse(shop.refunded(&payment, refund), RecordRefundRefused::NotQueued).await;
    let other = RefundOutcome::Refused { code: "late".into() };
    let other = RecordRefund::new(payment.id, refund, other);
    shop.refuse(other, RecordRefundRefused::NotQueued).await;
}

/// Fails if the buyers of a called-off event cannot be refunded.
pub async fn a_cancelled_events_tickets_are_refunded(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let (_, payment) = shop.sold(&held).await;
    shop.call_off(&hall).await;
    let refund = shop.promised(&payment).await;
    let done = shop.apply(shop.refunded(&payment, refund)).await;
    assert!(!done.reservation.is_live());
}

/// Fails if an event's own policy for refunded seats is not stored or not applied.
pub async fn seats_whose_money_went_back_are_blocked_if_the_event_says_so(shop: TestShop) {
    let hall = shop.hall().await;
    for (seat, policy) in [(0, Some(RefundedSeats::Blocked)), (1, Some(RefundedSeats::OnSale)), (2, None)] {
        let view = shop.store().event(hall.event).await.unwrap().unwrap();
        let terms = view.event.details.terms.refunded_seats(policy);
        let details = view.event.details.terms(terms);
        shop.store().edit_event(hall.event, details, None).await.unwrap();
        let held = shop.held(&hall, shop.buyer(), &[seat]).await;
        let (_, payment) = shop.sold(&held).await;
        let refund = shop.promised(&payment).await;
        // The shop's terms have the opposite policy.
        let shops = match policy {
            Some(RefundedSeats::OnSale) => RefundedSeats::Blocked,
            Some(RefundedSeats::Blocked) | None => RefundedSeats::OnSale,
        };
        let terms = shop.terms().refunded_seats(shops);
        shop.apply(shop.refunded(&payment, refund).under(terms)).await;
        let blocked = matches!(shop.seat_state(&hall, seat).await, SeatState::Blocked { .. });
        assert_eq!(blocked, policy == Some(RefundedSeats::Blocked), "{policy:?}");
    }
}

/// Fails if a repeated refund whose key was deleted is queued a second time, or if its id can be used for another
/// refund.
pub async fn a_refund_id_used_again_is_never_a_second_refund(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let (_, payment) = shop.sold(&held).await;
    let command = shop.refund(&payment).only(Money::new(30_000, Currency::KRW));
    let promised = shop.apply(command.clone()).await.payment.unwrap();
    let again = shop.apply(command.clone()).await;
    assert_eq!(again.payment.as_ref(), Some(&promised));
    let done = shop.apply(shop.refunded(&payment, command.refund)).await.payment.unwrap();
    let later = shop.now().after(Duration::from_micros(1));
    shop.store().forget_commands(later).await.unwrap();
    let again = shop.apply(command.clone()).await;
    assert_eq!(again.payment, Some(done));
    let refused = BeginRefundRefused::RefundIdTaken { refund: command.refund };
    shop.refuse(command.only(Money::new(1, Currency::KRW)), refused).await;
}
