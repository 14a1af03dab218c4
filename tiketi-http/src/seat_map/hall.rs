//! An event's seats, decoded, with the part of each seat's JSON that never changes.

use std::collections::HashMap;

use bytes::Bytes;
use tiketi_core::{Seat, SeatId, SeatMap, SeatState, SeatStatus, Timestamp};

use super::head::{CLOSING, Head};
use super::packer::Cuttable;
use crate::dto::{SeatDto, seat_status_word};

/// Room for the part of a seat that does change: `,"status":"available","version":12345},`.
const TAIL_BYTES: usize = 48;

/// Seats that are compressed together: a change of one costs all of them, a cut costs some compression.
const SEGMENT_SEATS: usize = 256;

/// Seats at one map version.
#[derive(Debug)]
pub(super) struct Hall {
    /// The map version.
    pub(super) version: u64,
    /// What is told besides the seats.
    pub(super) head: Head,
    seats: Vec<KeptSeat>,
    index: HashMap<SeatId, usize>,
}

#[derive(Debug)]
struct KeptSeat {
    seat: Seat,
    /// `{"id":…,"accessible":false`: everything but status and version.
    opening: Box<[u8]>,
}

/// Changes that name a seat the hall does not have.
///
/// All seats have to be read again.
#[derive(Debug)]
pub(super) struct UnknownSeat;

impl Hall {
    /// Takes over a complete map.
    pub(super) fn of(map: SeatMap, head: Head) -> Self {
        let index = map.seats.iter().enumerate().map(|(at, seat)| (seat.id, at)).collect();
        let keep = |seat: Seat| KeptSeat { opening: opening(&seat, &head), seat };
        let seats = map.seats.into_iter().map(keep).collect();
        Self { version: map.version, seats, index, head }
    }

    /// Applies what changed after this hall's version.
    pub(super) fn apply(&mut self, changes: SeatMap) -> Result<(), UnknownSeat> {
        for seat in changes.seats {
            let at = self.index.get(&seat.id).ok_or(UnknownSeat)?;
            let kept = self.seats.get_mut(*at).ok_or(UnknownSeat)?;
            kept.seat = seat;
        }
        self.version = changes.version;
        Ok(())
    }

    /// Takes over another title or other prices.
    pub(super) fn set_head(&mut self, head: Head) {
        if head.digest != self.head.digest {
            for kept in &mut self.seats {
                kept.opening = opening(&kept.seat, &head);
            }
            self.head = head;
        }
    }

    /// Encodes every seat as it is at `now`.
    pub(super) fn encode(&self, now: Timestamp) -> Cuttable {
        self.encode_those(now, true, self.seats.iter())
    }

    /// Encodes the seats that changed after map version `since`.
    ///
    /// `None` if they are too many to be worth it.
    pub(super) fn encode_since(&self, since: u64, now: Timestamp) -> Option<Bytes> {
        let changed: Vec<_> = self.seats.iter().filter(|kept| kept.seat.map_version > since).collect();
        // The complete map is encoded already; a large part of it would have to be encoded again.
        let worth_it = changed.len() * 4 <= self.seats.len().max(64);
        worth_it.then(|| self.encode_those(now, false, changed.into_iter()).json)
    }

    /// Counts holds lapsed at `now`, and says when the next one lapses.
    ///
    /// With the version, the count names what the seats look like: within a version no hold changes its end.
    pub(super) fn lapses(&self, now: Timestamp) -> (usize, Timestamp) {
        let mut lapsed = 0;
        let mut next = Timestamp::FAR_FUTURE;
        for kept in &self.seats {
            match kept.seat.state {
                SeatState::Held { until, .. } if until <= now => lapsed += 1,
                SeatState::Held { until, .. } => next = next.min(until),
                SeatState::Available | SeatState::Sold { .. } | SeatState::Blocked { .. } => {}
            }
        }
        (lapsed, next)
    }

    /// Names these seats as they are at `now`, the same on every server.
    pub(super) fn tag(&self, lapsed: usize) -> String {
        format!("{}-{lapsed}-{}", self.version, self.head.digest)
    }

    fn encode_those<'s>(
        &self,
        now: Timestamp,
        complete: bool,
        seats: impl Iterator<Item = &'s KeptSeat> + Clone,
    ) -> Cuttable {
        let room: usize = seats.clone().map(|kept| kept.opening.len() + TAIL_BYTES).sum();
        let mut json = self.head.opening(self.version, complete);
        json.reserve(room + CLOSING.len());
        let mut cuts = Vec::new();
        for (at, kept) in seats.enumerate() {
            // What comes before the first seat is a segment of its own: the version in it always changes.
            if at % SEGMENT_SEATS == 0 {
                cuts.push(json.len());
            }
            if at > 0 {
                json.push(b',');
            }
            kept.write(&mut json, now);
        }
        json.extend_from_slice(CLOSING);
        cuts.push(json.len());
        Cuttable { json: Bytes::from(json), cuts }
    }
}

impl KeptSeat {
    fn write(&self, json: &mut Vec<u8>, now: Timestamp) {
        json.extend_from_slice(&self.opening);
        json.extend_from_slice(b",\"status\":\"");
        json.extend_from_slice(seat_status_word(SeatStatus::of(&self.seat.state, now)).as_bytes());
        json.extend_from_slice(b"\",\"version\":");
        json.extend_from_slice(self.seat.version.to_string().as_bytes());
        json.push(b'}');
    }
}

fn opening(seat: &Seat, head: &Head) -> Box<[u8]> {
    let dto = SeatDto::of(seat, head.price(seat.ticket_type), Timestamp::EPOCH);
    let tail = format!(",\"status\":\"{}\",\"version\":{}}}", dto.status, dto.version);
    let mut json = serde_json::to_vec(&dto).unwrap_or_default();
    debug_assert!(json.ends_with(tail.as_bytes()), "status and version come last in a seat");
    json.truncate(json.len().saturating_sub(tail.len()));
    json.into_boxed_slice()
}
