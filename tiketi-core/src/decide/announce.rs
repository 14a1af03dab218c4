//! Notice that an event's status is no longer the one last announced.

use crate::decide::scope::Scope;
use crate::event::EventStatus;
use crate::time::Timestamp;

/// Returns the event's present status if buyers were told another; the store then keeps it with its fact.
pub fn announce_status(scope: &dyn Scope, now: Timestamp) -> Option<EventStatus> {
    let event = scope.event();
    let anything_left = scope.ticket_types().any(|ticket_type| ticket_type.stock.available() > 0);
    let status = event.status(now, anything_left);
    (event.is_public() && status != event.announced).then_some(status)
}
