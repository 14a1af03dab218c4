//! Says when a provider is asked about a payment.

use crate::payment::{Payment, Reconciliation};
use crate::time::Timestamp;

/// Makes a reconciliation that is awaited since `since` and due from `next` on.
pub(in crate::decide) fn reconciliation_due(since: Timestamp, next: Timestamp) -> Reconciliation {
    Reconciliation { since, next, tries: 0, last_inconclusive: None, deposit: None }
}

/// Returns the reconciliation of a payment with a known outcome.
///
/// It is for the next queued refund, from now on; without one there is none.
pub(in crate::decide) fn reconciliation_of_refunds(
    payment: &Payment,
    now: Timestamp,
) -> Option<Reconciliation> {
    payment.queued_refund().map(|_| reconciliation_due(now, now))
}
