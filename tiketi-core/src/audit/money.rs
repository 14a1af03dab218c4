//! Payments match reservations: nothing is sold without its money, and no money is kept without tickets.

use crate::audit::Violation;
use crate::audit::part::Lookup;
use crate::money::Money;
use crate::payment::{Payment, PaymentState, Refund, RefundState, RefundTickets, Settles, StuckReason};
use crate::reservation::{CancelReason, Reservation, ReservationState};

/// A reservation names a payment that is for it, and their states agree.
pub(super) fn check_payment_of(rows: &Lookup<'_>, reservation: &Reservation, found: &mut Vec<Violation>) {
    let payment = reservation.payment.and_then(|id| rows.payment(id));
    let payment = payment.filter(|payment| payment.reservation == reservation.id);
    match (reservation.payment, payment) {
        (Some(payment), None) => {
            found.push(Violation::PaymentUnknown { reservation: reservation.id, payment });
        }
        (_, payment) => found.extend(check_reservation(reservation, payment)),
    }
}

/// A payment is for a reservation of its buyer, and its money is where it has to be.
pub(super) fn check_payment_row(
    rows: &Lookup<'_>,
    payment: &Payment,
    cancelled: bool,
    found: &mut Vec<Violation>,
) {
    let reservation = rows.reservation(payment.reservation);
    match reservation.filter(|reservation| reservation.buyer == payment.buyer) {
        Some(reservation) => {
            found.extend(check_payment(payment, reservation));
            let bought = !cancelled && owns(reservation, payment);
            found.extend(check_listed(payment, bought, payment.needs_attention()));
        }
        None => {
            found.push(Violation::PaidForNothing { payment: payment.id, reservation: payment.reservation });
        }
    }
    check_captured(payment, found);
    check_refunds(payment, found);
    check_reconciliation(payment, found);
}

/// A reservation's state matches its latest payment's; [`check_payment`] checks captured money.
fn check_reservation(row: &Reservation, payment: Option<&Payment>) -> Option<Violation> {
    let reservation = row.id;
    let state = payment.map(|payment| &payment.state);
    match row.state {
        ReservationState::Confirmed { .. } => return check_sold(row, payment),
        ReservationState::Paying { payment, .. } => {
            let by_it = row.payment == Some(payment);
            let under_way = matches!(state, Some(PaymentState::Confirming { .. }));
            return (!by_it || !under_way).then_some(Violation::PayingByNothing { reservation });
        }
        ReservationState::Held { .. }
        | ReservationState::Expired { .. }
        | ReservationState::Cancelled { .. } => {}
    }
    let payment = payment?;
    let fits = match &payment.state {
        PaymentState::Declined { .. } => !was_refunded(row),
        PaymentState::Abandoned => row.held_until().is_none() && !was_refunded(row),
        PaymentState::Ready
        | PaymentState::Confirming { .. }
        | PaymentState::Paid { .. }
        | PaymentState::PartlyRefunded { .. }
        | PaymentState::Refunded { .. }
        | PaymentState::Stuck { .. } => true,
    };
    (!fits).then_some(Violation::PaymentDisagrees { reservation, payment: payment.id })
}

fn was_refunded(reservation: &Reservation) -> bool {
    matches!(reservation.state, ReservationState::Cancelled { reason: CancelReason::Refunded, .. })
}

/// A confirmed reservation is paid with exactly its price, or free, or reduced by a waiver of staff.
fn check_sold(row: &Reservation, payment: Option<&Payment>) -> Option<Violation> {
    let (reservation, total) = (row.id, row.total);
    let captured = payment.filter(|payment| match payment.state {
        PaymentState::Paid { .. } | PaymentState::PartlyRefunded { .. } | PaymentState::Refunded { .. } => {
            true
        }
        PaymentState::Ready
        | PaymentState::Confirming { .. }
        | PaymentState::Declined { .. }
        | PaymentState::Abandoned
        | PaymentState::Stuck { .. } => false,
    });
    match captured {
        Some(payment) if sent_back(payment).next().is_some() => check_rest(row, payment),
        Some(payment) if payment.amount != total => {
            let (payment, amount) = (payment.id, payment.amount);
            Some(Violation::WrongAmount { reservation, payment, total, amount })
        }
        None if !total.is_zero() => Some(Violation::SoldUnpaid { reservation }),
        Some(_) | None => None,
    }
}

