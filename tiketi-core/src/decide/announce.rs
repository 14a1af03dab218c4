//! The announced status of an event.

use crate::decide::scope::Scope;
use crate::event::EventStatus;
use crate::time::Timestamp;

/// Returns the event's present status if it differs from the announced one.
///
/// The store then saves it together with its fact.
pub fn announce_status(scope: &dyn Scope, now: Timestamp) -> Option<EventStatus> {
    let event = scope.event();
    let anything_left = scope.ticket_types().any(|ticket_type| ticket_type.stock.available() > 0);
    let status = event.status(now, anything_left);
    (event.is_public() && status != event.announced).then_some(status)
}
