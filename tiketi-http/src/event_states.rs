//! An event's compact seat states as they are sent.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use tiketi_core::Timestamp;
use tiketi_core::fact::SeatStatus;
use tiketi_core::live_seats::{LiveSeat, SeatUpdate};
use tiketi_core::seat_states::{MEDIA_TYPE, PackedStates, SeatEntry, SeatStates, StatesOf, pack};

use crate::conditional::{accepts_gzip, is_known};
use crate::gzip::gzip;
use crate::picture::{Picture, PictureSeats};

/// The states of one event, encoded once for each content.
#[derive(Debug, Default)]
pub(crate) struct EventStates {
    current: RwLock<Option<Arc<Encoded>>>,
}

/// The states of all seats as they are sent.
#[derive(Debug)]
struct Encoded {
    /// The latest revision of the picture that has these states.
    revision: AtomicU64,
    /// The first moment at which a hold shown here has ended.
    lapses_at: Timestamp,
    /// The entity tag, without quotes.
    tag: String,
    plain: Bytes,
    gzip: OnceLock<Option<Bytes>>,
}

impl EventStates {
    /// Answers with the states of all seats, or 304 to a client that has them; or with the changes after version `since`.
    pub(crate) fn answer(
        &self,
        picture: &Picture,
        now: Timestamp,
        since: Option<u64>,
        request: &HeaderMap,
    ) -> Response {
        let all = self.current(picture, now);
        let changes = since.and_then(|since| changes(&picture.seats, since, now));
        match changes.filter(|changes| changes.len() < all.plain.len()) {
            Some(changes) => bytes_of(changes.into(), None),
            None => all.answer(request),
        }
    }

    fn current(&self, picture: &Picture, now: Timestamp) -> Arc<Encoded> {
        let kept = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        let revision = picture.revision;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.is_of(revision, now)) {
            return Arc::clone(kept);
        }
        // Two requests at once encode the same; it takes microseconds.
        let mut made = Encoded::of(picture, now);
        if let Some(same) = kept.filter(|kept| kept.tag == made.tag) {
            same.revision.fetch_max(revision, Ordering::SeqCst);
            made = Encoded { gzip: same.gzip.clone(), ..made };
        }
        let made = Arc::new(made);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&made));
        made
    }
}

impl Encoded {
    fn of(picture: &Picture, now: Timestamp) -> Self {
        let seats = &picture.seats;
        let states = packed(seats, now);
        let held = || seats.iter().filter(|seat| seat.status == SeatStatus::Held);
        let lapsed = held().filter(|seat| seat.until <= now).count();
        let ends = held().map(|seat| seat.until).filter(|until| *until > now);
        let ahead = ahead(seats, now);
        // Changes that overtook others are a part of the content, and not of the version.
        let sum = ahead
            .iter()
            .fold(0_u64, |sum, entry| sum.wrapping_add(entry.version ^ u64::from(entry.index) << 32));
        let (version, layout) = (seats.version(), seats.layout());
        let tag = format!(
            "s{version}-{lapsed}-{layout}{}",
            if ahead.is_empty() { String::new() } else { format!("-{sum:x}") }
        );
        Self {
            revision: AtomicU64::new(picture.revision),
            lapses_at: ends.min().unwrap_or(Timestamp::FAR_FUTURE),
            tag,
            plain: states_of(seats).encode_all(&states, &ahead).into(),
            gzip: OnceLock::new(),
        }
    }

    fn is_of(&self, revision: u64, now: Timestamp) -> bool {
        now < self.lapses_at && self.revision.load(Ordering::SeqCst) >= revision
    }

    fn answer(&self, request: &HeaderMap) -> Response {
        let packed = if accepts_gzip(request) {
            self.gzip.get_or_init(|| gzip(&self.plain).ok().map(Bytes::from)).clone()
        } else {
            None
        };
        let tag = format!("\"{}{}\"", self.tag, if packed.is_some() { "-gzip" } else { "" });
        if is_known(request, &self.tag) {
            let mut response = bytes_of(Bytes::new(), Some(&tag));
            response.headers_mut().remove(CONTENT_TYPE);
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        let Some(packed) = packed else { return bytes_of(self.plain.clone(), Some(&tag)) };
        let mut response = bytes_of(packed, Some(&tag));
        // This header also stops a compression layer of the host from compressing again.
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response
    }
}

fn bytes_of(bytes: Bytes, tag: Option<&str>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    // Clients may store the states but must revalidate them: a 304 has a hundred bytes.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(Ok(tag)) = tag.map(HeaderValue::from_str) {
        headers.insert(ETAG, tag);
    }
    response
}

/// Writes what changed after a map version; `None` if everything has to be sent.
fn changes(seats: &PictureSeats, since: u64, now: Timestamp) -> Option<Vec<u8>> {
    Some(changed_states(states_of(seats), since, &seats.since(since)?, now))
}

/// Writes the states of these seats.
pub(crate) fn changed_states(of: StatesOf, since: u64, updates: &[SeatUpdate], now: Timestamp) -> Vec<u8> {
    let entries = updates.iter().map(|update| entry(update.index, &update.now, now)).collect();
    SeatStates::Changes { of, since, entries }.encode()
}

/// Writes the states of all seats.
pub(crate) fn all_states(seats: &PictureSeats, now: Timestamp) -> Vec<u8> {
    states_of(seats).encode_all(&packed(seats, now), &ahead(seats, now))
}

/// Returns what states of a picture are of.
pub(crate) fn states_of(seats: &PictureSeats) -> StatesOf {
    // A layout has at most a million seats.
    let count = u32::try_from(seats.count()).unwrap_or(u32::MAX);
    StatesOf { layout: seats.layout(), version: seats.version(), seats: count }
}

fn packed(seats: &PictureSeats, now: Timestamp) -> PackedStates {
    pack(seats.iter().map(|seat| seat.status_at(now)))
}

/// Returns the seats whose change overtook another one: it is a part of the states, but not of their version.
fn ahead(seats: &PictureSeats, now: Timestamp) -> Vec<SeatEntry> {
    let ahead = seats.iter().zip(0..).filter(|(seat, _)| seat.map_version > seats.version());
    ahead.map(|(seat, index)| entry(index, seat, now)).collect()
}

fn entry(index: u32, seat: &LiveSeat, now: Timestamp) -> SeatEntry {
    SeatEntry { index, state: seat.status_at(now), version: seat.version }
}

#[cfg(test)]
mod tests;
