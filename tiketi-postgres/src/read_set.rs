//! Which rows the commands of a batch look at.

use std::collections::BTreeSet;

use tiketi_core::decide::{Command, Subject};
use tiketi_core::{
    BuyerId, CommandKey, PaymentId, ReservationId, SeatId, Timestamp, limits::MAX_LINES_PER_COMMAND,
};

/// Rows of one event to load together, each once.
#[derive(Debug, Default)]
pub(crate) struct BatchReadSet {
    /// Keys of commands that may have taken effect earlier.
    pub(crate) keys: BTreeSet<CommandKey>,
    /// Keys under which something may have been made earlier.
    pub(crate) creations: BTreeSet<CommandKey>,
    pub(crate) seats: BTreeSet<SeatId>,
    /// Those whose live reservations count.
    pub(crate) buyers: BTreeSet<BuyerId>,
    pub(crate) reservations: BTreeSet<ReservationId>,
    pub(crate) payments: BTreeSet<PaymentId>,
    /// Whatever is due by then.
    pub(crate) due: Option<Timestamp>,
    /// How many new reservations there may be.
    pub(crate) serials: i64,
    /// Whether to look for any reservation at all.
    pub(crate) any_reservation: bool,
}

impl BatchReadSet {
    /// Adds what a sales command's rule looks at.
    pub(crate) fn command<C: Command>(&mut self, command: &C) {
        self.keys.insert(command.key());
        self.due_at(command.now());
        let reads = command.read_set();
        // What no rule accepts need not be looked for.
        if reads.seats.len() <= MAX_LINES_PER_COMMAND {
            self.seats.extend(reads.seats);
        }
        self.buyers.extend(reads.buyer);
        self.reservations.extend(reads.new_reservation);
        self.payments.extend(reads.new_payment);
        match command.subject() {
            // Only what is about the event itself makes reservations.
            Subject::Event(_) => self.serials += 1,
            Subject::Reservation(id) => drop(self.reservations.insert(id)),
            Subject::Payment(id) => drop(self.payments.insert(id)),
        }
    }

    /// Adds what is due at a moment.
    pub(crate) fn due_at(&mut self, now: Timestamp) {
        self.due = self.due.max(Some(now));
    }
}
