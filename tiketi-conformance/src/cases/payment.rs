//! Payments: sold tickets are paid for, and each outcome is recorded once.

use tiketi_core::decide::{
    BeginConfirmRefused, ConfirmFreeRefused, RecordOutcomeRefused, StartPaymentRefused,
};
use tiketi_core::{
    CommandError, Currency, Money, PaymentId, PaymentState, ReservationId, ReservationState, SeatState,
    payment::StuckReason,
};

use crate::hall::json;
use crate::shop::TestShop;

/// Fails if a capture does not sell all seats and units of the reservation.
pub async fn a_paid_reservation_owns_its_seats_and_units(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let held = shop.apply(shop.hold_seats(&hall, buyer, &[0, 10]).item(hall.standing, 2)).await.reservation;
    let (sold, payment) = shop.sold(&held).await;
    assert_eq!(sold.state, ReservationState::Confirmed { at: shop.now() });
    assert_eq!((payment.state.clone(), payment.amount), (PaymentState::Paid { at: shop.now() }, held.total));
    assert_eq!(payment.provider_key, Some(format!("money-{}", payment.id)));
    assert_eq!(shop.seat_state(&hall, 10).await, SeatState::Sold { reservation: held.id });
    let counts = [hall.front, hall.back, hall.standing];
    for (of, sold) in counts.into_iter().zip([1, 1, 2]) {
        let stock = shop.stock(of).await;
        assert_eq!((stock.sold, stock.held), (sold, 0));
    }
}

