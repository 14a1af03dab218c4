//! Seats and their owners agree.

use crate::audit::{AuditedRow, Violation};
use crate::decide::{Scope, Snapshot};
use crate::reservation::{Reservation, ReservationState};
use crate::seat::{Seat, SeatState};
use crate::time::Timestamp;

pub(super) fn check(rows: &Snapshot, found: &mut Vec<Violation>) {
    check_map_version(rows, found);
    for seat in rows.seats() {
        check_owner(rows, seat, found);
        if rows.ticket_type(seat.ticket_type).is_none() {
            let (row, ticket_type) = (AuditedRow::Seat(seat.id), seat.ticket_type);
            found.push(Violation::TicketTypeUnknown { row, ticket_type });
        }
    }
    for reservation in rows.reservations().filter(|reservation| reservation.is_live()) {
        check_lines(rows, reservation, found);
    }
}

/// Every change of a seat raises the event's map version, and the seat stores it.
fn check_map_version(rows: &Snapshot, found: &mut Vec<Violation>) {
    let map_version = rows.map_version();
    for seat in rows.seats().iter().filter(|seat| seat.map_version > map_version) {
        found.push(Violation::SeatAheadOfMap { seat: seat.id, version: seat.map_version, map_version });
    }
    let latest = rows.seats().iter().map(|seat| seat.map_version).max().unwrap_or(map_version);
    if latest < map_version {
        found.push(Violation::MapAheadOfSeats { map_version, latest });
    }
}

fn check_owner(rows: &Snapshot, seat: &Seat, found: &mut Vec<Violation>) {
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
fn check_lines(rows: &Snapshot, reservation: &Reservation, found: &mut Vec<Violation>) {
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
