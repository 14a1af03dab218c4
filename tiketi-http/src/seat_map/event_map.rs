//! The map of one event, encoded by one request at a time.

use std::sync::{Arc, PoisonError, RwLock};

use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use tiketi_core::{BoxOffice, StoreError, Timestamp};
use tokio::sync::Mutex;

use super::answer;
use super::encoded::{Counters, Encoded};
use super::map_header::MapHeader;
use super::seat_index::SeatIndex;
use crate::picture::Picture;

/// The encoded seats of one event.
#[derive(Debug)]
pub(crate) struct EventMap {
    current: RwLock<Option<Arc<Encoded>>>,
    /// Locked by the one request that encodes.
    hall: Mutex<Option<SeatIndex>>,
    counters: Arc<Counters>,
}

impl EventMap {
    /// Builds an empty map.
    pub(crate) fn new(counters: Arc<Counters>) -> Self {
        Self { current: RwLock::default(), hall: Mutex::default(), counters }
    }

    /// Answers with the map of a picture, or with what changed after version `since`.
    ///
    /// The places of the seats are read from the store once, and again if a price changed. Returns `None` if the event does
    /// not exist any more.
    pub(crate) async fn answer(
        &self,
        box_office: &BoxOffice,
        picture: &Picture,
        since: Option<u64>,
        request: &HeaderMap,
    ) -> Result<Option<Response>, StoreError> {
        let Some(current) = self.current(box_office, picture).await? else { return Ok(None) };
        if let Some(since) = since.filter(|since| (1..=current.version).contains(since))
            && let Some(changes) = self.changes(since, box_office.now()).await
        {
            return Ok(Some(answer::changes(changes)));
        }
        Ok(Some(answer::complete(&current, request).await))
    }

    /// Returns the encoding of a picture, or of a later one.
    async fn current(
        &self,
        box_office: &BoxOffice,
        picture: &Picture,
    ) -> Result<Option<Arc<Encoded>>, StoreError> {
        let is_current = |kept: &Arc<Encoded>| kept.is_of(picture.revision, box_office.now());
        if let Some(kept) = self.kept().filter(is_current) {
            return Ok(Some(kept));
        }
        let mut hall = self.hall.lock().await;
        // Another request may have encoded it while this one waited.
        if let Some(kept) = self.kept().filter(is_current) {
            return Ok(Some(kept));
        }
        if !update(box_office, picture, &mut hall).await? {
            return Ok(None);
        }
        let encoded = hall.as_mut().map(|hall| self.encoded(hall, picture.revision, box_office.now()));
        (*self.current.write().unwrap_or_else(PoisonError::into_inner)).clone_from(&encoded);
        Ok(encoded)
    }

    /// Encodes what changed after `since`.
    ///
    /// Returns `None` if the complete map is the better answer.
    async fn changes(&self, since: u64, now: Timestamp) -> Option<Bytes> {
        self.hall.lock().await.as_ref()?.encode_since(since, now)
    }

    /// Encodes the map, unless the cached encoding has the same seats.
    fn encoded(&self, hall: &mut SeatIndex, revision: u64, now: Timestamp) -> Arc<Encoded> {
        let (lapsed, lapses_at) = hall.lapses(now);
        let tag = hall.tag(lapsed);
        if let Some(same) = self.kept().filter(|kept| kept.tag == tag) {
            same.confirm(revision);
            return same;
        }
        let counters = Arc::clone(&self.counters);
        Arc::new(Encoded::new((hall.version, tag), (revision, lapses_at), hall.encode(now), counters))
    }

    fn kept(&self) -> Option<Arc<Encoded>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Updates a hall to a picture; reads all seats if there is none, or one with other prices or seats.
///
/// Returns `false` if the event does not exist any more. If dropped halfway, it leaves the hall as it was.
async fn update(
    box_office: &BoxOffice,
    picture: &Picture,
    hall: &mut Option<SeatIndex>,
) -> Result<bool, StoreError> {
    let head = MapHeader::of(&picture.view);
    let known = hall.as_mut().filter(|known| known.head.digest == head.digest);
    if known.is_some_and(|known| known.update(&picture.seats)) {
        return Ok(true);
    }
    let Some(map) = box_office.catalog().seat_map(picture.view.event.id, 0).await? else { return Ok(false) };
    let mut read = SeatIndex::of(&map, head, &picture.seats);
    // The read may be older than what was received meanwhile.
    let _ = read.update(&picture.seats);
    *hall = Some(read);
    Ok(true)
}
