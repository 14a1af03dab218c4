//! What a decision changes: whole new rows, and the facts that become true with them.

use crate::fact::FactBody;
use crate::id::{PaymentId, ReservationId, SeatId, TicketTypeId};
use crate::payment::Payment;
use crate::reservation::Reservation;
use crate::seat::SeatState;
use crate::ticket_type::Stock;

/// Rows to write, all or none, and facts to put into the outbox in the same commit.
///
/// Each row appears at most once and carries its new version, one more than the row it replaces
/// (1 for a new one).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Change {
    /// Reservations to insert or replace.
    pub reservations: Vec<Reservation>,
    /// Payments to insert or replace.
    pub payments: Vec<Payment>,
    /// Seats to update.
    pub seats: Vec<SeatChange>,
    /// Stocks to set.
    pub stock: Vec<(TicketTypeId, Stock)>,
    /// The event's new map version, if any seat changes; also the `map_version` of those seats.
    pub map_version: Option<u64>,
    /// Facts that become true.
    pub facts: Vec<FactBody>,
    /// What the command was about, for its answer now and when it is repeated.
    pub effect: Option<Effect>,
}

/// A seat's new state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatChange {
    /// Which seat.
    pub seat: SeatId,
    /// The state it shall have.
    pub state: SeatState,
    /// The version it shall have.
    pub version: u64,
}

/// What a command was about: enough to answer it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// The reservation it made or changed.
    pub reservation: ReservationId,
    /// The payment it made or changed, if any.
    pub payment: Option<PaymentId>,
}

impl Change {
    /// Tells whether nothing is to be written.
    pub fn is_empty(&self) -> bool {
        self.reservations.is_empty()
            && self.payments.is_empty()
            && self.seats.is_empty()
            && self.stock.is_empty()
            && self.facts.is_empty()
    }
}
