//! Extends a hold, at most to its cap.

use std::sync::Arc;

use crate::decide::change::{Change, Effect};
use crate::decide::change_builder::ChangeBuilder;
use crate::decide::command::{Command, Subject, fingerprint_of};
use crate::decide::scope::Scope;
use crate::decide::stock::StockBucket;
use crate::error::CommandError;
use crate::id::{BuyerId, ReservationId};
use crate::reservation::{Reservation, ReservationStep};
use crate::seat::SeatStep;
use crate::terms::Terms;
use crate::text::TextError;
use crate::time::Timestamp;

/// Extends the hold of a reservation whose buyer is still selecting.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ExtendHold {
    /// The reservation.
    pub reservation: ReservationId,
    /// The buyer; the reservation of another buyer is treated as missing.
    pub buyer: BuyerId,
    /// The shop's terms; the event's own override them.
    pub terms: Arc<Terms>,
}

impl ExtendHold {
    /// Makes the command.
    pub fn new(reservation: ReservationId, buyer: BuyerId, terms: impl Into<Arc<Terms>>) -> Self {
        Self { reservation, buyer, terms: terms.into() }
    }
}

/// Why a hold is not extended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExtendRefused {
    /// The reservation does not exist, or belongs to another buyer.
    #[error("there is no such reservation")]
    ReservationNotFound,
    /// It is not held: it expired, was cancelled, is being paid or is confirmed.
    #[error("the reservation is not pending")]
    NotPending,
    /// The hold already lasts until its cap.
    #[error("the hold cannot last beyond {until}")]
    CapReached {
        /// When it ends.
        until: Timestamp,
    },
}

impl Command for ExtendHold {
    type Refused = ExtendRefused;

    fn name(&self) -> &'static str {
        "extend-hold"
    }

    fn subject(&self) -> Subject {
        Subject::Reservation(self.reservation)
    }

    fn fingerprint(&self) -> u128 {
        fingerprint_of(self.name(), self.reservation.as_uuid()).id(self.buyer.as_uuid()).finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        let Self { reservation: _, buyer: _, terms: _ } = self;
        Ok(())
    }

    fn subject_unknown(&self) -> ExtendRefused {
        ExtendRefused::ReservationNotFound
    }

    fn decide(&self, scope: &dyn Scope, now: Timestamp) -> Result<Change, CommandError<ExtendRefused>> {
        let reservation = pending_of(scope, self.reservation, self.buyer, now)?;
        let terms = scope.event().details.terms.over(&self.terms);
        let before = reservation.held_until().unwrap_or(now);
        let until = renewed_until(reservation, now, &terms);
        if until == before {
            return Err(CommandError::Refused(ExtendRefused::CapReached { until }));
        }
        let mut change = ChangeBuilder::new(scope, now);
        move_end(&mut change, reservation.clone(), until)?;
        Ok(change.about(Effect { reservation: self.reservation, payment: reservation.payment }))
    }
}

/// Why a reservation is not a held one of this buyer.
pub(super) enum NotPending {
    Unknown,
    Ended,
}

/// Finds the buyer's reservation, held and not ended at `now`.
pub(super) fn pending_of<R: From<NotPending>>(
    scope: &dyn Scope,
    id: ReservationId,
    buyer: BuyerId,
    now: Timestamp,
) -> Result<&Reservation, CommandError<R>> {
    let refused = |not: NotPending| CommandError::Refused(not.into());
    let reservation = scope.reservation(id).filter(|found| found.buyer == buyer);
    let reservation = reservation.ok_or_else(|| refused(NotPending::Unknown))?;
    match reservation.held_until() {
        Some(until) if until > now => Ok(reservation),
        _ => Err(refused(NotPending::Ended)),
    }
}

/// Returns when a hold extended at `now` ends.
///
/// It is never earlier than before, and never after the cap.
pub(super) fn renewed_until(reservation: &Reservation, now: Timestamp, terms: &Terms) -> Timestamp {
    let before = reservation.held_until().unwrap_or(now);
    let cap = reservation.held_since.after(terms.hold_cap).min(reservation.hold_time.cap(terms));
    before.max(now.after(terms.hold_ttl).min(cap))
}

/// Moves the end of a hold, and of all its seats.
pub(super) fn move_end<R>(
    change: &mut ChangeBuilder<'_>,
    mut reservation: Reservation,
    until: Timestamp,
) -> Result<(), CommandError<R>> {
    let step = SeatStep::Extend { reservation: reservation.id, until };
    change.seats(&reservation.seats, &step, StockBucket::Held, StockBucket::Held)?;
    reservation.state = reservation.state.apply(&ReservationStep::Extend { until })?;
    change.reservation(reservation);
    Ok(())
}

impl From<NotPending> for ExtendRefused {
    fn from(not: NotPending) -> Self {
        match not {
            NotPending::Unknown => Self::ReservationNotFound,
            NotPending::Ended => Self::NotPending,
        }
    }
}

#[cfg(test)]
mod tests;
