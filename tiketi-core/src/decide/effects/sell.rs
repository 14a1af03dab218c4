//! Sells what a reservation holds.

use crate::cancellation_policy::AgreedCancellation;
use crate::decide::change_builder::ChangeBuilder;
use crate::decide::stock::StockBucket;
use crate::error::StoreError;
use crate::reservation::{Reservation, ReservationStep};
use crate::seat::SeatStep;

/// Confirms a reservation: its seats and units are sold, with this cancellation policy.
pub(in crate::decide) fn sell(
    change: &mut ChangeBuilder<'_>,
    reservation: &Reservation,
    agreed: AgreedCancellation,
    step: &ReservationStep,
) -> Result<(), StoreError> {
    let state = reservation.state.apply(step)?;
    let sell = SeatStep::Sell { reservation: reservation.id };
    change.seats(&reservation.seats, &sell, StockBucket::Held, StockBucket::Sold)?;
    change.items(&reservation.items, StockBucket::Held, StockBucket::Sold)?;
    change.reservation(Reservation { state, cancellation: Some(Box::new(agreed)), ..reservation.clone() });
    Ok(())
}
