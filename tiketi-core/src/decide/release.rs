//! Releases some or all of a held reservation.

use crate::decide::change::{Change, Effect};
use crate::decide::change_builder::ChangeBuilder;
use crate::decide::command::{Command, Subject, fingerprint_of};
use crate::decide::effects::end_pending;
use crate::decide::extend::{NotPending, pending_of};
use crate::decide::scope::Scope;
use crate::error::CommandError;
use crate::id::{BuyerId, ReservationId, SeatId};
use crate::reservation::{CancelReason, Reservation, SeatLine};
use crate::text::TextError;
use crate::time::Timestamp;

/// Releases seats of a held reservation; the rest stays held until the same moment.
///
/// Without named seats, everything is released. If nothing is left, the reservation is cancelled. A prepared payment is
/// abandoned, because its amount would no longer match.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Release {
    /// The reservation.
    pub reservation: ReservationId,
    /// The buyer; the reservation of another buyer is treated as missing.
    pub buyer: BuyerId,
    /// The seats; `None` releases everything, units included.
    pub seats: Option<Vec<SeatId>>,
}

impl Release {
    /// Makes a command that releases everything.
    pub fn all(reservation: ReservationId, buyer: BuyerId) -> Self {
        Self { reservation, buyer, seats: None }
    }

    /// Restricts the release to these seats.
    #[must_use]
    pub fn only(mut self, seats: impl IntoIterator<Item = SeatId>) -> Self {
        self.seats = Some(seats.into_iter().collect());
        self
    }
}

/// Why nothing is released.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseRefused {
    /// The reservation does not exist, or belongs to another buyer.
    #[error("there is no such reservation")]
    ReservationNotFound,
    /// It is not held: it expired, was cancelled, is being paid or is confirmed.
    #[error("the reservation is not pending")]
    NotPending,
    /// The list of seats is empty.
    #[error("nothing was asked for: name at least one seat, or none to give everything back")]
    NothingAsked,
    /// Some seats are not seats of this reservation, or are named twice.
    #[error("{} seats are not in this reservation", seats.len())]
    NotInReservation {
        /// These seats.
        seats: Vec<SeatId>,
    },
}

impl Command for Release {
    type Refused = ReleaseRefused;

    fn name(&self) -> &'static str {
        "release"
    }

    fn subject(&self) -> Subject {
        Subject::Reservation(self.reservation)
    }

    fn fingerprint(&self) -> u128 {
        let mut fingerprint = fingerprint_of(self.name(), self.reservation.as_uuid());
        fingerprint.id(self.buyer.as_uuid()).number(u64::from(self.seats.is_some()));
        for seat in self.seats.iter().flatten() {
            fingerprint.id(seat.as_uuid());
        }
        fingerprint.finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        let Self { reservation: _, buyer: _, seats: _ } = self;
        Ok(())
    }

    fn subject_unknown(&self) -> ReleaseRefused {
        ReleaseRefused::ReservationNotFound
    }

    fn decide(&self, scope: &dyn Scope, now: Timestamp) -> Result<Change, CommandError<ReleaseRefused>> {
        let reservation = pending_of(scope, self.reservation, self.buyer, now)?;
        let (gone, kept) = self.split(reservation).map_err(CommandError::Refused)?;
        let mut change = ChangeBuilder::new(scope, now);
        change.abandon_attempt(reservation.payment)?;
        if kept.is_empty() && (self.seats.is_none() || reservation.items.is_empty()) {
            end_pending(&mut change, reservation, CancelReason::ByBuyer, now)?;
        } else {
            gone.iter().try_for_each(|line| change.free_seat(line.seat, reservation, now))?;
            let total = gone.iter().try_fold(reservation.total, |total, line| total.minus(line.price))?;
            change.reservation(Reservation { seats: kept, total, payment: None, ..reservation.clone() });
        }
        Ok(change.about(Effect { reservation: self.reservation, payment: None }))
    }
}

impl Release {
    /// Splits the reservation's seats into released and remaining ones.
    fn split(&self, reservation: &Reservation) -> Result<(Vec<SeatLine>, Vec<SeatLine>), ReleaseRefused> {
        let Some(named) = &self.seats else { return Ok((reservation.seats.clone(), Vec::new())) };
        if named.is_empty() {
            return Err(ReleaseRefused::NothingAsked);
        }
        let mut kept = reservation.seats.clone();
        let (mut gone, mut strangers) = (Vec::new(), Vec::new());
        for seat in named {
            match kept.iter().position(|line| line.seat == *seat) {
                Some(at) => gone.push(kept.remove(at)),
                None => strangers.push(*seat),
            }
        }
        if strangers.is_empty() {
            Ok((gone, kept))
        } else {
            Err(ReleaseRefused::NotInReservation { seats: strangers })
        }
    }
}

impl From<NotPending> for ReleaseRefused {
    fn from(not: NotPending) -> Self {
        match not {
            NotPending::Unknown => Self::ReservationNotFound,
            NotPending::Ended => Self::NotPending,
        }
    }
}

#[cfg(test)]
mod tests;
