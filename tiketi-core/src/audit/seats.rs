//! Seats and their owners agree.

use crate::audit::part::Lookup;
use crate::audit::stock::Counted;
use crate::audit::{AuditedRow, Violation};
use crate::reservation::{Reservation, ReservationState};
use crate::seat::{Seat, SeatState};
use crate::time::Timestamp;

/// The latest map version of the seats that were checked.
///
/// Every change of a seat raises the event's map version, and the seat stores it.
#[derive(Debug, Default)]
pub(super) struct LatestChange(Option<u64>);

impl LatestChange {
    pub(super) fn check(&mut self, seat: &Seat, map_version: u64, found: &mut Vec<Violation>) {
        if seat.map_version > map_version {
            let version = seat.map_version;
            found.push(Violation::SeatAheadOfMap { seat: seat.id, version, map_version });
        }
        self.0 = self.0.max(Some(seat.map_version));
    }

    pub(super) fn finish(&self, map_version: u64, found: &mut Vec<Violation>) {
        if let Some(latest) = self.0.filter(|latest| *latest < map_version) {
            found.push(Violation::MapAheadOfSeats { map_version, latest });
        }
    }
}

/// A seat's owner exists, lists it, and agrees with its state; and its ticket type exists.
pub(super) fn check_seat(counted: &Counted, rows: &Lookup<'_>, seat: &Seat, found: &mut Vec<Violation>) {
    if !counted.has(seat.ticket_type) {
        let (row, ticket_type) = (AuditedRow::Seat(seat.id), seat.ticket_type);
        found.push(Violation::TicketTypeUnknown { row, ticket_type });
    }
    let Some(reservation) = seat.state.owner() else { return };
    let seat_id = seat.id;
    let Some(owner) = rows.reservation(reservation) else {
        return found.push(Violation::OwnerUnknown { seat: seat_id, reservation });
    };
    if !lists(owner, seat) {
        found.push(Violation::OwnerDoesNotList { seat: seat_id, reservation });
    } else if !agree(&seat.state, owner.state) {
        found.push(Violation::OwnerDisagrees { seat: seat_id, reservation });
    }
}

fn lists(reservation: &Reservation, seat: &Seat) -> bool {
    reservation.seats.iter().any(|line| line.seat == seat.id)
}

fn agree(seat: &SeatState, owner: ReservationState) -> bool {
    match (seat, owner) {
        (SeatState::Held { until, .. }, ReservationState::Held { until: end }) => *until == end,
        // While a payment is in progress, no hold can end.
        (SeatState::Held { until, .. }, ReservationState::Paying { .. }) => *until == Timestamp::FAR_FUTURE,
        (SeatState::Sold { .. }, ReservationState::Confirmed { .. }) => true,
        _ => false,
    }
}

/// A live reservation owns every seat it lists.
pub(super) fn check_lines(rows: &Lookup<'_>, reservation: &Reservation, found: &mut Vec<Violation>) {
    if !reservation.is_live() {
        return;
    }
    for line in &reservation.seats {
        let seat = rows.seat(line.seat);
        let owner = seat.and_then(|seat| seat.state.owner());
        if owner == Some(reservation.id) {
            continue;
        }
        let rival = owner.and_then(|owner| rows.reservation(owner)).filter(|rival| rival.is_live());
        let rival = rival.filter(|rival| seat.is_some_and(|seat| lists(rival, seat)));
        found.push(match rival {
            Some(rival) => {
                Violation::SeatGivenTwice { seat: line.seat, owner: rival.id, other: reservation.id }
            }
            None => Violation::SeatLost { seat: line.seat, reservation: reservation.id },
        });
    }
}
