//! The stock counters equal the counted rows.

use std::collections::BTreeMap;

use crate::audit::Violation;
use crate::id::TicketTypeId;
use crate::reservation::{Reservation, ReservationState};
use crate::seat::{Seat, SeatState};
use crate::ticket_type::{Stock, TicketKind, TicketType};

/// What was counted of each ticket type of the event.
#[derive(Debug)]
pub(super) struct Counted(BTreeMap<TicketTypeId, OfType>);

#[derive(Debug, Clone, Copy, Default)]
struct OfType {
    seats: Stock,
    units: Stock,
}

impl Counted {
    pub(super) fn new(ticket_types: &[TicketType]) -> Self {
        Self(ticket_types.iter().map(|ticket_type| (ticket_type.id, OfType::default())).collect())
    }

    /// Returns whether the event has this ticket type.
    pub(super) fn has(&self, ticket_type: TicketTypeId) -> bool {
        self.0.contains_key(&ticket_type)
    }

    pub(super) fn count_seat(&mut self, seat: &Seat) {
        let Some(OfType { seats: stock, .. }) = self.0.get_mut(&seat.ticket_type) else { return };
        stock.capacity = stock.capacity.saturating_add(1);
        let counter = match seat.state {
            SeatState::Available => return,
            SeatState::Held { .. } => &mut stock.held,
            SeatState::Sold { .. } => &mut stock.sold,
            SeatState::Blocked { .. } => &mut stock.blocked,
        };
        *counter = counter.saturating_add(1);
    }

    pub(super) fn count_units(&mut self, reservation: &Reservation) {
        for line in &reservation.items {
            let Some(OfType { units: stock, .. }) = self.0.get_mut(&line.ticket_type) else { continue };
            let counter = match reservation.state {
                ReservationState::Held { .. } | ReservationState::Paying { .. } => &mut stock.held,
                ReservationState::Confirmed { .. } => &mut stock.sold,
                ReservationState::Expired { .. } | ReservationState::Cancelled { .. } => continue,
            };
            *counter = counter.saturating_add(line.quantity);
        }
    }

    pub(super) fn check(&self, ticket_types: &[TicketType], found: &mut Vec<Violation>) {
        for ticket_type in ticket_types {
            let (id, kept) = (ticket_type.id, ticket_type.stock);
            let OfType { seats, units } = self.0.get(&id).copied().unwrap_or_default();
            let counted = match ticket_type.kind {
                TicketKind::Seated { .. } => seats,
                TicketKind::GeneralAdmission => Stock { capacity: kept.capacity, ..units },
            };
            if kept != counted {
                found.push(Violation::StockMiscounted { ticket_type: id, kept, counted });
            }
            if !counted.is_sound() {
                found.push(Violation::Oversold { ticket_type: id, counted });
            }
        }
    }
}
