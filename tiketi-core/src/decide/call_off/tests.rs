use super::*;
use crate::audit;
use crate::decide::fixture::{ADA, BEN, Show, at, won};
use crate::decide::{ConfirmFree, RecordRefund, RefundOutcome};

fn call_off(show: &Show, of: ReservationId) -> CallOff {
    CallOff::new(at(10), show.key(), of)
}

#[test]
fn what_is_paid_is_promised_back_once_and_ends_with_its_money() {
    let mut show = Show::open();
    let sold = show.held(at(0), ADA, &[0]);
    let payment = show.paid(at(1), sold, ADA);
    show.call_off(at(9));
    for _ in 0..2 {
        show.accept(&call_off(&show, sold));
    }
    let refunds = show.payment(payment).refunds.clone();
    assert_eq!(refunds.iter().map(|refund| refund.amount).collect::<Vec<_>>(), [won(100)]);
    assert!(matches!(show.reservation(sold).state, ReservationState::Confirmed { .. }));
    show.accept(&RecordRefund::new(at(11), show.key(), payment, refunds[0].id, RefundOutcome::Done));
    assert!(matches!(show.reservation(sold).state, ReservationState::Cancelled { .. }));
    assert_eq!(audit(&show.snapshot), []);
}

#[test]
fn what_is_free_or_held_ends_at_once() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let ask = show.hold(at(0), BEN, &[]).item(show.free, 1);
    let free = show.accept(&ask).reservation;
    show.accept(&ConfirmFree::new(at(1), show.key(), free, BEN));
    show.call_off(at(9));
    for reservation in [held, free] {
        show.accept(&call_off(&show, reservation));
        let expected = ReservationState::Cancelled { reason: CancelReason::ByOrganiser, at: at(10) };
        assert_eq!(show.reservation(reservation).state, expected);
    }
    assert_eq!(audit(&show.snapshot), []);
}

#[test]
fn what_is_being_paid_waits_for_its_money() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    show.confirming(at(1), held, ADA);
    show.call_off(at(9));
    assert_eq!(show.refuse(&call_off(&show, held)), CallOffRefused::PaymentInProgress);
}

#[test]
fn nothing_is_called_off_of_an_event_that_stands() {
    let mut show = Show::open();
    let sold = show.held(at(0), ADA, &[0]);
    assert_eq!(show.refuse(&call_off(&show, sold)), CallOffRefused::EventStands);
}

/// A refund that was refused is a person's to send again; nobody promises it a second time by itself.
#[test]
fn a_refusal_is_not_answered_with_another_promise() {
    let mut show = Show::open();
    let sold = show.held(at(0), ADA, &[0]);
    let payment = show.paid(at(1), sold, ADA);
    show.call_off(at(9));
    show.accept(&call_off(&show, sold));
    let refund = show.payment(payment).refunds[0].id;
    let refused = RefundOutcome::Refused { code: "TOO_LATE".into() };
    show.accept(&RecordRefund::new(at(11), show.key(), payment, refund, refused));
    show.accept(&call_off(&show, sold));
    assert_eq!(show.payment(payment).refunds.len(), 1);
    assert!(show.payment(payment).needs_person());
    assert_eq!(audit(&show.snapshot), []);
}
