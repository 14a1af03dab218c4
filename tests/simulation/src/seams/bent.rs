//! Known bugs of rules, planted by bending what a rule is asked.

use std::sync::Arc;

use tiketi_core::decide::{AnyCommand, CaptureOutcome, Command, Envelope, RecordOutcome, Scope};
use tiketi_core::store::SalesStore;
use tiketi_core::{CommandKey, Money, Reservation, ReservationState, Terms, Timestamp};
use uuid::Uuid;

use crate::planted::Planted;
use crate::seams::at_once;
use crate::world::World;

/// Returns the command as a store with the planted bug decides it.
pub(super) fn bent(world: &World, mut command: Envelope<AnyCommand>) -> Envelope<AnyCommand> {
    match (world.planted, &mut command.command) {
        (Some(Planted::LimitPerOrder), AnyCommand::Hold(hold)) => {
            // What was bought before does not count.
            let bought = bought_by(world, |row| row.buyer == hold.buyer);
            let most = hold.terms.max_seats_per_buyer.saturating_add(bought);
            hold.terms = Arc::new(Terms::clone(&hold.terms).max_seats_per_buyer(most.min(100)));
        }
        (Some(Planted::LessSettlesRefund), AnyCommand::RecordOutcome(record)) => {
            let payment = at_once(world.store.payment(record.payment)).ok().flatten();
            if let (Some(payment), CaptureOutcome::Paid(captured)) = (payment, &mut record.outcome)
                && let Some(queued) = payment.queued_refund()
                && captured.refunded.minor() > payment.refunded.minor()
            {
                let settled = payment.refunded.minor() + queued.amount.minor();
                captured.refunded = Money::new(settled, captured.refunded.currency());
            }
        }
        (Some(Planted::GivenBackStillSells), AnyCommand::RecordOutcome(record)) => {
            if let CaptureOutcome::Paid(captured) = &mut record.outcome {
                captured.refunded = Money::zero(captured.amount.currency());
            }
        }
        _ => {}
    }
    command
}

fn bought_by(world: &World, is_meant: impl Fn(&Reservation) -> bool) -> u32 {
    let rows = world.event().and_then(|event| world.store.event_rows(event));
    let Some(rows) = rows else { return 0 };
    let is_bought = |row: &&Reservation| matches!(row.state, ReservationState::Confirmed { .. });
    rows.reservations().filter(is_bought).filter(|row| is_meant(row)).map(Reservation::tickets).sum()
}

/// Ends payments that are being confirmed once their hold would have ended, so that the sweeper frees their seats.
pub(super) fn decline_what_is_past(world: &World, now: Timestamp) {
    let rows = world.event().and_then(|event| world.store.event_rows(event));
    let Some(rows) = rows else { return };
    for row in rows.reservations() {
        let ReservationState::Paying { payment, deadline } = row.state else { continue };
        if deadline > now || rows.payment(payment).is_none() {
            continue;
        }
        let outcome = CaptureOutcome::Declined { code: "SWEPT".into() };
        let record: AnyCommand = RecordOutcome::new(payment, outcome).into();
        let key = CommandKey::of(Uuid::nil(), &format!("swept {payment}"));
        let _ = at_once(world.store.execute_any(record.at(now, key)));
    }
}
