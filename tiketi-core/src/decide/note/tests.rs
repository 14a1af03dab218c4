use super::*;
use crate::decide::Envelope;
use crate::decide::fixture::{ADA, Show, at};
use crate::decide::{ReconcileStep, RecordRefund, RefundOutcome, ScheduleReconciliation};
use crate::gateway::DepositAsked;

fn note(show: &Show, now: Timestamp, payment: PaymentId, settles: Settles) -> Envelope<NotePayment> {
    NotePayment::new(payment, "Kim", "called the bank", settles).at(now, show.key())
}

fn sold(show: &mut Show) -> PaymentId {
    let held = show.held(at(0), ADA, &[0]);
    show.paid(at(1), held, ADA)
}

/// Queues a refund, which the provider refuses.
fn refused(show: &mut Show, now: Timestamp, payment: PaymentId) {
    let ask = show.refund(payment).at(now, show.key());
    show.accept(&ask);
    let no = RefundOutcome::Refused { code: "TOO_LATE".into() };
    show.accept(&RecordRefund::new(payment, ask.command.refund, no).at(now, show.key()));
}

/// A server with a slow clock records the third refusal, so its time is earlier than that of the note before.
#[test]
fn a_note_settles_what_came_before_it_and_no_later_refusal() {
    let mut show = Show::open();
    let payment = sold(&mut show);
    for (refusal, settled) in [(2, 3), (4, 4), (3, 2)] {
        refused(&mut show, at(refusal), payment);
        assert!(show.payment(payment).needs_attention(), "refused at {refusal}");
        show.accept(&note(&show, at(settled), payment, Settles::Yes));
        assert!(!show.payment(payment).needs_attention(), "settled at {settled}");
    }
    show.accept(&note(&show, at(5), payment, Settles::No));
    assert!(show.payment(payment).needs_attention(), "there is more to do");
}

#[test]
fn a_deposit_that_leaves_after_a_note_is_listed_again() {
    let mut show = Show::open();
    let payment = sold(&mut show);
    let gone = |show: &Show, now| {
        let asked = DepositAsked::default();
        ScheduleReconciliation::new(payment, ReconcileStep::DepositGone(asked)).at(now, show.key())
    };
    for now in [2, 4, 3] {
        show.accept(&gone(&show, at(now)));
        assert!(show.payment(payment).needs_attention(), "gone at {now}");
        show.accept(&gone(&show, at(now)));
        show.accept(&note(&show, at(now), payment, Settles::Yes));
        assert!(!show.payment(payment).needs_attention(), "settled at {now}");
    }
}

/// Fails if the note also ends the reconciliation of the refund, which would then never be sent again.
#[test]
fn a_note_on_a_withdrawn_deposit_leaves_its_queued_refund_to_the_jobs() {
    let mut show = Show::open();
    let payment = sold(&mut show);
    let gone = ReconcileStep::DepositGone(DepositAsked::default());
    show.accept(&show.refund(payment).at(at(2), show.key()));
    show.accept(&ScheduleReconciliation::new(payment, gone).at(at(3), show.key()));
    assert!(show.payment(payment).is_withdrawn());
    let before = show.payment(payment).reconciliation.clone();
    show.accept(&note(&show, at(4), payment, Settles::No));
    assert_eq!(show.payment(payment).reconciliation, before, "the deposit is still awaited");
    show.accept(&note(&show, at(4), payment, Settles::Yes));
    assert_eq!(show.payment(payment).reconciliation.as_ref().map(|asked| asked.next), Some(at(4)));
}
