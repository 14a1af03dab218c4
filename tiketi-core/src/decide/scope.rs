//! The rows that a rule may read.

use crate::event::Event;
use crate::fact::FactKinds;
use crate::id::{BuyerId, PaymentId, ReservationId, SeatId, TicketTypeId};
use crate::payment::Payment;
use crate::reservation::Reservation;
use crate::seat::Seat;
use crate::ticket_type::TicketType;

/// The rows of one event that a rule may read.
///
/// An adapter that loads only some rows must have loaded those that the command reads: the event, all its ticket types,
/// the seats of the command, the buyer's live reservations and the latest one with their seats and latest payments, and the
/// reservation and payment of the command. A row that is not in the scope does not exist for the rule.
pub trait Scope {
    /// Returns the event.
    fn event(&self) -> &Event;
    /// Returns the event's map version: the greatest `map_version` of any of its seats.
    fn map_version(&self) -> u64;
    /// Returns a serial that no other reservation of the store has or will have.
    fn serial(&self) -> u64;
    /// Returns a ticket type of the event.
    fn ticket_type(&self, id: TicketTypeId) -> Option<&TicketType>;
    /// Returns all ticket types of the event.
    fn ticket_types(&self) -> Box<dyn Iterator<Item = &TicketType> + '_>;
    /// Returns a seat of the event.
    fn seat(&self, id: SeatId) -> Option<&Seat>;
    /// Returns a reservation of the event.
    fn reservation(&self, id: ReservationId) -> Option<&Reservation>;
    /// Returns a payment for a reservation of the event.
    fn payment(&self, id: PaymentId) -> Option<&Payment>;
    /// Returns the buyer's live reservations of the event; see [`Reservation::is_live`].
    fn live_reservations(&self, buyer: BuyerId) -> Vec<&Reservation>;
    /// Returns the buyer's reservation of the event with the greatest serial, ended or not.
    fn latest_reservation(&self, buyer: BuyerId) -> Option<&Reservation>;
    /// Returns the kinds of facts that a subscriber or a listener wants; the rules may leave out others.
    fn wanted_facts(&self) -> FactKinds {
        FactKinds::all()
    }
}
