//! Ends a reservation whose hold has ended.

use crate::decide::change::{Change, Effect};
use crate::decide::change_builder::ChangeBuilder;
use crate::decide::effects::end_lapsed;
use crate::decide::scope::Scope;
use crate::error::StoreError;
use crate::reservation::Reservation;
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

#[cfg(test)]
mod tests;
