//! Archives events that are long over.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::box_office::{BoxOffice, Jobs};
use crate::error::{CommandError, StoreError};
use crate::event::EventStatus;
use crate::id::EventId;
use crate::store::{EventKey, EventQuery, EventSort, Page, PageRequest, Swept};

/// Most events that one run looks at.
const LOOKED_AT: u32 = 100;
/// The lists that have events which are over.
const LISTS: [EventStatus; 2] = [EventStatus::Ended, EventStatus::Cancelled];

/// How long events stay in the lists, and where the next run continues.
///
/// An event with open work stays in its list for as long as it is open. So a run continues after the events that the run
/// before looked at, and does not look at the same ones for ever.
#[derive(Debug)]
pub(super) struct Archiver {
    after: Duration,
    next: Mutex<Cursor>,
}

#[derive(Debug, Clone, Default)]
struct Cursor {
    /// Index of the list.
    list: usize,
    after: Option<EventKey>,
}

impl Archiver {
    pub(super) fn new(after: Duration) -> Self {
        Self { after, next: Mutex::default() }
    }

    fn next(&self) -> Cursor {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn continue_at(&self, cursor: Cursor) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = cursor;
    }
}

impl Jobs {
    /// Archives events that began longer ago than [`crate::BoxOfficeBuilder::archive_after`], and returns them.
    ///
    /// Call it about every minute. It looks at a hundred events that are over, and continues after them the next time. An
    /// event with open work is left for a later round; one that fails or is locked is skipped. Without
    /// `archive_after` it does nothing.
    pub async fn archive_once(&self) -> Result<Swept<EventId>, StoreError> {
        self.office.archive_some().await.map(|(swept, _)| swept)
    }
}

impl BoxOffice {
    /// Archives old events of a part of a list, and returns whether there may be more.
    pub(super) async fn archive_some(&self) -> Result<(Swept<EventId>, bool), StoreError> {
        let Some(archiver) = &self.inner.archiver else { return Ok((Swept::default(), false)) };
        let (now, cursor) = (self.now(), archiver.next());
        let status = LISTS.get(cursor.list).copied().unwrap_or(EventStatus::Ended);
        let first = PageRequest::new(1, LOOKED_AT).unwrap_or(PageRequest::FIRST);
        let query =
            EventQuery { after: cursor.after, ..EventQuery::published(now, first).with_status(status) };
        let Page { rows, has_more, .. } = self.inner.catalog.events(query).await?;
        let began_before = now.before(archiver.after);
        let old = rows.iter().take_while(|view| view.event.details.starts_at < began_before);
        let old: Vec<_> = old.map(|view| &view.event).collect();
        let mut swept = Swept::default();
        for event in &old {
            match self.inner.catalog.archive_event(event.id, now).await {
                Ok(_) => swept.done.push(event.id),
                Err(CommandError::Store(error)) => swept.skipped.push((event.id, error)),
                // It has open work, or is gone.
                Err(_) => {}
            }
        }
        let more = has_more && old.len() == rows.len();
        archiver.continue_at(match old.last() {
            Some(last) if more => Cursor { list: cursor.list, after: Some(EventSort::StartsAt.key(last)) },
            _ => Cursor { list: (cursor.list + 1) % LISTS.len(), after: None },
        });
        Ok((swept, more))
    }
}
