//! What the commands of a batch changed, each row once, in the order of the keys.

use std::collections::{BTreeMap, BTreeSet};

use tiketi_core::decide::{Change, CommandRecord, CreationRecord};
use tiketi_core::{CommandKey, FactBody, PaymentId, ReservationId, SeatId, TicketTypeId, Timestamp};

/// Rows to write, by key; those that have a version with the one they had before, 0 for a new row.
#[derive(Debug, Default)]
pub(crate) struct WriteSet {
    pub(crate) seats: BTreeMap<SeatId, u64>,
    pub(crate) reservations: BTreeMap<ReservationId, u64>,
    pub(crate) payments: BTreeMap<PaymentId, u64>,
    pub(crate) stock: BTreeSet<TicketTypeId>,
    pub(crate) commands: Vec<(CommandKey, CommandRecord)>,
    pub(crate) creations: Vec<(CommandKey, CreationRecord)>,
    pub(crate) facts: Vec<(Timestamp, FactBody)>,
    /// Whether the event's own details changed.
    pub(crate) event: bool,
    /// Whether the event is gone.
    pub(crate) deleted: bool,
    pub(crate) new_ticket_types: BTreeSet<TicketTypeId>,
    pub(crate) edited_ticket_types: BTreeSet<TicketTypeId>,
    pub(crate) removed_ticket_types: BTreeSet<TicketTypeId>,
}

impl WriteSet {
    /// Adds what a decision changes.
    pub(crate) fn add(&mut self, change: &Change, now: Timestamp) {
        for seat in &change.seats {
            self.seats.entry(seat.seat).or_insert(before(seat.version));
        }
        for row in &change.reservations {
            self.reservations.entry(row.id).or_insert(before(row.version));
        }
        for row in &change.payments {
            self.payments.entry(row.id).or_insert(before(row.version));
        }
        self.stock.extend(change.stock.iter().map(|(id, _)| *id));
        self.facts.extend(change.facts.iter().map(|body| (now, body.clone())));
    }

    /// Tells whether rows of ticket types came, went or were written whole, so that where they lie is not known.
    pub(crate) fn moves_ticket_types(&self) -> bool {
        !self.new_ticket_types.is_empty()
            || !self.edited_ticket_types.is_empty()
            || !self.removed_ticket_types.is_empty()
    }

    /// Tells whether there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.seats.is_empty()
            && self.reservations.is_empty()
            && self.payments.is_empty()
            && self.stock.is_empty()
            && self.commands.is_empty()
            && self.creations.is_empty()
            && self.facts.is_empty()
            && self.new_ticket_types.is_empty()
            && self.edited_ticket_types.is_empty()
            && self.removed_ticket_types.is_empty()
            && !self.event
            && !self.deleted
    }
}

/// Returns the version a row has in the database, given its first new one.
fn before(version: u64) -> u64 {
    version.saturating_sub(1)
}
