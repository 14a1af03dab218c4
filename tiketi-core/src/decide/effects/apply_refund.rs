//! Writes a payment of which more was refunded, and takes the tickets.

use crate::decide::change_builder::ChangeBuilder;
use crate::decide::effects::end_reservation::end_refunded;
use crate::decide::effects::queue_refund::queue_refund;
use crate::decide::effects::reconciliation::reconciliation_of_refunds;
use crate::decide::effects::take_back::take_back;
use crate::decide::refund_amount::{bought_by, owed_for_nothing};
use crate::decide::scope::Scope;
use crate::error::StoreError;
use crate::id::RefundId;
use crate::payment::{Payment, PaymentStep, RefundTickets};
use crate::terms::RefundedSeats;
use crate::time::Timestamp;

/// Reason of a refund of the rest, in words that the provider and the buyer may read.
const THE_REST: &str = "the rest of a payment that bought nothing";

/// Writes a payment with a larger refunded amount, and takes back the refund's tickets.
///
/// If all of the money is refunded, and a part of it at the provider, the reservation that it paid for ends: no one said
/// for which tickets that part was, and nothing is left that pays for the others.
pub(in crate::decide) fn apply_refund(
    change: &mut ChangeBuilder<'_>,
    scope: &dyn Scope,
    mut payment: Payment,
    tickets: Option<&RefundTickets>,
    seats: RefundedSeats,
    now: Timestamp,
) -> Result<(), StoreError> {
    let in_full = payment.captured == Some(payment.refunded);
    let bought = bought_by(scope, &payment);
    let by_hand = payment.refunds.iter().any(|refund| refund.tickets == RefundTickets::Unstated);
    payment.reconciliation = reconciliation_of_refunds(&payment, now);
    payment.state = payment.state.apply(&PaymentStep::Refund { in_full, at: now })?;
    if bought.is_none() {
        payment = queue_rest(payment, now)?;
    }
    change.payment_row(payment);
    match (bought, tickets) {
        (Some(reservation), _) if in_full && by_hand => end_refunded(change, reservation, seats, now),
        (Some(reservation), Some(RefundTickets::Returned(returned))) => {
            take_back(change, reservation, returned, seats, now)
        }
        _ => Ok(()),
    }
}

/// Queues the rest of a payment that bought nothing, after a part was refunded.
///
/// A refund of everything may have been refused before. The person who refunded the part at the provider has seen that
/// refusal.
fn queue_rest(payment: Payment, now: Timestamp) -> Result<Payment, StoreError> {
    let left = owed_for_nothing(&payment)?;
    if left.minor() <= 0 || payment.queued_refund().is_some() {
        return Ok(payment);
    }
    let id = RefundId::derived(payment.id, &format!("the rest after {}", payment.refunded));
    queue_refund(&payment, id, left, THE_REST, RefundTickets::None, now)
}
