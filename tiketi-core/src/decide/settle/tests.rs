use super::*;
use crate::decide::cancel::{Cancel, CancelRefused};
use crate::decide::fixture::{ADA, BEN, Show, at, won};
use crate::time::Timestamp;

fn paid(show: &Show, now: Timestamp, payment: PaymentId, amount: Money) -> RecordOutcome {
    let outcome = CaptureOutcome::Paid { provider_key: "taken".into(), amount };
    RecordOutcome::new(now, show.key(), payment, outcome)
}

fn declined(show: &Show, now: Timestamp, payment: PaymentId) -> RecordOutcome {
    RecordOutcome::new(now, show.key(), payment, CaptureOutcome::Declined { code: "NO".into() })
}

#[test]
fn exactly_the_money_asked_for_sells() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(1), held, ADA);
    show.accept(&paid(&show, at(2), payment, won(100)));
    assert_eq!(show.reservation(held).state, ReservationState::Confirmed { at: at(2) });
    assert_eq!(show.payment(payment).provider_key.as_deref(), Some("taken"));
}

#[test]
fn another_amount_sells_nothing_and_is_there_to_be_seen() {
    for captured in [won(99), won(101), won(0)] {
        let mut show = Show::open();
        let held = show.held(at(0), ADA, &[0]);
        let payment = show.confirming(at(1), held, ADA);
        show.accept(&paid(&show, at(2), payment, captured));
        let reason = StuckReason::AmountMismatch { captured };
        assert_eq!(show.payment(payment).state, PaymentState::Stuck { reason, at: at(2) });
        assert!(!matches!(show.reservation(held).state, ReservationState::Confirmed { .. }));
        assert!(!show.is_free(0, Timestamp::FAR_FUTURE.before(std::time::Duration::from_secs(1))));
    }
}

#[test]
fn an_outcome_is_recorded_once() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(1), held, ADA);
    show.accept(&paid(&show, at(2), payment, won(100)));
    // A late word of the provider never makes what is paid unpaid.
    let state = PaymentState::Paid { at: at(2) };
    let late = declined(&show, at(3), payment);
    assert_eq!(show.refuse(&late), RecordOutcomeRefused::NotConfirming { state });
}

#[test]
fn no_outcome_is_recorded_of_money_that_was_not_asked_for() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.prepared(at(1), held, ADA);
    let state = PaymentState::Ready;
    let forged = paid(&show, at(2), payment, won(100));
    assert_eq!(show.refuse(&forged), RecordOutcomeRefused::NotConfirming { state });
}

#[test]
fn money_that_took_an_hour_still_buys_the_seats() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(1), held, ADA);
    show.accept(&paid(&show, at(3_600), payment, won(100)));
    assert_eq!(show.reservation(held).state, ReservationState::Confirmed { at: at(3_600) });
}

#[test]
fn a_decline_after_the_hold_s_end_leaves_the_seats_to_the_next() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(1), held, ADA);
    assert!(!show.is_free(0, at(3_600)));
    show.accept(&declined(&show, at(3_600), payment));
    assert!(show.reservation(held).is_due_at(at(3_600)));
    show.held(at(3_600), BEN, &[0]);
}

#[test]
fn what_is_being_paid_is_cancelled_by_nobody() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    show.confirming(at(1), held, ADA);
    let ask = Cancel::by_organiser(at(2), show.key(), held);
    assert_eq!(show.refuse(&ask), CancelRefused::PaymentInProgress);
}
