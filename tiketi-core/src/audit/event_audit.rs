//! The audit of one event, over its rows in parts.

use crate::audit::part::Lookup;
use crate::audit::seats::LatestChange;
use crate::audit::stock::Counted;
use crate::audit::{AuditPart, AuditRows, AuditedEvent, AuditedRow, Violation, money, reservations, seats};
use crate::event::EventState;
use crate::id::EventId;

/// Checks the rows of one event part by part.
///
/// Between two parts it keeps the event, its ticket types and what was counted of each; so it needs as much memory for an
/// event of a million seats as for one of ten.
#[derive(Debug)]
pub struct EventAudit {
    event: AuditedEvent,
    latest: LatestChange,
    counted: Counted,
}

impl EventAudit {
    /// Begins with the event itself, and adds what is wrong with it to `found`.
    pub fn new(event: AuditedEvent, found: &mut Vec<Violation>) -> Self {
        let id = event.event.id;
        check_row(id, AuditedRow::Event(id), (id, event.event.version), found);
        for ticket_type in &event.ticket_types {
            // Ticket types have no version of their own.
            check_row(id, AuditedRow::TicketType(ticket_type.id), (ticket_type.event, 1), found);
        }
        let counted = Counted::new(&event.ticket_types);
        Self { event, latest: LatestChange::default(), counted }
    }

    /// Checks the next rows, and adds what is wrong with them to `found`.
    pub fn check(&mut self, part: &AuditPart, found: &mut Vec<Violation>) {
        let (lookup, event) = (Lookup::of(part), self.event.event.id);
        match &part.rows {
            AuditRows::Seats(rows) => {
                for seat in rows {
                    check_row(event, AuditedRow::Seat(seat.id), (seat.event, seat.version), found);
                    self.latest.check(seat, self.event.map_version, found);
                    seats::check_seat(&self.counted, &lookup, seat, found);
                    self.counted.count_seat(seat);
                }
            }
            AuditRows::Reservations(rows) => {
                for row in rows {
                    let id = AuditedRow::Reservation(row.id);
                    check_row(event, id, (row.event, row.version), found);
                    seats::check_lines(&lookup, row, found);
                    reservations::check(&self.counted, &lookup, row, found);
                    money::check_payment_of(&lookup, row, found);
                    self.counted.count_units(row);
                }
                self.check_strays(&lookup, found);
            }
            AuditRows::Payments(rows) => {
                let cancelled = matches!(self.event.event.state, EventState::Cancelled { .. });
                for row in rows {
                    check_row(event, AuditedRow::Payment(row.id), (row.event, row.version), found);
                    money::check_payment_row(&lookup, row, cancelled, found);
                }
            }
        }
    }

    /// Ends after the last part: what needs all rows is checked now.
    pub fn finish(self, found: &mut Vec<Violation>) {
        self.latest.finish(self.event.map_version, found);
        self.counted.check(&self.event.ticket_types, found);
    }

    /// A payment of another event is not among this event's payments, but a reservation names it.
    fn check_strays(&self, lookup: &Lookup<'_>, found: &mut Vec<Violation>) {
        for payment in lookup.payments().filter(|payment| payment.event != self.event.event.id) {
            found.push(Violation::StrayRow { row: AuditedRow::Payment(payment.id), event: payment.event });
        }
    }
}

/// A row belongs to this event, and was written with a version.
fn check_row(event: EventId, row: AuditedRow, (of, version): (EventId, u64), found: &mut Vec<Violation>) {
    if of != event {
        found.push(Violation::StrayRow { row, event: of });
    }
    if version == 0 {
        found.push(Violation::VersionMissing { row });
    }
}
