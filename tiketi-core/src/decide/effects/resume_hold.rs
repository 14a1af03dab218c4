//! Gives a buyer the rest of a hold back.

use crate::decide::change_builder::ChangeBuilder;
use crate::decide::stock::StockBucket;
use crate::error::StoreError;
use crate::id::PaymentId;
use crate::reservation::{Reservation, ReservationState, ReservationStep};
use crate::seat::SeatStep;

/// Resumes the rest of a buyer's hold after an attempt without a capture.
pub(in crate::decide) fn resume_hold(
    change: &mut ChangeBuilder<'_>,
    reservation: &Reservation,
    attempt: PaymentId,
) -> Result<(), StoreError> {
    if !matches!(reservation.state, ReservationState::Paying { payment, .. } if payment == attempt) {
        return Ok(());
    }
    let state = reservation.state.apply(&ReservationStep::Decline { payment: attempt })?;
    let resumed = Reservation { state, ..reservation.clone() };
    if let Some(until) = resumed.held_until() {
        let step = SeatStep::Extend { reservation: reservation.id, until };
        change.seats(&reservation.seats, &step, StockBucket::Held, StockBucket::Held)?;
    }
    change.reservation(resumed);
    Ok(())
}
