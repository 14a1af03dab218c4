//! Changes: what a rule decided, as new rows with their versions, and facts.

use crate::fact::FactBody;
use crate::id::{PaymentId, ReservationId, SeatId, TicketTypeId};
use crate::payment::Payment;
use crate::reservation::Reservation;
use crate::seat::{FormerHold, SeatState};
use crate::ticket_type::Stock;

/// Rows to write, all or none, and facts for the outbox in the same commit.
///
/// Each row appears at most once and carries its new version, one more than the row it replaces
/// (1 for a new one).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_structs, reason = "a store acts on every part")]
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
    /// Facts that become true with the commit.
    pub facts: Vec<FactBody>,
    /// The reservation and payment of the command, for its answer now and on a repetition.
    pub effect: Option<Effect>,
}

/// A seat's new state.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a store acts on every part")]
pub struct SeatChange {
    /// The seat.
    pub seat: SeatId,
    /// The new state.
    pub state: SeatState,
    /// The new version.
    pub version: u64,
    /// Who gave the seat back unpaid with this change.
    pub former: Option<Box<FormerHold>>,
}

/// The reservation and payment that a command was about; a replay returns them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a store acts on every part")]
pub struct Effect {
    /// The reservation it made or changed.
    pub reservation: ReservationId,
    /// The payment it made or changed, if any.
    pub payment: Option<PaymentId>,
}