/// After refunds: the money left is the price of the tickets still owned, plus what the policy kept of returned
/// tickets, minus waivers. Money refunded by hand at the provider is on the list that needs attention.
fn check_rest(row: &Reservation, payment: &Payment) -> Option<Violation> {
    let mut due = i128::from(row.total.minor());
    let mut gone = 0;
    for refund in sent_back(payment) {
        let amount = i128::from(refund.amount.minor());
        gone += amount;
        match &refund.tickets {
            RefundTickets::Returned(returned) => due += i128::from(returned.price.minor()) - amount,
            RefundTickets::Kept if !refund.reason.trim().is_empty() => due -= amount,
            RefundTickets::Unstated => due -= amount,
            RefundTickets::Kept | RefundTickets::None => {}
        }
    }
    let taken = payment.captured.unwrap_or(payment.amount);
    let kept = i128::from(taken.minor()) - gone;
    let (reservation, payment) = (row.id, payment.id);
    (kept != due).then_some(Violation::OwnedUnpaid { reservation, payment, kept, due })
}

/// Returns the refunds that are done.
fn sent_back(payment: &Payment) -> impl Iterator<Item = &Refund> {
    payment.refunds.iter().filter(|refund| matches!(refund.state, RefundState::Done { .. }))
}

/// Returns what the shop kept of the price of returned tickets.
fn kept_of_returned(payment: &Payment) -> i128 {
    let kept = |refund: &Refund| match &refund.tickets {
        RefundTickets::Returned(returned) => {
            i128::from(returned.price.minor()) - i128::from(refund.amount.minor())
        }
        RefundTickets::None | RefundTickets::Kept | RefundTickets::Unstated => 0,
    };
    sent_back(payment).map(kept).sum()
}

/// A payment's state matches the reservation that it is for.
fn check_payment(row: &Payment, reservation: &Reservation) -> Option<Violation> {
    let (payment, for_it) = (row.id, reservation.id);
    let awaited = matches!(reservation.state, ReservationState::Paying { payment, .. } if payment == row.id);
    match &row.state {
        PaymentState::Ready => {
            let awaited = reservation.payment == Some(payment) && reservation.held_until().is_some();
            (!awaited).then_some(Violation::ReadyForNothing { payment, reservation: for_it })
        }
        PaymentState::Confirming { .. } => {
            (!awaited).then_some(Violation::ConfirmingForNothing { payment, reservation: for_it })
        }
        PaymentState::Paid { .. } | PaymentState::PartlyRefunded { .. } => check_kept(row, reservation),
        PaymentState::Refunded { .. }
        | PaymentState::Declined { .. }
        | PaymentState::Abandoned
        | PaymentState::Stuck { .. } => None,
    }
}

/// Money that is left bought tickets, or the policy kept it, or it is queued for a refund, or it needs attention.
fn check_kept(row: &Payment, reservation: &Reservation) -> Option<Violation> {
    let (payment, kept) = (row.id, kept(row));
    let confirmed = matches!(reservation.state, ReservationState::Confirmed { .. });
    // `check_listed` checks that refused refunds need attention.
    let last_refused =
        matches!(row.refunds.last().map(|refund| &refund.state), Some(RefundState::Refused { .. }));
    if kept.minor() <= 0 || is_refund_queued(row) || last_refused {
        return None;
    }
    match reservation.payment {
        Some(owner) if confirmed && owner == payment => None,
        _ if i128::from(kept.minor()) <= kept_of_returned(row) => None,
        Some(first) if confirmed => {
            Some(Violation::PaidTwice { reservation: reservation.id, first, second: payment })
        }
        _ => Some(Violation::MoneyWithoutTickets { payment, kept }),
    }
}

fn owns(reservation: &Reservation, payment: &Payment) -> bool {
    matches!(reservation.state, ReservationState::Confirmed { .. }) && reservation.payment == Some(payment.id)
}

/// A refused refund of money that bought nothing, or of a cancelled event, needs attention.
///
/// Staff may have settled it, but only after the refusal: a note settles what came before it. Without a refusal, a
/// refund is still queued, or [`check_kept`] finds the violation.
pub(super) fn check_listed(row: &Payment, bought: bool, is_listed: bool) -> Option<Violation> {
    let kept = kept(row);
    if bought || is_listed || row.captured.is_none() || kept.minor() <= 0 || is_refund_queued(row) {
        return None;
    }
    let RefundState::Refused { at, .. } = row.refunds.last()?.state else { return None };
    let settled = row.notes.last().is_some_and(|note| note.settles == Settles::Yes && note.at >= at);
    (!settled).then_some(Violation::UnlistedMoney { payment: row.id, kept })
}

