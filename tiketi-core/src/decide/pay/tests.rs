use super::*;
use crate::decide::Envelope;
use crate::decide::fixture::{ADA, BEN, Show, at, won};
use crate::decide::{
    BeginConfirm, BeginConfirmRefused, CaptureOutcome, ConfirmFree, ConfirmFreeRefused, RecordOutcome,
};
use crate::reservation::ReservationState;

fn confirm(show: &Show, now: Timestamp, payment: PaymentId, by: BuyerId) -> Envelope<BeginConfirm> {
    BeginConfirm::new(payment, by).at(now, show.key())
}

#[test]
fn the_payment_window_is_granted_once_from_the_first_prepare() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    show.prepared(at(200), held, ADA);
    assert_eq!(show.reservation(held).held_until(), Some(at(800)));
    show.prepared(at(400), held, ADA);
    assert_eq!(show.reservation(held).held_until(), Some(at(800)));
}

#[test]
fn the_payment_window_never_shortens_a_hold() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let mut prepare = show.prepare(held, ADA).at(at(10), show.key());
    prepare.command.terms = Terms::default().payment_window(std::time::Duration::from_secs(1)).into();
    show.accept(&prepare);
    assert_eq!(show.reservation(held).held_until(), Some(at(300)));
    assert!(show.reservation(held).payment_window_granted);
}

#[test]
fn preparing_twice_leaves_one_attempt_that_can_be_confirmed() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let first = show.prepared(at(1), held, ADA);
    let second = show.prepared(at(2), held, ADA);
    let state = PaymentState::Abandoned;
    assert_eq!(show.refuse(&confirm(&show, at(3), first, ADA)), BeginConfirmRefused::NotReady { state });
    show.accept(&confirm(&show, at(3), second, ADA));
    assert!(
        matches!(show.reservation(held).state, ReservationState::Paying { payment, .. } if payment == second)
    );
}

/// No sequence of commands leads to such rows: a new attempt or a new price abandons the earlier attempt. The rule
/// checks the rows nevertheless, because it decides about money.
///
/// Fails if any attempt of the reservation counts as its latest, or if the total is not compared with the amount.
#[test]
fn inconsistent_rows_cannot_be_confirmed() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let first = show.prepared(at(1), held, ADA);
    let revived = show.payment(first).clone();
    let latest = show.prepared(at(2), held, ADA);
    show.snapshot.put_payment(revived);
    assert_eq!(show.refuse(&confirm(&show, at(3), first, ADA)), BeginConfirmRefused::ReservationNotPending);

    let dearer = Reservation { total: won(200), ..show.reservation(held).clone() };
    show.snapshot.put_reservation(dearer);
    assert_eq!(show.refuse(&confirm(&show, at(3), latest, ADA)), BeginConfirmRefused::ReservationNotPending);
}

#[test]
fn an_attempt_abandoned_by_adding_a_seat_cannot_be_confirmed() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.prepared(at(1), held, ADA);
    show.held(at(2), ADA, &[1]);
    let state = PaymentState::Abandoned;
    assert_eq!(show.refuse(&confirm(&show, at(3), payment, ADA)), BeginConfirmRefused::NotReady { state });
}

/// Fails without the key, by which the provider is asked and webhooks find the payment.
#[test]
fn a_confirm_keeps_the_provider_s_key() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.prepared(at(1), held, ADA);
    show.accept(&confirm(&show, at(2), payment, ADA).map(|ask| ask.with_provider_key("key of the provider")));
    assert_eq!(show.payment(payment).provider_key.as_deref(), Some("key of the provider"));
}

#[test]
fn confirming_twice_asks_for_the_money_once() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(1), held, ADA);
    let state = PaymentState::Confirming { since: at(1) };
    assert_eq!(show.refuse(&confirm(&show, at(2), payment, ADA)), BeginConfirmRefused::NotReady { state });
}

