//! Records what the provider refunded without being asked.

use crate::decide::change_builder::ChangeBuilder;
use crate::decide::effects::News;
use crate::decide::effects::apply_refund::apply_refund;
use crate::decide::effects::queue_refund::is_queued;
use crate::decide::new_id::add_refund;
use crate::decide::refund_amount::bought_by;
use crate::decide::scope::Scope;
use crate::error::StoreError;
use crate::id::RefundId;
use crate::money::Money;
use crate::payment::{Payment, Refund, RefundState, RefundTickets};
use crate::terms::RefundedSeats;
use crate::time::Timestamp;

/// Reason of a refund that was made at the provider, without a refund of ours.
const BY_HAND: &str = "refunded at the provider";

/// Records money that was refunded at the provider without a known outcome of ours.
pub(in crate::decide) fn record_returned(
    change: &mut ChangeBuilder<'_>,
    scope: &dyn Scope,
    payment: &Payment,
    returned: Money,
    seats: RefundedSeats,
    now: Timestamp,
) -> Result<News, StoreError> {
    let known = payment.refunded;
    let returned = believed(returned, payment.captured);
    if returned.currency() != known.currency() || returned.minor() <= known.minor() {
        return Ok(News::None);
    }
    let mut recorded = payment.clone();
    let mut unknown = returned.minus(known)?;
    let mut tickets = None;
    if let Some(queued) = recorded.refunds.iter_mut().find(|refund| is_queued(refund)) {
        // Less than our queued refund is a refund by somebody else: wait for the outcome of ours.
        if unknown.minor() < queued.amount.minor() {
            return Ok(News::AfterRefund(queued.id));
        }
        queued.state = RefundState::Done { at: now };
        tickets = Some(queued.tickets.clone());
        unknown = unknown.minus(queued.amount)?;
    }
    if unknown.minor() > 0 {
        let id = RefundId::derived(payment.id, &format!("by hand {returned}"));
        // An earlier note cannot settle this part, so its moment is after the notes.
        let (reason, state) = (BY_HAND.to_owned(), RefundState::Done { at: recorded.after_notes(now) });
        let by_hand = match bought_by(scope, payment) {
            Some(_) => RefundTickets::Unstated,
            None => RefundTickets::None,
        };
        add_refund(&mut recorded, Refund { id, amount: unknown, reason, tickets: by_hand, state })?;
    }
    recorded.refunded = returned;
    apply_refund(change, scope, recorded, tickets.as_ref(), seats, now)?;
    Ok(News::Some)
}

/// Returns the refunded amount, at most the captured one.
pub(in crate::decide) fn believed(returned: Money, captured: Option<Money>) -> Money {
    match captured {
        Some(all) if all.currency() == returned.currency() && returned.minor() > all.minor() => all,
        Some(_) | None => returned,
    }
}
