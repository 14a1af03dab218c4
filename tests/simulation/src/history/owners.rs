//! Who owns what: one live owner for each seat, no more units than there are, no more tickets than the limit.

use std::collections::BTreeMap;

use tiketi_core::decide::{AnyCommand, Scope, Snapshot};
use tiketi_core::{BuyerId, Reservation, ReservationId, ReservationState, SeatId, SeatState, TicketTypeId};

use crate::history::{Cause, limit_of, tickets_of};
use crate::story::Short;

/// Checks that each seat has the one live reservation that lists it.
pub(crate) fn check_seats(rows: &Snapshot) -> Result<(), String> {
    let mut owners: BTreeMap<SeatId, &Reservation> = BTreeMap::new();
    for reservation in rows.reservations().filter(|row| row.is_live()) {
        for line in &reservation.seats {
            if let Some(other) = owners.insert(line.seat, reservation) {
                let (one, other) = (Short(reservation.id.as_uuid()), Short(other.id.as_uuid()));
                return Err(format!("seat {} has two owners: {one} and {other}", line.label));
            }
        }
    }
    for seat in rows.seats() {
        let owner = owners.get(&seat.id);
        let is_right = match (&seat.state, owner) {
            (SeatState::Held { reservation, .. }, Some(owner)) => {
                let pending =
                    matches!(owner.state, ReservationState::Held { .. } | ReservationState::Paying { .. });
                *reservation == owner.id && pending
            }
            (SeatState::Sold { reservation }, Some(owner)) => {
                *reservation == owner.id && matches!(owner.state, ReservationState::Confirmed { .. })
            }
            (SeatState::Available | SeatState::Blocked { .. }, None) => true,
            _ => false,
        };
        if !is_right {
            let owner = owner.map(|owner| (owner.id, owner.state));
            return Err(format!("seat {} is {:?}, but its owner is {owner:?}", seat.place.label, seat.state));
        }
    }
    Ok(())
}

/// Checks that no more units are held and sold than there are.
pub(crate) fn check_units(rows: &Snapshot) -> Result<(), String> {
    let mut counted: BTreeMap<TicketTypeId, u32> = BTreeMap::new();
    for reservation in rows.reservations().filter(|row| row.is_live()) {
        for item in &reservation.items {
            *counted.entry(item.ticket_type).or_default() += item.quantity;
        }
    }
    for ticket_type in rows.ticket_types() {
        let units = counted.get(&ticket_type.id).copied().unwrap_or(0);
        if units > ticket_type.stock.capacity {
            return Err(format!("{units} of {} units are held and sold", ticket_type.stock.capacity));
        }
    }
    Ok(())
}

/// Checks the limit per buyer after a hold; an organiser may lower it below what was bought before.
pub(crate) fn check_limit(cause: &Cause<'_>, rows: &Snapshot) -> Result<(), String> {
    let Some(AnyCommand::Hold(hold)) = cause.command() else { return Ok(()) };
    let limit = limit_of(rows, hold.terms.max_seats_per_buyer);
    let has = tickets_of(rows, hold.buyer);
    if has > limit {
        return Err(format!("a buyer has {has} tickets, and the limit is {limit}"));
    }
    Ok(())
}

/// Checks that holds give a buyer no more tickets than were asked for.
pub(crate) fn check_given(
    given: &mut BTreeMap<BuyerId, u64>,
    asked: &BTreeMap<BuyerId, u64>,
    cause: &Cause<'_>,
    before: Option<&Reservation>,
    after: &Reservation,
) -> Result<(), String> {
    let Some(AnyCommand::Hold(hold)) = cause.command() else { return Ok(()) };
    if hold.buyer != after.buyer || !matches!(after.state, ReservationState::Held { .. }) {
        return Ok(());
    }
    let more = after.tickets().saturating_sub(before.map_or(0, Reservation::tickets));
    let sum = given.entry(after.buyer).or_default();
    *sum += u64::from(more);
    let asked = asked.get(&after.buyer).copied().unwrap_or(0);
    if *sum > asked {
        let id: ReservationId = after.id;
        return Err(format!("a buyer asked for {asked} tickets and got {sum}: {}", Short(id.as_uuid())));
    }
    Ok(())
}
