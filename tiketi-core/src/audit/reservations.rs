//! Reservations alone: totals, numbers, and one held reservation a buyer.

use crate::audit::part::Lookup;
use crate::audit::stock::Counted;
use crate::audit::{AuditedRow, Violation};
use crate::reservation::Reservation;

pub(super) fn check(
    counted: &Counted,
    rows: &Lookup<'_>,
    reservation: &Reservation,
    found: &mut Vec<Violation>,
) {
    check_lines(counted, reservation, found);
    // Each of two is compared with the other; the later one reports both.
    let earlier =
        |other: &&&Reservation| (other.created_at, other.id) < (reservation.created_at, reservation.id);
    let second = reservation.id;
    for first in rows.namesakes(reservation).iter().filter(earlier) {
        let number = reservation.number;
        found.push(Violation::NumberGivenTwice { number, first: first.id, second });
    }
    if reservation.is_pending() {
        let buyer = reservation.buyer;
        for first in rows.pending_of(buyer).iter().filter(earlier) {
            found.push(Violation::TwoPending { buyer, first: first.id, second });
        }
    }
}

/// The total is the sum of the lines, and a live reservation has tickets of types that exist.
fn check_lines(counted: &Counted, reservation: &Reservation, found: &mut Vec<Violation>) {
    let seats = reservation.seats.iter().map(|line| i128::from(line.price.minor()));
    let items = reservation.items.iter();
    let items = items.map(|line| i128::from(line.unit_price.minor()) * i128::from(line.quantity));
    let sum: i128 = seats.chain(items).sum();
    let (id, total) = (reservation.id, reservation.total);
    if sum != i128::from(total.minor()) {
        found.push(Violation::TotalMiscounted { reservation: id, total, counted: sum });
    }
    if !reservation.is_live() {
        return;
    }
    if reservation.tickets() == 0 {
        found.push(Violation::NothingReserved { reservation: id });
    }
    for line in &reservation.items {
        if !counted.has(line.ticket_type) {
            let (row, ticket_type) = (AuditedRow::Reservation(id), line.ticket_type);
            found.push(Violation::TicketTypeUnknown { row, ticket_type });
        }
    }
}
