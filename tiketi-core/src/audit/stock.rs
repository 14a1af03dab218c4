//! The stock counters equal the counted rows.

use std::collections::BTreeMap;

use crate::audit::Violation;
use crate::decide::{Scope, Snapshot};
use crate::id::TicketTypeId;
use crate::reservation::ReservationState;
use crate::seat::SeatState;
use crate::ticket_type::{Stock, TicketKind, TicketType};

pub(super) fn check(rows: &Snapshot, found: &mut Vec<Violation>) {
    let (seats, units) = (count_seats(rows), count_units(rows));
    let mut ticket_types: Vec<&TicketType> = rows.ticket_types().collect();
    ticket_types.sort_by_key(|ticket_type| (ticket_type.position, ticket_type.id));
    for ticket_type in ticket_types {
        let (id, kept) = (ticket_type.id, ticket_type.stock);
        let counted = match ticket_type.kind {
            TicketKind::Seated { .. } => seats.get(&id).copied().unwrap_or_default(),
            TicketKind::GeneralAdmission => {
                Stock { capacity: kept.capacity, ..units.get(&id).copied().unwrap_or_default() }
            }
        };
        if kept != counted {
            found.push(Violation::StockMiscounted { ticket_type: id, kept, counted });
        }
        if !counted.is_sound() {
            found.push(Violation::Oversold { ticket_type: id, counted });
        }
    }
}

fn count_seats(rows: &Snapshot) -> BTreeMap<TicketTypeId, Stock> {
    let mut stocks = BTreeMap::<TicketTypeId, Stock>::new();
    for seat in rows.seats() {
        let stock = stocks.entry(seat.ticket_type).or_default();
        stock.capacity = stock.capacity.saturating_add(1);
        let counter = match seat.state {
            SeatState::Available => continue,
            SeatState::Held { .. } => &mut stock.held,
            SeatState::Sold { .. } => &mut stock.sold,
            SeatState::Blocked { .. } => &mut stock.blocked,
        };
        *counter = counter.saturating_add(1);
    }
    stocks
}

fn count_units(rows: &Snapshot) -> BTreeMap<TicketTypeId, Stock> {
    let mut stocks = BTreeMap::<TicketTypeId, Stock>::new();
    for reservation in rows.reservations() {
        for line in &reservation.items {
            let stock = stocks.entry(line.ticket_type).or_default();
            let counter = match reservation.state {
                ReservationState::Held { .. } | ReservationState::Paying { .. } => &mut stock.held,
                ReservationState::Confirmed { .. } => &mut stock.sold,
                ReservationState::Expired { .. } | ReservationState::Cancelled { .. } => continue,
            };
            *counter = counter.saturating_add(line.quantity);
        }
    }
    stocks
}
