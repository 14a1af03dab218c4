//! Queues a refund of a payment.

use crate::decide::effects::reconciliation::reconciliation_due;
use crate::decide::new_id::add_refund;
use crate::error::StoreError;
use crate::id::RefundId;
use crate::money::Money;
use crate::payment::{Payment, Refund, RefundState, RefundTickets};
use crate::time::Timestamp;

/// Adds a queued refund to where the money came from, to be sent from now on.
pub(in crate::decide) fn queue_refund(
    payment: &Payment,
    id: RefundId,
    amount: Money,
    reason: &str,
    tickets: RefundTickets,
    now: Timestamp,
) -> Result<Payment, StoreError> {
    let state = RefundState::Queued { since: now, account: None };
    let mut promised = payment.clone();
    add_refund(&mut promised, Refund { id, amount, reason: reason.to_owned(), tickets, state })?;
    promised.reconciliation = Some(reconciliation_due(now, now));
    Ok(promised)
}

/// Returns whether the outcome of a refund is not known yet.
pub(in crate::decide) fn is_queued(refund: &Refund) -> bool {
    matches!(refund.state, RefundState::Queued { .. })
}
