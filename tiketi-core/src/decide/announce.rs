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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::fixture::{Show, at};
    use crate::event::{Event, EventState};

    /// Returns what is announced of an event on sale that was changed so.
    fn announced(change: impl FnOnce(Event) -> Event) -> Option<EventStatus> {
        let mut show = Show::open();
        let event = show.snapshot.event().clone();
        show.snapshot.set_event(change(event));
        announce_status(&show.snapshot, at(1))
    }

    /// Fails with each of the three conditions turned round.
    #[test]
    fn a_status_is_announced_once_and_only_of_an_event_that_buyers_see() {
        assert_eq!(announced(|event| event), Some(EventStatus::OnSale));
        assert_eq!(
            announced(|event| Event { announced: EventStatus::OnSale, ..event }),
            None,
            "it was before"
        );
        assert_eq!(announced(|event| Event { state: EventState::Draft, ..event }), None);
        assert_eq!(announced(|event| Event { archived_at: Some(at(0)), ..event }), None);
    }

    #[test]
    fn an_event_is_sold_out_once_nothing_of_any_kind_is_left() {
        let show = Show::open();
        let mut types: Vec<_> = show.snapshot.ticket_types().cloned().collect();
        for at in 0..types.len() {
            assert!(any_left(&types));
            types.get_mut(at).unwrap().stock.capacity = 0;
        }
        assert!(!any_left(&types));
    }
}
