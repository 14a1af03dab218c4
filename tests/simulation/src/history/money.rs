//! Money: what the shop believes is what the provider did, and what is sold is paid.

use std::collections::BTreeMap;

use tiketi_core::decide::{AnyCommand, CaptureOutcome, RefundOutcome, Scope, Snapshot};
use tiketi_core::payment::{ENDED_BY_STAFF, Payment, PaymentState, RefundState, StuckReason};
use tiketi_core::{Reservation, ReservationId, ReservationState};

use crate::history::Cause;
use crate::provider::{Book, Provider};
use crate::sometimes::Sometimes;
use crate::story::Short;

/// Checks the difference that a commit made to one payment.
pub(crate) fn check_payment(
    cause: &Cause<'_>,
    before: Option<&Payment>,
    after: &Payment,
    book: &Book,
) -> Result<Vec<Sometimes>, String> {
    let wrong = |why: &str| {
        Err(format!(
            "payment {}: {why}: {before:?} became {after:?}, the provider has {book:?}",
            Short(after.id.as_uuid())
        ))
    };
    if before.is_some_and(|before| before.reservation != after.reservation || before.buyer != after.buyer) {
        return wrong("its buyer or reservation changed");
    }
    if before.is_some_and(|before| regresses(&before.state, &after.state)) {
        return wrong("its state went back");
    }
    if after.captured.is_some_and(|captured| captured.minor() != book.taken_minor()) {
        return wrong("another amount is recorded than was captured");
    }
    if after.refunded.minor() > book.returned() {
        return wrong("more is recorded as refunded than went back");
    }
    let is_done = |refund: &&tiketi_core::Refund| matches!(refund.state, RefundState::Done { .. });
    let done: i64 = after.refunds.iter().filter(is_done).map(|refund| refund.amount.minor()).sum();
    if done > book.returned() {
        return wrong("refunds are recorded as done that were not made");
    }
    let is_declined = matches!(&after.state, PaymentState::Declined { code, .. } if code != ENDED_BY_STAFF);
    let was_declined = before.is_some_and(|before| matches!(before.state, PaymentState::Declined { .. }));
    if is_declined && !was_declined && book.taken.is_some() {
        return wrong("it was recorded as declined, although the money was taken");
    }
    Ok(reached(cause, before, after))
}

/// Returns whether a state goes back: what was captured stays captured, and what was returned stays returned.
fn regresses(before: &PaymentState, after: &PaymentState) -> bool {
    let rank = |state: &PaymentState| match state {
        PaymentState::Ready => 0,
        PaymentState::Confirming { .. } => 1,
        PaymentState::Declined { .. } | PaymentState::Abandoned => 2,
        PaymentState::Stuck { reason: StuckReason::OrderMismatch { .. }, .. } => 3,
        PaymentState::Paid { .. } | PaymentState::Stuck { .. } => 4,
        PaymentState::PartlyRefunded { .. } => 5,
        PaymentState::Refunded { .. } => 6,
    };
    rank(after) < rank(before)
}

fn reached(cause: &Cause<'_>, before: Option<&Payment>, after: &Payment) -> Vec<Sometimes> {
    let mut reached = Vec::new();
    if after.is_withdrawn() && before.is_some_and(|before| !before.is_withdrawn()) {
        reached.push(Sometimes::DepositWithdrawn);
    }
    let is_new = before.is_none_or(|before| before.state != after.state);
    if !is_new {
        let is_refused = |payment: &Payment| {
            payment.refunds.iter().filter(|it| matches!(it.state, RefundState::Refused { .. })).count()
        };
        if before.is_some_and(|before| is_refused(after) > is_refused(before)) {
            reached.push(Sometimes::RefundRefused);
        }
        return reached;
    }
    match &after.state {
        PaymentState::Declined { code, .. } if code == ENDED_BY_STAFF => {
            reached.push(Sometimes::EndedByStaff);
        }
        PaymentState::Declined { code, .. } if code == "DEPOSIT_OVERDUE" => {
            reached.push(Sometimes::DepositOverdue);
        }
        PaymentState::Declined { code, .. } if code == "DEPOSIT_GIVEN_UP" => {
            reached.push(Sometimes::DepositGivenUp);
        }
        PaymentState::Declined { .. } => reached.push(Sometimes::Declined),
        PaymentState::Paid { .. } if before.is_some_and(|before| before.awaited_deposit().is_some()) => {
            reached.push(Sometimes::DepositArrived);
        }
        PaymentState::Stuck { .. } => reached.push(Sometimes::Stuck),
        PaymentState::PartlyRefunded { .. } => reached.push(Sometimes::PartlyRefunded),
        PaymentState::Refunded { .. } => reached.push(Sometimes::Refunded),
        PaymentState::Paid { .. }
            if before.is_some_and(|before| before.reconciliation.as_ref().is_some_and(|it| it.tries > 0)) =>
        {
            reached.push(Sometimes::Reconciled);
        }
        _ => {}
    }
    let is_late = |refund: &&tiketi_core::Refund| refund.reason == "the payment arrived too late";
    if after.refunds.iter().any(|refund| is_late(&refund))
        && before.is_some_and(|before| before.refunds.is_empty())
    {
        reached.push(Sometimes::LateMoneyWentBack);
    }
    if let Some(AnyCommand::RecordOutcome(record)) = cause.command()
        && let CaptureOutcome::Paid(captured) = &record.outcome
        && captured.refunded.minor() > 0
    {
        let known = before.is_some_and(|before| before.captured.is_some());
        let queued = before.is_some_and(|before| before.queued_refund().is_some());
        if !known {
            reached.push(Sometimes::PaidAndGivenBack);
        } else if queued {
            reached.push(Sometimes::ByHandWhileQueued);
        }
    }
    reached
}

/// Checks that what this commit sold is paid, to the last unit, and that the money was still there when it was looked at.
pub(crate) fn check_sold(
    cause: &Cause<'_>,
    known: &BTreeMap<ReservationId, Reservation>,
    rows: &Snapshot,
    provider: &Provider,
) -> Result<(), String> {
    let is_sold = |row: &Reservation| matches!(row.state, ReservationState::Confirmed { .. });
    for sold in rows.reservations().filter(|row| is_sold(row)) {
        if known.get(&sold.id).is_some_and(is_sold) || sold.total.is_zero() {
            continue;
        }
        let name = Short(sold.id.as_uuid());
        let Some(payment) = sold.payment else {
            return Err(format!("reservation {name} was sold without a payment"));
        };
        if provider.book(payment).taken_minor() < sold.total.minor() {
            return Err(format!("reservation {name} was sold, and the provider has no money for it"));
        }
        if rows.payment(payment).is_none_or(|payment| payment.captured.is_none()) {
            return Err(format!("reservation {name} was sold, and no capture is recorded"));
        }
        if let Some(AnyCommand::RecordOutcome(record)) = cause.command()
            && let CaptureOutcome::Paid(captured) = &record.outcome
            && captured.refunded.minor() >= captured.amount.minor()
        {
            return Err(format!("reservation {name} was sold for money that had been given back"));
        }
    }
    if let Some(AnyCommand::RecordRefund(record)) = cause.command()
        && matches!(record.outcome, RefundOutcome::Done)
        && !provider.book(record.payment).refunds.contains_key(&record.refund)
    {
        return Err("a refund was recorded that the provider did not make".into());
    }
    Ok(())
}
