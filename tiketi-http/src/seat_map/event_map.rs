//! The map of one event, refreshed by one request at a time.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use tiketi_core::{BoxOffice, EventId, StoreError, Timestamp};
use tokio::sync::Mutex;

use super::encoded::{Counters, Encoded};
use super::map_header::MapHeader;
use super::seat_index::SeatIndex;

/// Longest time that a title or price edited on another server is shown unchanged.
const HEAD_TTL: Duration = Duration::from_secs(1);

/// The cached seats of one event, and their encoding.
#[derive(Debug)]
pub(super) struct EventMap {
    /// The event.
    pub(super) event: EventId,
    current: RwLock<Option<Arc<Encoded>>>,
    /// Locked by the one request that refreshes.
    hall: Mutex<Option<SeatIndex>>,
    /// Grows with each completed refresh.
    refreshes: AtomicU64,
    /// When title and prices were last read, in microseconds.
    head_read_at: AtomicI64,
    counters: Arc<Counters>,
}

impl EventMap {
    /// Builds an empty map.
    pub(super) fn new(event: EventId, counters: Arc<Counters>) -> Self {
        Self {
            event,
            current: RwLock::default(),
            hall: Mutex::default(),
            refreshes: AtomicU64::new(0),
            head_read_at: AtomicI64::new(i64::MIN),
            counters,
        }
    }

    /// Makes the next request read title and prices again.
    pub(super) fn event_was_edited(&self) {
        self.head_read_at.store(i64::MIN, Ordering::SeqCst);
    }

    /// Returns the number of completed refreshes.
    pub(super) fn refreshes(&self) -> u64 {
        self.refreshes.load(Ordering::SeqCst)
    }

    /// Returns the encoding of `version` or a later one.
    ///
    /// Returns `None` if buyers may not see the event.
    /// `seen` is the value of [`EventMap::refreshes`] from before `version` was read.
    pub(super) async fn current(
        &self,
        box_office: &BoxOffice,
        seen: u64,
        version: u64,
    ) -> Result<Option<Arc<Encoded>>, StoreError> {
        let now = box_office.now();
        let fresh = self.kept().filter(|kept| kept.version == version && self.holds_at(kept, now));
        match fresh {
            Some(kept) => Ok(Some(kept)),
            None => self.refresh(box_office, seen, version).await,
        }
    }

    /// Encodes what changed after `since`.
    ///
    /// Returns `None` if the complete map is the better answer.
    pub(super) async fn changes(&self, since: u64, now: Timestamp) -> Option<Bytes> {
        self.hall.lock().await.as_ref()?.encode_since(since, now)
    }

    async fn refresh(
        &self,
        box_office: &BoxOffice,
        seen: u64,
        version: u64,
    ) -> Result<Option<Arc<Encoded>>, StoreError> {
        let mut hall = self.hall.lock().await;
        let now = box_office.now();
        if self.refreshes() != seen {
            // Another request refreshed the map while this one waited.
            let kept = self.kept().filter(|kept| kept.version >= version && self.holds_at(kept, now));
            if kept.is_some() {
                return Ok(kept);
            }
        }
        let Some(head) = self.head(box_office, hall.as_ref(), now).await? else {
            self.keep(None);
            return Ok(None);
        };
        update(box_office, self.event, &mut hall, head).await?;
        let encoded = hall.as_mut().map(|hall| self.encoded(hall, now));
        self.keep(encoded.clone());
        self.refreshes.fetch_add(1, Ordering::SeqCst);
        Ok(encoded)
    }

    /// Encodes the map, unless the cached encoding is current.
    fn encoded(&self, hall: &mut SeatIndex, now: Timestamp) -> Arc<Encoded> {
        let (lapsed, lapses_at) = hall.lapses(now);
        let tag = hall.tag(lapsed);
        let same = self.kept().filter(|kept| kept.tag == tag);
        same.unwrap_or_else(|| {
            let counters = Arc::clone(&self.counters);
            Arc::new(Encoded::new((hall.version, tag), lapses_at, hall.encode(now), counters))
        })
    }

    /// Returns title and prices; reads them again if they may be outdated.
    ///
    /// Returns `None` for a draft or an unknown event.
    async fn head(
        &self,
        box_office: &BoxOffice,
        hall: Option<&SeatIndex>,
        now: Timestamp,
    ) -> Result<Option<MapHeader>, StoreError> {
        match hall {
            Some(hall) if self.head_is_fresh_at(now) => Ok(Some(hall.head.clone())),
            _ => {
                // Set before the read: an edit during the read then causes another read.
                self.head_read_at.store(now.as_micros(), Ordering::SeqCst);
                let view = box_office.catalog().event(self.event).await?;
                Ok(view.filter(|view| view.event.is_public()).map(|view| MapHeader::of(&view)))
            }
        }
    }

    fn holds_at(&self, kept: &Encoded, now: Timestamp) -> bool {
        now < kept.lapses_at && self.head_is_fresh_at(now)
    }

    fn head_is_fresh_at(&self, now: Timestamp) -> bool {
        let age = now.as_micros().checked_sub(self.head_read_at.load(Ordering::SeqCst));
        age.and_then(|age| u64::try_from(age).ok()).is_some_and(|age| Duration::from_micros(age) < HEAD_TTL)
    }

    fn kept(&self) -> Option<Arc<Encoded>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, encoded: Option<Arc<Encoded>>) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = encoded;
    }
}

/// Updates a hall to the store's current version.
///
/// Reads only the changes if there is a hall with the same prices. If dropped halfway, it leaves the hall at its
/// version.
async fn update(
    box_office: &BoxOffice,
    event: EventId,
    hall: &mut Option<SeatIndex>,
    head: MapHeader,
) -> Result<(), StoreError> {
    if let Some(known) = hall.as_mut().filter(|known| known.head.digest == head.digest) {
        match box_office.catalog().seat_map(event, known.version).await? {
            Some(changes) if !changes.complete && known.apply(&changes).is_ok() => return Ok(()),
            Some(map) if map.complete => {
                *hall = Some(SeatIndex::of(&map, head));
                return Ok(());
            }
            Some(_) | None => {}
        }
    }
    let map = box_office.catalog().seat_map(event, 0).await?;
    *hall = map.map(|map| SeatIndex::of(&map, head));
    Ok(())
}
