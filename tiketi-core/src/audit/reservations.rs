//! Reservations alone: totals, numbers, versions, and one held reservation a buyer.

use std::collections::BTreeMap;

use crate::audit::{AuditedRow, Violation};
use crate::decide::{Scope, Snapshot};
use crate::id::{BuyerId, EventId, ReservationId};
use crate::reservation::{Reservation, ReservationState};

pub(super) fn check(rows: &Snapshot, found: &mut Vec<Violation>) {
    check_rows(rows, found);
    let mut numbers = BTreeMap::new();
    let mut pending = BTreeMap::new();
    for reservation in rows.reservations() {
        let second = reservation.id;
        if let Some(first) = numbers.insert(reservation.number.serial(), second) {
            found.push(Violation::NumberGivenTwice { number: reservation.number, first, second });
        }
        check_pending(reservation, &mut pending, found);
        check_lines(rows, reservation, found);
    }
}

/// Every row belongs to this event, and was written with a version.
fn check_rows(rows: &Snapshot, found: &mut Vec<Violation>) {
    let event = rows.event();
    let mut look = |row: AuditedRow, of: EventId, version: u64| {
        if of != event.id {
            found.push(Violation::StrayRow { row, event: of });
        }
        if version == 0 {
            found.push(Violation::VersionMissing { row });
        }
    };
    look(AuditedRow::Event(event.id), event.id, event.version);
    for ticket_type in rows.ticket_types() {
        // Ticket types have no version of their own.
        look(AuditedRow::TicketType(ticket_type.id), ticket_type.event, 1);
    }
    for seat in rows.seats() {
        look(AuditedRow::Seat(seat.id), seat.event, seat.version);
    }
    for reservation in rows.reservations() {
        look(AuditedRow::Reservation(reservation.id), reservation.event, reservation.version);
    }
    for payment in rows.payments() {
        look(AuditedRow::Payment(payment.id), payment.event, payment.version);
    }
}

fn check_pending(
    reservation: &Reservation,
    pending: &mut BTreeMap<BuyerId, ReservationId>,
    found: &mut Vec<Violation>,
) {
    let (buyer, second) = (reservation.buyer, reservation.id);
    let is_pending =
        matches!(reservation.state, ReservationState::Held { .. } | ReservationState::Paying { .. });
    if is_pending && let Some(first) = pending.insert(buyer, second) {
        found.push(Violation::TwoPending { buyer, first, second });
    }
}

fn check_lines(rows: &Snapshot, reservation: &Reservation, found: &mut Vec<Violation>) {
    let seats = reservation.seats.iter().map(|line| i128::from(line.price.minor()));
    let items = reservation.items.iter();
    let items = items.map(|line| i128::from(line.unit_price.minor()) * i128::from(line.quantity));
    let counted: i128 = seats.chain(items).sum();
    let (id, total) = (reservation.id, reservation.total);
    if counted != i128::from(total.minor()) {
        found.push(Violation::TotalMiscounted { reservation: id, total, counted });
    }
    if !reservation.is_live() {
        return;
    }
    if reservation.tickets() == 0 {
        found.push(Violation::NothingReserved { reservation: id });
    }
    for line in &reservation.items {
        if rows.ticket_type(line.ticket_type).is_none() {
            let (row, ticket_type) = (AuditedRow::Reservation(id), line.ticket_type);
            found.push(Violation::TicketTypeUnknown { row, ticket_type });
        }
    }
}
