//! Encoded seat maps: encoded once per version, shared by every request.
//!
//! A hall of 20,000 seats is about four megabytes of JSON. A request reads one number from the store, the map version.
//! While that is the cached version, every request gets the same bytes. If it is newer, one request reads the changes
//! and encodes, and the others wait for it. A map is encoded and compressed in segments of seats; a segment that did
//! not change is shared between versions.

mod answer;
mod encoded;
mod event_map;
mod map_header;
mod seat_index;
mod segment;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;
use axum::response::Response;
use tiketi_core::{BoxOffice, EventId, StoreError};

use encoded::Counters;
use event_map::EventMap;

/// Most events whose maps are cached. A hall of 100,000 seats takes about 35 MB: `tiketi-bench memory`.
const KEPT_EVENTS: usize = 32;

/// Caches the encoded seat maps of the most recently read events.
pub(crate) struct SeatMaps {
    /// The most recently used first.
    kept: Mutex<Vec<Arc<EventMap>>>,
    capacity: usize,
    counters: Arc<Counters>,
}

impl Default for SeatMaps {
    fn default() -> Self {
        Self::with_capacity(KEPT_EVENTS)
    }
}

impl fmt::Debug for SeatMaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeatMaps").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl SeatMaps {
    /// Caches the maps of at most `capacity` events.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { kept: Mutex::default(), capacity: capacity.max(1), counters: Arc::default() }
    }

    /// Answers with an event's map, or what changed after version `since`.
    ///
    /// Returns `None` if buyers can see no such event.
    pub(crate) async fn answer(
        &self,
        box_office: &BoxOffice,
        event: EventId,
        since: Option<u64>,
        request: &HeaderMap,
    ) -> Result<Option<Response>, StoreError> {
        let known = self.find(event);
        // Counted before the store is read: a later refresh is at least as new as what the store returns.
        let seen = known.as_ref().map_or(0, |map| map.refreshes());
        // Read before anything is cached: requests for unknown events must not evict a map.
        let Some(version) = box_office.catalog().seat_map_version(event).await? else {
            self.forget(event);
            return Ok(None);
        };
        let map = known.unwrap_or_else(|| self.find_or_add(event));
        let Some(current) = map.current(box_office, seen, version).await? else { return Ok(None) };
        match since.filter(|since| (1..=current.version).contains(since)) {
            None => Ok(Some(answer::complete(&current, request).await)),
            Some(since) => {
                let changes = map.changes(since, box_office.now()).await;
                Ok(Some(match changes {
                    Some(changes) => answer::changes(changes),
                    None => answer::complete(&current, request).await,
                }))
            }
        }
    }

    /// Makes the next request read title and prices again.
    pub(crate) fn event_was_edited(&self, event: EventId) {
        if let Some(map) = self.kept().iter().find(|map| map.event == event) {
            map.event_was_edited();
        }
    }

    /// Returns the event's map if it is cached, and marks it as used.
    fn find(&self, event: EventId) -> Option<Arc<EventMap>> {
        let mut kept = self.kept();
        let at = kept.iter().position(|map| map.event == event)?;
        // A rotation allocates nothing; every request comes here.
        kept.get_mut(..=at)?.rotate_right(1);
        kept.first().cloned()
    }

    fn find_or_add(&self, event: EventId) -> Arc<EventMap> {
        let mut kept = self.kept();
        if let Some(map) = kept.iter().find(|map| map.event == event) {
            return Arc::clone(map);
        }
        let map = Arc::new(EventMap::new(event, Arc::clone(&self.counters)));
        kept.insert(0, Arc::clone(&map));
        kept.truncate(self.capacity);
        map
    }

    fn forget(&self, event: EventId) {
        self.kept().retain(|map| map.event != event);
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Arc<EventMap>>> {
        // The list is consistent after every step, so a poisoned lock is safe to use.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
