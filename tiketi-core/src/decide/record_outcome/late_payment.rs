//! Money that arrives after its hold has ended: whether the reservation takes the same tickets again.

use std::collections::BTreeMap;

use crate::decide::change_builder::ChangeBuilder;
use crate::decide::record_outcome::RecordOutcome;
use crate::decide::scope::Scope;
use crate::decide::stock::StockBucket;
use crate::error::StoreError;
use crate::event::EventState;
use crate::id::TicketTypeId;
use crate::reservation::{Reservation, ReservationStep};
use crate::seat::{SeatState, SeatStep};
use crate::terms::LatePayment;
use crate::time::Timestamp;

/// Returns whether an expired reservation can take all its tickets again.
pub(super) fn may_take_again(
    scope: &dyn Scope,
    ask: &RecordOutcome,
    reservation: &Reservation,
    now: Timestamp,
) -> bool {
    let event = scope.event();
    let terms = event.details.terms.over(&ask.terms);
    let is_sold = event.state == EventState::Published && now < event.details.sale.closes_at();
    let live = scope.live_reservations(reservation.buyer);
    let owned = live.iter().fold(reservation.tickets(), |sum, row| sum.saturating_add(row.tickets()));
    is_sold
        && terms.late_payment == LatePayment::TakeAgainElseRefund
        && ask.buyer == Some(reservation.buyer)
        && owned <= terms.max_seats_per_buyer
        && seats_are_free(scope, reservation, now)
        && units_are_left(scope, reservation)
}

fn seats_are_free(scope: &dyn Scope, reservation: &Reservation, now: Timestamp) -> bool {
    let mut seats = reservation.seats.iter().map(|line| scope.seat(line.seat));
    seats.all(|seat| seat.is_some_and(|seat| seat.is_available_at(now)))
}

fn units_are_left(scope: &dyn Scope, reservation: &Reservation) -> bool {
    let mut wanted: BTreeMap<TicketTypeId, u32> = BTreeMap::new();
    for line in &reservation.items {
        let quantity = wanted.entry(line.ticket_type).or_default();
        *quantity = quantity.saturating_add(line.quantity);
    }
    let enough = |(id, quantity): (&TicketTypeId, &u32)| {
        scope.ticket_type(*id).is_some_and(|known| known.stock.available() >= *quantity)
    };
    wanted.iter().all(enough)
}

/// Takes all tickets of an expired reservation again, and confirms it.
pub(super) fn take_again(
    change: &mut ChangeBuilder<'_>,
    scope: &dyn Scope,
    ask: &RecordOutcome,
    reservation: &Reservation,
    now: Timestamp,
) -> Result<(), StoreError> {
    let step = SeatStep::TakeAgain { reservation: reservation.id, now };
    for line in &reservation.seats {
        // A seat whose hold has ended is free, but its ticket type still counts it as held.
        let is_available = scope.seat(line.seat).is_some_and(|seat| seat.state == SeatState::Available);
        let from = if is_available { StockBucket::Available } else { StockBucket::Held };
        change.seat(line.seat, &step, from, StockBucket::Sold)?;
    }
    change.items(&reservation.items, StockBucket::Available, StockBucket::Sold)?;
    let state = reservation.state.apply(&ReservationStep::TakeAgain { at: now })?;
    let cancellation = Some(Box::new(scope.event().agreed_cancellation(&ask.terms)));
    change.reservation(Reservation {
        state,
        cancellation,
        payment: Some(ask.payment),
        ..reservation.clone()
    });
    Ok(())
}
