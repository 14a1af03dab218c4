//! Live events: what everyone may see of an event, kept in memory once and current through the change stream.
//!
//! Every reader of an event in a process looks at one [`LiveEvent`]: seat maps, compact states, event details, stock, and
//! sockets. A reader costs no statement; the store is asked once a second and event, while it is read.

mod event;
mod follow;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tiketi_core::{BoxOffice, EventId, StoreError, TicketTypeId};

use crate::picture::Picture;
use crate::seat_map::Counters;

pub(crate) use event::LiveEvent;
pub(crate) use follow::Following;

/// Most events that are kept without followers. A seat takes about 130 bytes, by the sizes of its types, and in a hall of
/// 100,000 about 350 bytes more once the seat map was read: `tiketi-bench memory`.
const KEPT_EVENTS: usize = 32;

/// The events that were read last, and those that are followed.
pub(crate) struct LiveEvents {
    /// The most recently used first.
    kept: Mutex<Vec<Arc<LiveEvent>>>,
    /// Those that are being read for the first time, so that one reader does it.
    loading: Mutex<HashMap<EventId, Weak<LiveEvent>>>,
    capacity: usize,
    counters: Arc<Counters>,
}

/// An event, and its picture for one request.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) live: Arc<LiveEvent>,
    pub(crate) picture: Arc<Picture>,
}

impl Default for LiveEvents {
    fn default() -> Self {
        Self::with_capacity(KEPT_EVENTS)
    }
}

