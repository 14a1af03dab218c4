//! Archiving of events that are over.

use crate::error::CommandError;
use crate::event::{Event, EventState};
use crate::time::Timestamp;

/// What is still to be done about an event: while there is any, it is not archived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores count every part")]
pub struct OpenWork {
    /// Reservations that are held or being paid, and those of a cancelled event that are on the list of
    /// [`crate::store::SalesStore::to_call_off`].
    pub reservations: u64,
    /// Payments that have a [`reconciliation`](crate::Payment::reconciliation), which includes queued refunds and awaited
    /// deposits, and payments that need attention ([`crate::Payment::needs_attention`]).
    pub payments: u64,
}

/// Why an event is not archived.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveRefused {
    /// The event does not exist.
    #[error("there is no such event")]
    EventNotFound,
    /// The event is a draft, its sale has not closed, or its performance has not begun.
    #[error("the event is not over")]
    NotOver,
    /// Something is still to be done about the event.
    #[error("{reservations} reservations and {payments} payments of the event are open")]
    StillOpen {
        /// Open reservations; see [`OpenWork::reservations`].
        reservations: u64,
        /// Open payments; see [`OpenWork::payments`].
        payments: u64,
    },
}

/// Decides an event's row after it is archived. An archived event stays as it is.
///
/// # Errors
///
/// [`ArchiveRefused::NotOver`], and [`ArchiveRefused::StillOpen`] with what is open.
pub fn archive(event: &Event, open: OpenWork, now: Timestamp) -> Result<Event, ArchiveRefused> {
    if event.is_archived() {
        return Ok(event.clone());
    }
    let is_over = match event.state {
        EventState::Draft => false,
        EventState::Published => now >= event.details.sale.closes_at() && now >= event.details.starts_at,
        EventState::Cancelled { .. } => true,
    };
    if !is_over {
        return Err(ArchiveRefused::NotOver);
    }
    let OpenWork { reservations, payments } = open;
    if open != OpenWork::default() {
        return Err(ArchiveRefused::StillOpen { reservations, payments });
    }
    Ok(Event { archived_at: Some(now), version: event.version + 1, ..event.clone() })
}

/// Decides an event's row after it is taken out of the archive. An event that is not archived stays as it is.
pub fn unarchive(event: &Event) -> Event {
    if !event.is_archived() {
        return event.clone();
    }
    Event { archived_at: None, version: event.version + 1, ..event.clone() }
}

/// Refuses a change of an archived event.
///
/// # Errors
///
/// [`CommandError::EventArchived`].
pub fn refuse_archived<R>(event: &Event) -> Result<(), CommandError<R>> {
    if event.is_archived() { Err(CommandError::EventArchived) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::decide::fixture::{ADA, Show, at};
    use crate::decide::{CaptureOutcome, Command, RecordOutcome, Scope, run};
    use crate::error::CommandError;
    use crate::time::SaleWindow;

    const NOTHING: OpenWork = OpenWork { reservations: 0, payments: 0 };

    /// An event that sells until 100 and begins at 200.
    fn event(state: EventState) -> Event {
        let mut event = Show::open().snapshot.event().clone();
        event.details.sale = SaleWindow::new(at(0), at(100)).unwrap();
        event.details.starts_at = at(200);
        Event { state, ..event }
    }

    #[test]
    fn an_event_is_archived_once_it_is_sold_and_has_begun() {
        let event = event(EventState::Published);
        for early in [at(0), at(99), at(100), at(199)] {
            assert_eq!(archive(&event, NOTHING, early), Err(ArchiveRefused::NotOver));
        }
        let archived = archive(&event, NOTHING, at(200)).unwrap();
        assert_eq!((archived.archived_at, archived.version), (Some(at(200)), event.version + 1));
        assert_eq!(archive(&archived, NOTHING, at(300)).unwrap(), archived, "again changes nothing");
    }

    #[test]
    fn a_sale_that_outlasts_the_beginning_must_close_first() {
        let mut event = event(EventState::Published);
        event.details.starts_at = at(50);
        assert_eq!(archive(&event, NOTHING, at(99)), Err(ArchiveRefused::NotOver));
        assert!(archive(&event, NOTHING, at(100)).is_ok());
    }

    #[test]
    fn a_cancelled_event_is_archived_at_any_time_and_a_draft_never() {
        assert!(archive(&event(EventState::Cancelled { at: at(1) }), NOTHING, at(1)).is_ok());
        let draft = event(EventState::Draft);
        assert_eq!(archive(&draft, NOTHING, at(300)), Err(ArchiveRefused::NotOver));
    }

    #[test]
    fn an_event_with_open_work_is_not_archived() {
        for (reservations, payments) in [(1, 0), (0, 1), (3, 4)] {
            let refused =
                archive(&event(EventState::Published), OpenWork { reservations, payments }, at(300));
            assert_eq!(refused, Err(ArchiveRefused::StillOpen { reservations, payments }));
        }
    }

    #[test]
    fn an_event_comes_out_of_the_archive_as_it_was() {
        let event = event(EventState::Published);
        let archived = archive(&event, NOTHING, at(200)).unwrap();
        assert_eq!(unarchive(&archived), Event { version: event.version + 2, ..event.clone() });
        assert_eq!(unarchive(&event), event);
    }

    #[test]
    fn an_archived_event_takes_nothing_but_what_a_provider_says() {
        let mut show = Show::open();
        let held = show.held(at(1), ADA, &[0]);
        let payment = show.confirming(at(2), held, ADA);
        let event = Event { archived_at: Some(at(3)), ..show.snapshot.event().clone() };
        show.snapshot.set_event(event);
        let another = show.hold(ADA, &[1]).at(at(4), show.key());
        assert!(matches!(run(&another, &show.snapshot, None), Err(CommandError::EventArchived)));
        let outcome = CaptureOutcome::Declined { code: "NO".into() };
        let told = RecordOutcome::new(payment, outcome).at(at(4), show.key());
        assert!(run(&told, &show.snapshot, None).is_ok());
    }

    #[test]
    fn the_time_of_archiving_is_not_before_the_event() {
        let event = event(EventState::Published);
        let late = at(200).after(Duration::from_hours(24 * 365));
        assert_eq!(archive(&event, NOTHING, late).unwrap().archived_at, Some(late));
    }
}
