use super::*;
use crate::audit::audit;
use crate::decide::Envelope;
use crate::decide::fixture::{ADA, BEN, Show, at, won};
use crate::decide::{CaptureOutcome, ReconcileStep, RecordOutcome, ScheduleReconciliation};
use crate::gateway::{Captured, DepositAsked};
use crate::reservation::ReservationState;

fn end(show: &Show, now: Timestamp, payment: PaymentId) -> Envelope<EndPayment> {
    EndPayment::new(payment, "Kim", "the provider closed").at(now, show.key())
}

fn paid(show: &Show, now: Timestamp, payment: PaymentId) -> Envelope<RecordOutcome> {
    let outcome = CaptureOutcome::Paid(Captured::kept(payment.to_string(), "taken", won(100)));
    RecordOutcome::new(payment, outcome).paid_by(ADA, Terms::default()).at(now, show.key())
}

#[test]
fn an_ended_payment_keeps_its_reason_and_frees_its_seats() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(1), held, ADA);
    show.accept(&end(&show, at(601), payment));
    let row = show.payment(payment);
    assert_eq!(row.state, PaymentState::Declined { code: ENDED_BY_STAFF.into(), at: at(601) });
    assert_eq!((row.notes[0].author.as_str(), row.notes[0].text.as_str()), ("Kim", "the provider closed"));
    assert!(row.reconciliation.is_some() && !row.needs_attention() && !row.is_slow(at(10_000)));
    assert!(show.is_free(0, at(601)), "the hold was over");
    assert_eq!(audit(&show.snapshot), []);
    let again = end(&show, at(700), payment);
    assert!(matches!(show.refuse(&again), EndPaymentRefused::NotConfirming { .. }));
}

#[test]
fn a_hold_that_is_not_over_goes_on_and_is_paid_by_another_attempt() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(1), held, ADA);
    let impatient = Terms { trouble_after: std::time::Duration::from_secs(5), ..Terms::default() };
    show.accept(&end(&show, at(6), payment).map(|end| end.under(impatient)));
    assert_eq!(show.reservation(held).held_until(), Some(at(601)));
    show.paid(at(7), held, ADA);
    // The first attempt is captured as well: one capture pays, the other is refunded.
    show.accept(&paid(&show, at(8), payment));
    assert_eq!(show.payment(payment).queued_refund().unwrap().amount, won(100));
    assert_eq!(audit(&show.snapshot), []);
}

/// The note was written by a server whose clock is ahead. It does not settle a refund that was not known then.
#[test]
fn a_part_returned_before_the_late_capture_was_known_needs_attention() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(1), held, ADA);
    show.accept(&end(&show, at(601), payment));
    show.expire(at(601), held);
    let part_of_it = Captured::kept(payment.to_string(), "taken", won(100)).refunded(won(40));
    let late = RecordOutcome::new(payment, CaptureOutcome::Paid(part_of_it));
    show.accept(&late.paid_by(ADA, Terms::default()).at(at(601), show.key()));
    assert!(matches!(show.reservation(held).state, ReservationState::Confirmed { .. }));
    assert!(show.payment(payment).needs_attention(), "which tickets came back is not stated");
}

#[test]
fn money_of_an_ended_payment_is_late_money() {
    for taken in [false, true] {
        let mut show = Show::open();
        let held = show.held(at(0), ADA, &[0]);
        let payment = show.confirming(at(1), held, ADA);
        show.accept(&end(&show, at(601), payment));
        show.expire(at(601), held);
        if taken {
            show.held(at(602), BEN, &[0]);
        }
        show.accept(&paid(&show, at(700), payment));
        let sold = matches!(show.reservation(held).state, ReservationState::Confirmed { .. });
        assert_eq!((sold, show.payment(payment).queued_refund().is_some()), (!taken, taken));
        assert_eq!(audit(&show.snapshot), []);
    }
}

#[test]
fn asking_ends_once_the_provider_took_nothing() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(1), held, ADA);
    show.accept(&end(&show, at(601), payment));
    show.accept(
        &ScheduleReconciliation::new(payment, ReconcileStep::Claim { tries: 0 }).at(at(602), show.key()),
    );
    show.accept(&ScheduleReconciliation::new(payment, ReconcileStep::GiveUp).at(at(603), show.key()));
    assert_eq!(show.payment(payment).reconciliation, None);
    assert_eq!(audit(&show.snapshot), []);
}

#[test]
fn what_may_still_be_known_is_not_ended() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.prepared(at(1), held, ADA);
    let state = PaymentState::Ready;
    assert_eq!(show.refuse(&end(&show, at(2), payment)), EndPaymentRefused::NotConfirming { state });
    let other = show.held(at(1), BEN, &[1]);
    let payment = show.confirming(at(1), other, BEN);
    assert_eq!(show.refuse(&end(&show, at(600), payment)), EndPaymentRefused::TooSoon { until: at(601) });
    let deposit = ReconcileStep::Deposit(DepositAsked::default().due(at(2_000)));
    show.accept(&ScheduleReconciliation::new(payment, deposit).at(at(3), show.key()));
    let refused = EndPaymentRefused::TooSoon { until: at(2_600) };
    assert_eq!(show.refuse(&end(&show, at(2_599), payment)), refused);
    let silent = EndPayment { reason: " ".into(), ..end(&show, at(2_600), payment).command };
    assert_eq!(Command::check_texts(&silent).unwrap_err().field, "reason");
    show.accept(&end(&show, at(2_600), payment));
    assert!(show.payment(payment).reconciliation.as_ref().unwrap().deposit.is_none());
}