impl fmt::Debug for LiveEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveEvents").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl LiveEvents {
    /// Keeps at most `capacity` events without followers.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            kept: Mutex::default(),
            loading: Mutex::default(),
            capacity: capacity.max(1),
            counters: Arc::default(),
        }
    }

    /// Returns an event, at most a second behind the store; `None` if buyers can see no such event.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store was asked, and did not answer.
    pub(crate) async fn get(&self, office: &BoxOffice, event: EventId) -> Result<Option<Shown>, StoreError> {
        self.get_since(office, event, 0).await
    }

    /// Returns an event as [`LiveEvents::get`] does, for a client that has a map version already, perhaps from another
    /// server.
    ///
    /// # Errors
    ///
    /// As [`LiveEvents::get`].
    pub(crate) async fn get_since(
        &self,
        office: &BoxOffice,
        event: EventId,
        client_has: u64,
    ) -> Result<Option<Shown>, StoreError> {
        let live = match self.find(event) {
            Some(kept) => kept,
            None => match self.load(office, event).await? {
                Some(loaded) => loaded,
                None => return Ok(None),
            },
        };
        if let Some(picture) = live.refresh(client_has).await? {
            return Ok(Some(Shown { live, picture }));
        }
        self.forget(&live);
        Ok(None)
    }

    /// Returns the picture of an event for what its seats and stock do not matter to, at most a second behind the store.
    ///
    /// Returns `None` if the event is not kept; then the caller reads what it needs.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store was asked, and did not answer.
    pub(crate) async fn recent(&self, event: EventId) -> Result<Option<Arc<Picture>>, StoreError> {
        match self.find(event) {
            Some(kept) => kept.recent().await,
            None => Ok(None),
        }
    }

    /// Begins to read an event that others will ask for; the caller completes it with [`LiveEvents::keep_read`].
    ///
    /// Returns `None` if it is kept or being read already, or if another event would be dropped for it.
    pub(crate) fn begin_to_keep(&self, office: &BoxOffice, event: EventId) -> Option<Arc<LiveEvent>> {
        let has_room = self.has_room() && self.find(event).is_none();
        let (live, is_new) = has_room.then(|| self.loading(office, event))?;
        is_new.then_some(live)
    }

    /// Reads an event, and keeps it.
    pub(crate) async fn keep_read(&self, live: Arc<LiveEvent>) {
        // If the store does not answer, the next reader asks it again.
        if let Ok(Some(_)) = live.refresh(0).await {
            self.keep(live);
        }
    }

    /// Returns the event of a ticket type, if it is kept.
    pub(crate) fn event_of(&self, ticket_type: TicketTypeId) -> Option<EventId> {
        let has_it = |live: &&Arc<LiveEvent>| {
            let picture = live.picture();
            picture.is_some_and(|shown| shown.view.ticket_types.iter().any(|known| known.id == ticket_type))
        };
        self.kept().iter().find(has_it).map(|live| live.event())
    }

    /// Follows an event until the answer is dropped; `None` if buyers can see no such event.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store was asked, and did not answer.
    pub(crate) async fn follow(
        &self,
        office: &BoxOffice,
        event: EventId,
    ) -> Result<Option<Following>, StoreError> {
        let Some(Shown { live, .. }) = self.get(office, event).await? else { return Ok(None) };
        let following = Following::of(Arc::clone(&live), office);
        // It may have been dropped meanwhile, for others that were read, and read again.
        let kept = self.keep(live);
        Ok(Some(if Arc::ptr_eq(&kept, following.live()) { following } else { Following::of(kept, office) }))
    }

    #[cfg(test)]
    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Makes the next reader ask the store: a handler changed the event.
    pub(crate) fn was_edited(&self, event: EventId) {
        if let Some(live) = self.kept().iter().find(|live| live.event() == event) {
            live.was_edited();
        }
    }

    /// Begins to keep an event that buyers can see.
    async fn load(&self, office: &BoxOffice, event: EventId) -> Result<Option<Arc<LiveEvent>>, StoreError> {
        // Read before anything is kept: requests for unknown events must not evict one.
        let view = office.catalog().event(event).await?;
        if !view.is_some_and(|view| view.event.is_public()) {
            return Ok(None);
        }
        let (live, _) = self.loading(office, event);
        let is_read = live.refresh(0).await?.is_some();
        Ok(is_read.then(|| self.keep(live)))
    }

    /// Returns the event that is being read for the first time, and whether no one else reads it.
    fn loading(&self, office: &BoxOffice, event: EventId) -> (Arc<LiveEvent>, bool) {
        let mut loading = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        loading.retain(|_, live| live.strong_count() > 0);
        if let Some(live) = loading.get(&event).and_then(Weak::upgrade) {
            return (live, false);
        }
        let live = Arc::new(LiveEvent::new(office, event, Arc::clone(&self.counters)));
        loading.insert(event, Arc::downgrade(&live));
        (live, true)
    }

    /// Returns the event if it is kept, and marks it as used.
    fn find(&self, event: EventId) -> Option<Arc<LiveEvent>> {
        let mut kept = self.kept();
        let at = kept.iter().position(|live| live.event() == event)?;
        // A rotation allocates nothing; every request comes here.
        kept.get_mut(..=at)?.rotate_right(1);
        kept.first().cloned()
    }

    /// Keeps an event, and returns the one that is kept; drops those without followers that were not read for longest.
    fn keep(&self, live: Arc<LiveEvent>) -> Arc<LiveEvent> {
        let mut kept = self.kept();
        if let Some(known) = kept.iter().find(|known| known.event() == live.event()) {
            return Arc::clone(known);
        }
        kept.insert(0, Arc::clone(&live));
        let mut unfollowed = 0;
        kept.retain(|known| {
            unfollowed += usize::from(!known.is_followed());
            known.is_followed() || unfollowed <= self.capacity
        });
        live
    }

    fn has_room(&self) -> bool {
        self.kept().iter().filter(|live| !live.is_followed()).count() < self.capacity
    }

    fn forget(&self, live: &Arc<LiveEvent>) {
        self.kept().retain(|known| !Arc::ptr_eq(known, live));
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Arc<LiveEvent>>> {
        // The list is consistent after every step, so a poisoned lock is safe to use.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
