//! Ends a reservation whose hold has ended.

use crate::decide::change::{Change, Effect};
use crate::decide::change_builder::{ChangeBuilder, StockBucket};
use crate::decide::scope::Scope;
use crate::error::StoreError;
use crate::fact::FactBody;
use crate::reservation::{Reservation, ReservationStep};
use crate::seat::SeatStep;
use crate::time::Timestamp;

/// Ends a reservation that is due at `now`: what it still holds becomes available.
///
/// Seats that another reservation has taken over since do not change. Returns `None` for a reservation that is not due,
/// such as one that is being paid.
///
/// # Errors
///
/// [`crate::StoreErrorKind::Corrupt`] if the rows contradict each other.
pub fn expire(
    scope: &dyn Scope,
    reservation: &Reservation,
    now: Timestamp,
) -> Result<Option<Change>, StoreError> {
    if !reservation.is_due_at(now) {
        return Ok(None);
    }
    let mut change = ChangeBuilder::new(scope, now);
    end_lapsed(&mut change, scope, reservation, now)?;
    Ok(Some(change.about(Effect { reservation: reservation.id, payment: reservation.payment })))
}

/// Ends a reservation whose hold has ended; seats that were taken over do not change.
pub(super) fn end_lapsed(
    change: &mut ChangeBuilder<'_>,
    scope: &dyn Scope,
    reservation: &Reservation,
    now: Timestamp,
) -> Result<(), StoreError> {
    change.abandon_attempt(reservation.payment)?;
    let step = SeatStep::Release { reservation: reservation.id };
    for line in &reservation.seats {
        if scope.seat(line.seat).is_some_and(|seat| seat.state.owner() == Some(reservation.id)) {
            change.seat(line.seat, &step, StockBucket::Held, StockBucket::Available)?;
        }
    }
    change.items(&reservation.items, StockBucket::Held, StockBucket::Available)?;
    let state = reservation.state.apply(&ReservationStep::Expire { at: now })?;
    change.fact(FactBody::ReservationExpired { reservation: reservation.id, buyer: reservation.buyer });
    change.reservation(Reservation { state, ..reservation.clone() });
    Ok(())
}

#[cfg(test)]
mod tests;
