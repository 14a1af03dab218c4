//! Ends a reservation; what it held or owned is available again, or blocked.

use crate::decide::change_builder::ChangeBuilder;
use crate::decide::scope::Scope;
use crate::decide::stock::StockBucket;
use crate::error::StoreError;
use crate::id::ReservationId;
use crate::reservation::{CancelReason, Reservation, ReservationStep, SeatLine};
use crate::seat::SeatStep;
use crate::terms::RefundedSeats;
use crate::time::Timestamp;

/// Reason shown to the organiser for seats that are blocked after a refund.
const REFUNDED: &str = "refunded";

/// Ends a reservation whose hold has ended; seats that were taken over do not change.
pub(in crate::decide) fn end_lapsed(
    change: &mut ChangeBuilder<'_>,
    scope: &dyn Scope,
    reservation: &Reservation,
    now: Timestamp,
) -> Result<(), StoreError> {
    change.abandon_attempt(reservation.payment)?;
    let until = reservation.held_until().unwrap_or(now);
    for line in &reservation.seats {
        if scope.seat(line.seat).is_some_and(|seat| seat.state.owner() == Some(reservation.id)) {
            change.free_seat(line.seat, reservation, until)?;
        }
    }
    change.items(&reservation.items, StockBucket::Held, StockBucket::Available)?;
    let state = reservation.state.apply(&ReservationStep::Expire { at: now })?;
    let hold_time = reservation.hold_time.held_until(until);
    change.reservation(Reservation { state, hold_time, ..reservation.clone() });
    Ok(())
}

/// Cancels a held reservation: everything it held becomes available.
pub(in crate::decide) fn end_pending(
    change: &mut ChangeBuilder<'_>,
    reservation: &Reservation,
    reason: CancelReason,
    now: Timestamp,
) -> Result<(), StoreError> {
    reservation.seats.iter().try_for_each(|line| change.free_seat(line.seat, reservation, now))?;
    change.items(&reservation.items, StockBucket::Held, StockBucket::Available)?;
    let state = reservation.state.apply(&ReservationStep::Cancel { reason, at: now })?;
    let hold_time = reservation.hold_time.held_until(now);
    change.reservation(Reservation { state, hold_time, ..reservation.clone() });
    Ok(())
}

/// Ends a confirmed reservation: everything it owned becomes available.
pub(in crate::decide) fn end_confirmed(
    change: &mut ChangeBuilder<'_>,
    reservation: &Reservation,
    reason: CancelReason,
    now: Timestamp,
) -> Result<(), StoreError> {
    let step = SeatStep::Release { reservation: reservation.id };
    change.seats(&reservation.seats, &step, StockBucket::Sold, StockBucket::Available)?;
    change.items(&reservation.items, StockBucket::Sold, StockBucket::Available)?;
    write_end(change, reservation, reason, now)
}

/// Ends a confirmed reservation whose tickets were returned; `seats` says what happens to its seats.
pub(in crate::decide) fn end_refunded(
    change: &mut ChangeBuilder<'_>,
    reservation: &Reservation,
    seats: RefundedSeats,
    now: Timestamp,
) -> Result<(), StoreError> {
    take_seats(change, reservation.id, &reservation.seats, seats)?;
    change.items(&reservation.items, StockBucket::Sold, StockBucket::Available)?;
    write_end(change, reservation, CancelReason::Refunded, now)
}

/// Takes sold seats from a reservation; they become available or blocked.
pub(in crate::decide) fn take_seats(
    change: &mut ChangeBuilder<'_>,
    reservation: ReservationId,
    lines: &[SeatLine],
    seats: RefundedSeats,
) -> Result<(), StoreError> {
    let (step, to) = match seats {
        RefundedSeats::OnSale => (SeatStep::Release { reservation }, StockBucket::Available),
        RefundedSeats::Blocked => {
            (SeatStep::Withdraw { reservation, reason: REFUNDED.to_owned() }, StockBucket::Blocked)
        }
    };
    change.seats(lines, &step, StockBucket::Sold, to)
}

fn write_end(
    change: &mut ChangeBuilder<'_>,
    reservation: &Reservation,
    reason: CancelReason,
    now: Timestamp,
) -> Result<(), StoreError> {
    let state = reservation.state.apply(&ReservationStep::Cancel { reason, at: now })?;
    change.reservation(Reservation { state, ..reservation.clone() });
    Ok(())
}