#[test]
fn another_amount_than_the_total_is_refused_with_the_total() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let expected = won(100);
    let prepare = show.prepare(held, ADA).expecting(won(99)).at(at(1), show.key());
    assert_eq!(show.refuse(&prepare), StartPaymentRefused::AmountMismatch { expected });
    let payment = show.prepared(at(1), held, ADA);
    let ask = confirm(&show, at(2), payment, ADA).map(|ask| ask.expecting(won(1)));
    assert_eq!(show.refuse(&ask), BeginConfirmRefused::AmountMismatch { expected });
    show.accept(&confirm(&show, at(2), payment, ADA).map(|ask| ask.expecting(expected)));
}

#[test]
fn a_hold_that_is_over_is_not_paid_for() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    assert_eq!(
        show.refuse(&show.prepare(held, ADA).at(at(300), show.key())),
        StartPaymentRefused::NotPending
    );
    let payment = show.prepared(at(0), held, ADA);
    let late = confirm(&show, at(600), payment, ADA);
    assert_eq!(show.refuse(&late), BeginConfirmRefused::ReservationNotPending);
    let in_time = confirm(&show, at(600).before(std::time::Duration::from_micros(1)), payment, ADA);
    show.accept(&in_time);
}

#[test]
fn a_buyer_cannot_pay_for_the_reservation_of_another_buyer() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    assert_eq!(
        show.refuse(&show.prepare(held, BEN).at(at(1), show.key())),
        StartPaymentRefused::ReservationNotFound
    );
    let payment = show.prepared(at(1), held, ADA);
    assert_eq!(show.refuse(&confirm(&show, at(2), payment, BEN)), BeginConfirmRefused::PaymentNotFound);
}

#[test]
fn no_money_is_asked_for_once_the_event_is_called_off() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.prepared(at(1), held, ADA);
    show.call_off(at(2));
    assert_eq!(
        show.refuse(&show.prepare(held, ADA).at(at(3), show.key())),
        StartPaymentRefused::EventCancelled
    );
    assert_eq!(show.refuse(&confirm(&show, at(3), payment, ADA)), BeginConfirmRefused::EventCancelled);
}

#[test]
fn what_costs_nothing_is_confirmed_without_a_payment_and_nothing_else_is() {
    let mut show = Show::open();
    let ask = show.hold(ADA, &[]).item(show.free, 2).at(at(0), show.key());
    let free = show.accept(&ask).reservation;
    assert_eq!(
        show.refuse(&show.prepare(free, ADA).at(at(1), show.key())),
        StartPaymentRefused::NothingToPay
    );
    show.accept(&ConfirmFree::new(free, ADA).at(at(1), show.key()));
    assert_eq!(show.reservation(free).state, ReservationState::Confirmed { at: at(1) });

    let priced = show.held(at(2), ADA, &[0]);
    let ask = ConfirmFree::new(priced, ADA).at(at(3), show.key());
    assert_eq!(show.refuse(&ask), ConfirmFreeRefused::NotFree);
}

/// Defect 11 of the first Tiketi: after one declined card the buyer could never pay for the reservation.
#[test]
fn defect_11_a_declined_buyer_tries_again_with_a_new_attempt() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let declined = show.confirming(at(1), held, ADA);
    let outcome = CaptureOutcome::Declined { code: "CARD_EXPIRED".into() };
    show.accept(&RecordOutcome::new(declined, outcome).at(at(2), show.key()));
    assert_eq!(show.reservation(held).held_until(), Some(at(601)), "the same hold, no longer and no shorter");
    let paid = show.paid(at(3), held, ADA);
    assert_eq!(show.reservation(held).state, ReservationState::Confirmed { at: at(3) });
    assert!(matches!(show.payment(declined).state, PaymentState::Declined { .. }));
    assert!(show.payment(paid).is_captured());
}

/// A store keeps command records for 24 hours, but payments for ever.
#[test]
fn a_new_attempt_never_takes_the_id_of_another() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let first = show.prepare(held, ADA).at(at(1), show.key());
    show.accept(&first);
    let refused = StartPaymentRefused::PaymentIdTaken { payment: first.command.payment };
    assert_eq!(show.refuse(&first), refused);
    let other = show.held(at(1), BEN, &[1]);
    let stolen = first.map(|first| StartPayment { reservation: other, buyer: BEN, ..first });
    assert_eq!(show.refuse(&stolen), refused);
}