fn kept(payment: &Payment) -> Money {
    let taken = payment.captured.unwrap_or(payment.amount);
    Money::new(taken.minor().saturating_sub(payment.refunded.minor()), taken.currency())
}

fn is_refund_queued(payment: &Payment) -> bool {
    payment.refunds.iter().any(|refund| matches!(refund.state, RefundState::Queued { .. }))
}

/// The captured amount matches the state: it is the payment's amount, or the payment is stuck.
fn check_captured(row: &Payment, found: &mut Vec<Violation>) {
    let fits = match &row.state {
        PaymentState::Paid { .. } | PaymentState::PartlyRefunded { .. } => row.captured == Some(row.amount),
        PaymentState::Refunded { .. } => row.captured.is_some(),
        PaymentState::Stuck { reason: StuckReason::AmountMismatch { captured }, .. } => {
            row.captured == Some(*captured)
        }
        PaymentState::Ready
        | PaymentState::Confirming { .. }
        | PaymentState::Declined { .. }
        | PaymentState::Abandoned
        | PaymentState::Stuck { reason: StuckReason::OrderMismatch { .. }, .. } => row.captured.is_none(),
    };
    if !fits {
        found.push(Violation::CapturedDisagrees { payment: row.id });
    }
}

/// A payment with an unknown outcome has a reconciliation; one with a known outcome has none.
fn check_reconciliation(row: &Payment, found: &mut Vec<Violation>) {
    let payment = row.id;
    let awaited = matches!(row.state, PaymentState::Confirming { .. }) || is_refund_queued(row);
    // Money may still move for a browser's attempt that was not confirmed, and for one that ended without an answer.
    let may_be = match &row.state {
        PaymentState::Ready | PaymentState::Abandoned => true,
        PaymentState::Declined { .. } => row.is_ended_unanswered(),
        PaymentState::Confirming { .. }
        | PaymentState::Paid { .. }
        | PaymentState::PartlyRefunded { .. }
        | PaymentState::Refunded { .. }
        | PaymentState::Stuck { .. } => false,
    };
    match &row.reconciliation {
        None if awaited => found.push(Violation::NoReconciliation { payment }),
        Some(_) if !awaited && !may_be && !is_withdrawn(row) => {
            found.push(Violation::AskedForNothing { payment });
        }
        _ => {}
    }
}

/// A payment whose deposit was withdrawn needs attention.
fn is_withdrawn(row: &Payment) -> bool {
    let kept = matches!(row.state, PaymentState::Paid { .. } | PaymentState::PartlyRefunded { .. });
    kept && row.reconciliation.as_ref().is_some_and(|reconciliation| reconciliation.deposit.is_some())
}

/// The refunded amount is the sum of the refunds, at most the capture, and matches the state.
fn check_refunds(row: &Payment, found: &mut Vec<Violation>) {
    let (payment, refunded) = (row.id, row.refunded);
    let amount = row.captured.unwrap_or(Money::zero(refunded.currency()));
    let mut ids: Vec<_> = row.refunds.iter().map(|refund| refund.id).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() != row.refunds.len() {
        found.push(Violation::RefundIdTwice { payment });
    }
    let of = |wanted: fn(&RefundState) -> bool| -> i128 {
        let refunds = row.refunds.iter().filter(|refund| wanted(&refund.state));
        refunds.map(|refund| i128::from(refund.amount.minor())).sum()
    };
    let done = of(|state| matches!(state, RefundState::Done { .. }));
    let promised = of(|state| matches!(state, RefundState::Queued { .. }));
    if done != i128::from(refunded.minor()) {
        return found.push(Violation::RefundsMiscounted { payment, refunded, counted: done });
    }
    if done + promised > i128::from(amount.minor()) {
        return found.push(Violation::Overrefunded { payment, amount });
    }
    let fits = match row.state {
        PaymentState::Refunded { .. } => refunded == amount,
        PaymentState::PartlyRefunded { .. } => refunded.minor() > 0 && refunded != amount,
        PaymentState::Ready
        | PaymentState::Confirming { .. }
        | PaymentState::Paid { .. }
        | PaymentState::Declined { .. }
        | PaymentState::Abandoned => refunded.is_zero(),
        PaymentState::Stuck { .. } => refunded.is_zero() || refunded != amount,
    };
    if !fits {
        found.push(Violation::RefundDisagrees { payment, refunded, amount });
    }
}