/// Fails if an attempt does not keep its amount, gateway and method.
pub async fn an_attempt_keeps_amount_gateway_and_method(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let metadata = json(r#"{"attempt":1}"#);
    let command = shop.start_payment(&held).through("harbour-pay", "bank transfer").expecting(held.total);
    let mut command = shop.envelope(command.metadata(metadata.clone()));
    let payment = shop.apply_envelope(command.clone()).await.payment.unwrap();
    command.command.metadata = json(r#"{"attempt":2}"#);
    assert!(matches!(shop.execute(command).await, Err(CommandError::KeyReused)));
    assert_eq!(shop.now_of_payment(&payment).await.metadata, metadata);
    assert_eq!((payment.gateway.as_str(), payment.method.as_str()), ("harbour-pay", "bank transfer"));
    assert_eq!((payment.amount, payment.state.clone()), (held.total, PaymentState::Ready));
    let command = shop.begin_confirm(&payment).with_provider_key("key-1").expecting(payment.amount);
    let payment = shop.apply(command).await.payment.unwrap();
    assert_eq!(payment.provider_key.as_deref(), Some("key-1"));
    assert_eq!(payment.state, PaymentState::Confirming { since: shop.now() });
    assert_eq!(shop.now_of_payment(&payment).await.metadata, metadata);
}

/// Fails if a reservation cannot be paid for after a declined card.
pub async fn a_declined_buyer_pays_with_a_second_attempt(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let first = shop.confirming(&held).await;
    let declined = shop.apply(shop.declined(&first)).await;
    let state = PaymentState::Declined { code: "card_expired".into(), at: shop.now() };
    assert_eq!(declined.payment.unwrap().state, state);
    let (sold, second) = shop.sold(&held).await;
    assert_eq!((sold.payment, second.id == first.id), (Some(second.id), false));
    assert_eq!(shop.now_of_payment(&first).await.state, state);
}

/// Fails if an attempt other than the latest can be confirmed.
pub async fn only_the_latest_attempt_can_be_confirmed(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let (first, second) = (shop.prepared(&held).await, shop.prepared(&held).await);
    let refused = BeginConfirmRefused::NotReady { state: PaymentState::Abandoned };
    shop.refuse(shop.begin_confirm(&first), refused).await;
    shop.apply(shop.begin_confirm(&second)).await;
}

/// Fails if a capture of another amount confirms the reservation.
pub async fn money_of_another_amount_sells_nothing(shop: TestShop) {
    let hall = shop.hall().await;
    for (at, captured) in
        [Money::new(1, Currency::KRW), Money::new(100_000, Currency::USD)].into_iter().enumerate()
    {
        let held = shop.held(&hall, shop.buyer(), &[at]).await;
        let payment = shop.confirming(&held).await;
        let recorded = shop.apply(shop.took(&payment, captured)).await;
        let reason = StuckReason::AmountMismatch { captured };
        assert_eq!(recorded.payment.unwrap().state, PaymentState::Stuck { reason, at: shop.now() });
        assert!(recorded.reservation.held_until().is_some(), "the buyer may try again");
        assert_eq!(shop.stock(hall.front).await.sold, 0);
        let back = shop.now_of_payment(&payment).await.queued_refund().map(|refund| refund.amount);
        assert_eq!(back, Some(captured));
    }
}

/// Fails if a later answer can overwrite a recorded outcome.
pub async fn an_outcome_is_recorded_once(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let (_, paid) = shop.sold(&held).await;
    let other = shop.held(&hall, shop.buyer(), &[1]).await;
    let declined = shop.confirming(&other).await;
    let declined = shop.apply(shop.declined(&declined)).await.payment.unwrap();
    for of in [&paid, &declined] {
        let refused = RecordOutcomeRefused::NotConfirming { state: of.state.clone() };
        shop.refuse(shop.declined(of), refused.clone()).await;
    }
    let refused = RecordOutcomeRefused::NotConfirming { state: paid.state.clone() };
    shop.refuse(shop.paid(&paid), refused.clone()).await;
    shop.refuse(shop.took(&paid, Money::new(1, Currency::KRW)), refused).await;
}

/// Fails if an outcome is recorded for a payment that was never confirmed, or for an unknown one.
pub async fn an_unawaited_outcome_is_refused(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let mut payment = shop.prepared(&held).await;
    let refused = RecordOutcomeRefused::NotConfirming { state: PaymentState::Ready };
    shop.refuse(shop.declined(&payment), refused).await;
    payment.id = PaymentId::from_uuid(shop.ids().next());
    shop.refuse(shop.paid(&payment), RecordOutcomeRefused::PaymentNotFound).await;
}

/// Fails if an attempt can be started by another buyer, for an unknown or free reservation, or with a wrong amount.
pub async fn an_attempt_that_does_not_fit_is_refused(shop: TestShop) {
    let (hall, stranger) = (shop.hall().await, shop.buyer());
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let mut command = shop.start_payment(&held);
    command.buyer = stranger;
    shop.refuse(command, StartPaymentRefused::ReservationNotFound).await;
    let mut command = shop.start_payment(&held);
    command.reservation = ReservationId::from_uuid(shop.ids().next());
    shop.refuse(command, StartPaymentRefused::ReservationNotFound).await;
    let wrong = shop.start_payment(&held).expecting(Money::new(99_999, Currency::KRW));
    shop.refuse(wrong, StartPaymentRefused::AmountMismatch { expected: held.total }).await;
    let free = shop.held_free(&hall, stranger, 1).await;
    shop.refuse(shop.start_payment(&free), StartPaymentRefused::NothingToPay).await;
    shop.call_off(&hall).await;
    shop.refuse(shop.start_payment(&held), StartPaymentRefused::EventCancelled).await;
}

/// Fails if a reservation that is paid, being paid for or ended can be paid for.
pub async fn only_a_pending_reservation_is_paid(shop: TestShop) {
    let hall = shop.hall().await;
    let ended = shop.held(&hall, shop.buyer(), &[0]).await;
    shop.apply(shop.cancel(&ended)).await;
    let paying = shop.held(&hall, shop.buyer(), &[1]).await;
    shop.confirming(&paying).await;
    let sold = shop.held(&hall, shop.buyer(), &[2]).await;
    shop.sold(&sold).await;
    for of in [ended, paying, sold] {
        shop.refuse(shop.start_payment(&of), StartPaymentRefused::NotPending).await;
        shop.refuse(shop.confirm_free(&of), ConfirmFreeRefused::NotPending).await;
    }
}

/// Fails if a confirm is accepted although no money may be captured.
pub async fn a_confirm_that_does_not_fit_is_refused(shop: TestShop) {
    let (hall, stranger) = (shop.hall().await, shop.buyer());
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let payment = shop.prepared(&held).await;
    let mut command = shop.begin_confirm(&payment);
    command.buyer = stranger;
    shop.refuse(command, BeginConfirmRefused::PaymentNotFound).await;
    let mut command = shop.begin_confirm(&payment);
    command.payment = PaymentId::from_uuid(shop.ids().next());
    shop.refuse(command, BeginConfirmRefused::PaymentNotFound).await;
    let wrong = shop.begin_confirm(&payment).expecting(Money::new(1, Currency::KRW));
    shop.refuse(wrong, BeginConfirmRefused::AmountMismatch { expected: held.total }).await;
    let other = shop.held(&hall, stranger, &[1]).await;
    let under_way = shop.confirming(&other).await;
    let state = PaymentState::Confirming { since: shop.now() };
    shop.refuse(shop.begin_confirm(&under_way), BeginConfirmRefused::NotReady { state }).await;
    shop.call_off(&hall).await;
    shop.refuse(shop.begin_confirm(&payment), BeginConfirmRefused::EventCancelled).await;
}

/// Fails if the outcome of a payment is lost because the event was called off meanwhile.
pub async fn money_on_its_way_is_recorded_for_a_cancelled_event(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let payment = shop.confirming(&held).await;
    shop.call_off(&hall).await;
    let recorded = shop.apply(shop.paid(&payment)).await;
    let payment = recorded.payment.unwrap();
    assert_eq!(payment.state, PaymentState::Paid { at: shop.now() });
    assert_eq!(payment.queued_refund().map(|refund| refund.amount), Some(payment.amount));
    assert!(!recorded.reservation.is_live() && shop.seat_state(&hall, 0).await == SeatState::Available);
}

/// Fails if a reservation of price 0 needs a gateway.
pub async fn what_costs_nothing_is_confirmed_without_payment(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held_free(&hall, shop.buyer(), 2).await;
    let confirmed = shop.apply(shop.confirm_free(&held)).await;
    assert_eq!(confirmed.reservation.state, ReservationState::Confirmed { at: shop.now() });
    assert_eq!((confirmed.payment, shop.stock(hall.free).await.sold), (None, 2));
}

/// Fails if a reservation with a price, or one of another buyer, can be confirmed as free.
pub async fn what_costs_money_is_not_confirmed_for_nothing(shop: TestShop) {
    let (hall, stranger) = (shop.hall().await, shop.buyer());
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    shop.refuse(shop.confirm_free(&held), ConfirmFreeRefused::NotFree).await;
    let free = shop.held_free(&hall, stranger, 1).await;
    let mut command = shop.confirm_free(&free);
    command.buyer = held.buyer;
    shop.refuse(command, ConfirmFreeRefused::ReservationNotFound).await;
    let mut command = shop.confirm_free(&free);
    command.reservation = ReservationId::from_uuid(shop.ids().next());
    shop.refuse(command, ConfirmFreeRefused::ReservationNotFound).await;
}

/// Fails if a free ticket of a called-off event can be confirmed.
pub async fn nothing_free_is_confirmed_of_a_cancelled_event(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held_free(&hall, shop.buyer(), 1).await;
    shop.call_off(&hall).await;
    shop.refuse(shop.confirm_free(&held), ConfirmFreeRefused::EventCancelled).await;
}

/// Fails if a new attempt replaces another payment with the same id.
pub async fn a_payment_id_used_again_is_refused(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let first = shop.start_payment(&held);
    shop.apply(first.clone()).await;
    let next = shop.held(&hall, shop.buyer(), &[1]).await;
    for of in [&held, &next] {
        let mut again = shop.start_payment(of);
        again.payment = first.payment;
        let refused = StartPaymentRefused::PaymentIdTaken { payment: first.payment };
        shop.refuse(again, refused).await;
    }
}
