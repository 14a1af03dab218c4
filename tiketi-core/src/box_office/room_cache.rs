//! Caches what waiting rooms need of their events for a second, so that a status needs no read of the event.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use foldhash::fast::RandomState;

use crate::box_office::BoxOffice;
use crate::error::StoreError;
use crate::event::EventState;
use crate::id::EventId;
use crate::store::EventView;
use crate::time::Timestamp;
use crate::waiting_room::{Room, RoomPolicy, Stock};

/// How long an entry is current.
const CURRENT: Duration = Duration::from_secs(1);
/// Number of entries from which old ones are dropped.
const MANY: usize = 1_024;

/// What a waiting room needs to know of its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RoomFacts {
    /// The policy, with the opening filled in.
    pub(super) policy: RoomPolicy,
    pub(super) is_public: bool,
    pub(super) is_cancelled: bool,
    pub(super) opens_at: Timestamp,
    pub(super) closes_at: Timestamp,
    pub(super) stock: Stock,
}

impl RoomFacts {
    fn of(view: &EventView) -> Self {
        let details = &view.event.details;
        let opens_at = details.sale.opens_at();
        let stock = view.ticket_types.iter().fold(Stock::default(), |sum, ticket_type| Stock {
            unsold: sum.unsold.saturating_add(u64::from(ticket_type.stock.available())),
            returning: sum.returning.saturating_add(u64::from(ticket_type.stock.held)),
        });
        Self {
            policy: RoomPolicy { opens_at: Some(details.line_opens_at()), ..details.waiting_room },
            is_public: view.event.is_public(),
            is_cancelled: matches!(view.event.state, EventState::Cancelled { .. }),
            opens_at,
            closes_at: details.sale.closes_at(),
            stock,
        }
    }

    /// Returns whether nothing is sold any more.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.is_cancelled || now >= self.closes_at
    }

    /// Returns whether tickets may be held now.
    pub(super) fn is_on_sale(&self, now: Timestamp) -> bool {
        self.is_public && !self.is_over(now) && now >= self.opens_at
    }
}

#[derive(Debug, Default)]
pub(super) struct RoomCache {
    facts: Mutex<Entries<RoomFacts>>,
    rooms: Mutex<Entries<Room>>,
}

type Entries<T> = HashMap<EventId, Entry<T>, RandomState>;

/// What was known at a moment; `None` if there was no such event or room.
#[derive(Debug, Clone, Copy)]
struct Entry<T> {
    at: Timestamp,
    value: Option<T>,
}

impl<T> Entry<T> {
    fn is_current(&self, now: Timestamp) -> bool {
        // An entry of the future shows that the clock was set back.
        self.at <= now && now.since(self.at) < CURRENT
    }
}

impl RoomCache {
    pub(super) fn forget(&self, event: EventId) {
        locked(&self.facts).remove(&event);
        locked(&self.rooms).remove(&event);
    }

    pub(super) fn keep_room(&self, event: EventId, now: Timestamp, room: &Room) {
        keep(&self.rooms, event, now, Some(*room));
    }
}

impl BoxOffice {
    /// Returns what is known of an event's waiting room; `None` without such an event.
    pub(super) async fn room_facts(&self, event: EventId) -> Result<Option<RoomFacts>, StoreError> {
        let now = self.now();
        match current(&self.inner.room_cache.facts, event, now) {
            Some(entry) => Ok(entry.value),
            None => self.fresh_room_facts(event).await,
        }
    }

    /// Reads what a waiting room needs to know of its event.
    pub(super) async fn fresh_room_facts(&self, event: EventId) -> Result<Option<RoomFacts>, StoreError> {
        let now = self.now();
        let facts = self.inner.catalog.event(event).await?.as_ref().map(RoomFacts::of);
        keep(&self.inner.room_cache.facts, event, now, facts);
        Ok(facts)
    }

    /// Returns an event's room, at most a second old, and when it was read.
    pub(super) async fn recent_room(&self, event: EventId) -> Result<(Option<Room>, Timestamp), StoreError> {
        let now = self.now();
        if let Some(entry) = current(&self.inner.room_cache.rooms, event, now) {
            return Ok((entry.value, entry.at));
        }
        let room = self.inner.waiting_rooms.room(event).await?;
        keep(&self.inner.room_cache.rooms, event, now, room);
        Ok((room, now))
    }
}

fn locked<T>(entries: &Mutex<Entries<T>>) -> MutexGuard<'_, Entries<T>> {
    entries.lock().unwrap_or_else(PoisonError::into_inner)
}

fn current<T: Copy>(entries: &Mutex<Entries<T>>, event: EventId, now: Timestamp) -> Option<Entry<T>> {
    locked(entries).get(&event).filter(|entry| entry.is_current(now)).copied()
}

fn keep<T>(entries: &Mutex<Entries<T>>, event: EventId, now: Timestamp, value: Option<T>) {
    let mut entries = locked(entries);
    if entries.len() >= MANY {
        entries.retain(|_, entry| entry.is_current(now));
    }
    entries.insert(event, Entry { at: now, value });
}
