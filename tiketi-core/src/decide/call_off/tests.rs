use super::*;
use crate::audit::audit;
use crate::decide::Envelope;
use crate::decide::fixture::{ADA, BEN, Show, at, won};
use crate::decide::{CaptureOutcome, ConfirmFree, NotePayment, RecordOutcome, RecordRefund, RefundOutcome};
use crate::gateway::Captured;
use crate::id::PaymentId;
use crate::payment::Settles;

fn call_off(show: &Show, of: ReservationId) -> Envelope<CallOff> {
    CallOff::new(of).at(at(10), show.key())
}

#[test]
fn a_paid_reservation_of_a_called_off_event_is_refunded_once() {
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
    show.accept(&RecordRefund::new(payment, refunds[0].id, RefundOutcome::Done).at(at(11), show.key()));
    assert!(matches!(show.reservation(sold).state, ReservationState::Cancelled { .. }));
    assert_eq!(audit(&show.snapshot), []);
}

#[test]
fn what_is_free_or_held_ends_at_once() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let ask = show.hold(BEN, &[]).item(show.free, 1).at(at(0), show.key());
    let free = show.accept(&ask).reservation;
    show.accept(&ConfirmFree::new(free, BEN).at(at(1), show.key()));
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

/// Staff must send a refused refund again; it is not queued a second time automatically.
#[test]
fn a_refused_refund_is_not_queued_again() {
    let mut show = Show::open();
    let sold = show.held(at(0), ADA, &[0]);
    let payment = show.paid(at(1), sold, ADA);
    show.call_off(at(9));
    show.accept(&call_off(&show, sold));
    let refund = show.payment(payment).refunds[0].id;
    let refused = RefundOutcome::Refused { code: "TOO_LATE".into() };
    show.accept(&RecordRefund::new(payment, refund, refused).at(at(11), show.key()));
    show.accept(&call_off(&show, sold));
    assert_eq!(show.payment(payment).refunds.len(), 1);
    assert!(show.payment(payment).needs_attention());
    assert_eq!(audit(&show.snapshot), []);
}

/// A case that a random sequence found: in a batch the hold may have ended, and another reservation may own its
/// seat.
#[test]
fn a_lapsed_hold_is_ended_without_touching_what_another_took_over() {
    let mut show = Show::open();
    let lapsed = show.held(at(0), ADA, &[0]);
    let other = show.held(at(300), BEN, &[0]);
    show.call_off(at(301));
    show.accept(&CallOff::new(lapsed).at(at(301), show.key()));
    assert!(matches!(show.reservation(lapsed).state, ReservationState::Expired { .. }));
    assert!(!show.is_free(0, at(302)));
    show.accept(&CallOff::new(other).at(at(303), show.key()));
    assert!(show.is_free(0, at(304)));
    assert_eq!(audit(&show.snapshot), []);
}

/// Records that the provider refused the queued refund.
fn refuse_refund(show: &mut Show, now: Timestamp, payment: PaymentId) {
    let refund = show.payment(payment).queued_refund().unwrap().id;
    let refused = RefundOutcome::Refused { code: "TOO_LATE".into() };
    show.accept(&RecordRefund::new(payment, refund, refused).at(now, show.key()));
}

fn settling(show: &Show, now: Timestamp, payment: PaymentId) -> Envelope<NotePayment> {
    NotePayment::new(payment, "Kim", "paid out by hand", Settles::Yes).at(now, show.key())
}

fn promised(show: &Show, payment: PaymentId) -> Option<crate::Money> {
    show.payment(payment).queued_refund().map(|refund| refund.amount)
}

/// The amount of the refund follows from the event and the captured money, not from earlier refunds.
#[test]
fn a_refusal_before_the_event_was_cancelled_keeps_no_money_back() {
    for part in [Some(won(40)), None] {
        let mut show = Show::open();
        let sold = show.held(at(0), ADA, &[0]);
        let payment = show.paid(at(1), sold, ADA);
        let mut ask = show.refund(payment).at(at(2), show.key());
        if let Some(part) = part {
            ask = ask.map(|ask| ask.only(part));
        }
        show.accept(&ask);
        refuse_refund(&mut show, at(3), payment);
        show.accept(&settling(&show, at(4), payment));
        show.call_off(at(9));
        show.accept(&call_off(&show, sold));
        assert_eq!(promised(&show, payment), Some(won(100)));
        refuse_refund(&mut show, at(11), payment);
        assert!(show.payment(payment).needs_attention(), "the old note settles no later refusal");
        show.accept(&call_off(&show, sold));
        assert_eq!(promised(&show, payment), None, "a person has to look");
        assert_eq!(audit(&show.snapshot), []);
    }
}

#[test]
fn the_rest_after_a_refund_by_hand_is_queued_again_after_a_refusal() {
    let mut show = Show::open();
    let sold = show.held(at(0), ADA, &[0]);
    let payment = show.paid(at(1), sold, ADA);
    show.call_off(at(9));
    show.accept(&call_off(&show, sold));
    refuse_refund(&mut show, at(11), payment);
    let kept = Captured::kept(payment.to_string(), "taken", won(100));
    let part = CaptureOutcome::Paid(Captured { refunded: won(30), ..kept });
    show.accept(&RecordOutcome::new(payment, part).at(at(12), show.key()));
    for _ in 0..2 {
        show.accept(&call_off(&show, sold));
        assert_eq!(promised(&show, payment), Some(won(70)));
    }
    refuse_refund(&mut show, at(13), payment);
    show.accept(&call_off(&show, sold));
    assert_eq!(promised(&show, payment), None);
    assert!(show.payment(payment).needs_attention());
}
