//! Steps that several rules share: each adds one effect to a change.
//!
//! A rule decides whether an effect takes place; an effect imports no rule.

mod apply_refund;
mod end_reservation;
mod queue_refund;
mod reconciliation;
mod record_returned;
mod resume_hold;
mod sell;
mod take_back;

use crate::id::RefundId;

pub(super) use apply_refund::apply_refund;
pub(super) use end_reservation::{end_confirmed, end_lapsed, end_pending};
pub(super) use queue_refund::{is_queued, queue_refund};
pub(super) use reconciliation::{reconciliation_due, reconciliation_of_refunds};
pub(super) use record_returned::{believed, record_returned};
pub(super) use resume_hold::resume_hold;
pub(super) use sell::sell;
pub(super) use take_back::take_back;

/// Whether an answer changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    Some,
    None,
    /// Whether there is news is known once the queued refund has its outcome.
    AfterRefund(RefundId),
}
