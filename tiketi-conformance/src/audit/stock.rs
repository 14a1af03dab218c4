//! The stored counters equal the counts of the rows.

use tiketi_core::{
    Reservation, ReservationState, SeatMap, SeatState, TicketType,
    store::EventView,
    ticket_type::{Stock, TicketKind},
};

use crate::picture::Picture;

pub(super) fn check(picture: &Picture, view: &EventView, map: &SeatMap) {
    for ticket_type in &view.ticket_types {
        let counted = match ticket_type.kind {
            TicketKind::Seated { .. } => of_seats(ticket_type, map),
            TicketKind::GeneralAdmission => of_units(picture, ticket_type),
        };
        assert_eq!(
            ticket_type.stock, counted,
            "the kept stock of {} is not the counted one",
            ticket_type.name
        );
        assert!(counted.is_sound(), "more of {} is taken than there is: {counted:?}", ticket_type.name);
    }
}

fn of_seats(ticket_type: &TicketType, map: &SeatMap) -> Stock {
    let mut counted = Stock::default();
    for seat in map.seats.iter().filter(|seat| seat.ticket_type == ticket_type.id) {
        counted.capacity += 1;
        match seat.state {
            SeatState::Available => {}
            SeatState::Held { .. } => counted.held += 1,
            SeatState::Sold { .. } => counted.sold += 1,
            SeatState::Blocked { .. } => counted.blocked += 1,
        }
    }
    counted
}

fn of_units(picture: &Picture, ticket_type: &TicketType) -> Stock {
    let mut counted = Stock::of(ticket_type.stock.capacity);
    for row in picture.reservations_of(ticket_type.event) {
        let units = units(row, ticket_type);
        match row.state {
            ReservationState::Held { .. } | ReservationState::Paying { .. } => counted.held += units,
            ReservationState::Confirmed { .. } => counted.sold += units,
            ReservationState::Expired { .. } | ReservationState::Cancelled { .. } => {}
        }
    }
    counted
}

fn units(row: &Reservation, of: &TicketType) -> u32 {
    row.items.iter().filter(|line| line.ticket_type == of.id).map(|line| line.quantity).sum()
}
