//! Reservations of cancelled events that must be ended, in memory.

use std::collections::BTreeSet;

use crate::decide::{Scope, Snapshot};
use crate::event::EventState;
use crate::id::ReservationId;
use crate::payment::Payment;
use crate::reservation::{CancelReason, Reservation, ReservationState};
use crate::store::CallOffProgress;

/// The reservations that must be ended, of all events.
#[derive(Debug, Default)]
pub(super) struct CallOffs(BTreeSet<ReservationId>);

impl CallOffs {
    /// Notes whether some reservations of an event must be ended.
    pub(super) fn note(&mut self, rows: &Snapshot, ids: impl IntoIterator<Item = ReservationId>) {
        let event = rows.event();
        if !matches!(event.state, EventState::Cancelled { .. }) {
            return;
        }
        for reservation in ids.into_iter().filter_map(|id| rows.reservation(id)) {
            if !event.is_archived() && is_to_call_off(rows, reservation) {
                self.0.insert(reservation.id);
            } else {
                self.0.remove(&reservation.id);
            }
        }
    }

    /// Returns them, by id.
    pub(super) fn ids(&self) -> impl Iterator<Item = ReservationId> {
        self.0.iter().copied()
    }
}

/// Returns whether a reservation must be ended if its event is cancelled.
pub(super) fn is_to_call_off(rows: &Snapshot, reservation: &Reservation) -> bool {
    let payment = reservation.payment.and_then(|id| rows.payment(id));
    match reservation.state {
        ReservationState::Held { .. } => true,
        ReservationState::Confirmed { .. } => {
            payment.is_none_or(|payment| payment.reconciliation.is_none() && !payment.is_call_off_refused())
        }
        ReservationState::Paying { .. }
        | ReservationState::Expired { .. }
        | ReservationState::Cancelled { .. } => false,
    }
}

/// Counts how far the refunds of an event are.
pub(super) fn progress(rows: &Snapshot) -> CallOffProgress {
    let mut progress = CallOffProgress::default();
    for row in rows.reservations() {
        let payment = row.payment.and_then(|id| rows.payment(id));
        let refused = payment.is_some_and(Payment::is_call_off_refused);
        let reasons = [CancelReason::ByOrganiser, CancelReason::Refunded];
        let done =
            matches!(row.state, ReservationState::Cancelled { reason, .. } if reasons.contains(&reason));
        progress.to_do += u64::from(row.is_live());
        progress.done += u64::from(done);
        progress.refused += u64::from(row.is_live() && refused);
    }
    progress
}
