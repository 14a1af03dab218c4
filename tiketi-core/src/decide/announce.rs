//! The announced status of an event.

use crate::decide::scope::Scope;
use crate::event::EventStatus;
use crate::ticket_type::TicketType;
use crate::time::Timestamp;

/// Returns the event's present status if it differs from the announced one.
///
/// The store then saves it together with its fact.
pub fn announce_status(scope: &dyn Scope, now: Timestamp) -> Option<EventStatus> {
    let event = scope.event();
    let status = event.status(now, any_left(scope.ticket_types()));
    (event.is_public() && !event.is_archived() && status != event.announced).then_some(status)
}

/// Returns whether any of an event's ticket types is available.
pub fn any_left<'t>(ticket_types: impl IntoIterator<Item = &'t TicketType>) -> bool {
    ticket_types.into_iter().any(|ticket_type| ticket_type.stock.available() > 0)
}
