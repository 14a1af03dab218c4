//! An event's seats, as little of each as the next encoding needs.
//!
//! A hall of 100,000 seats is some thirty megabytes of JSON, and little of it ever changes. So the texts are kept
//! once, in the JSON that was encoded last: the next encoding copies them from there.

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
    /// From the stage backwards.
    seats: Box<[KeptSeat]>,
    /// Positions in `seats`, by id.
    by_id: Box<[usize]>,
    /// What the seats' openings are part of: the JSON encoded last.
    texts: Bytes,
}

#[derive(Debug, Clone, Copy)]
struct KeptSeat {
    id: SeatId,
    look: Look,
    /// Where in the hall's texts `{"id":…,"accessible":false` begins: everything but status and version.
    opening: usize,
    opening_bytes: usize,
}

/// What changes about a seat and is told.
#[derive(Debug, Clone, Copy)]
struct Look {
    status: SeatStatus,
    /// When a hold ends.
    until: Timestamp,
    version: u64,
    map_version: u64,
}

/// Changes that name a seat the hall does not have.
///
/// All seats have to be read again.
#[derive(Debug)]
pub(super) struct UnknownSeat;

impl Hall {
    /// Takes over a complete map.
    pub(super) fn of(map: &SeatMap, head: Head) -> Self {
        let mut texts = Vec::new();
        let mut keep = |seat: &Seat| {
            let opening = texts.len();
            let opening_bytes = write_opening(&mut texts, seat, &head);
            KeptSeat { id: seat.id, look: Look::of(seat), opening, opening_bytes }
        };
        let seats: Box<[_]> = map.seats.iter().map(&mut keep).collect();
        let mut by_id: Box<[usize]> = (0..seats.len()).collect();
        by_id.sort_unstable_by_key(|at| seats.get(*at).map(|seat| seat.id));
        Self { version: map.version, head, seats, by_id, texts: Bytes::from(texts) }
    }

    /// Applies what changed after this hall's version.
    pub(super) fn apply(&mut self, changes: &SeatMap) -> Result<(), UnknownSeat> {
        for seat in &changes.seats {
            let found =
                self.by_id.binary_search_by_key(&Some(seat.id), |at| self.seats.get(*at).map(|it| it.id));
            let at = found.ok().and_then(|found| self.by_id.get(found)).ok_or(UnknownSeat)?;
            self.seats.get_mut(*at).ok_or(UnknownSeat)?.look = Look::of(seat);
        }
        self.version = changes.version;
        Ok(())
    }

    /// Encodes every seat as it is at `now`.
    pub(super) fn encode(&mut self, now: Timestamp) -> Cuttable {
        let (map, openings) = self.encode_those(now, true, self.seats.iter());
        for (seat, opening) in self.seats.iter_mut().zip(openings) {
            seat.opening = opening;
        }
        self.texts = map.json.clone();
        map
    }

    /// Encodes the seats that changed after map version `since`.
    ///
    /// `None` if they are too many to be worth it.
    pub(super) fn encode_since(&self, since: u64, now: Timestamp) -> Option<Bytes> {
        let changed: Vec<_> = self.seats.iter().filter(|seat| seat.look.map_version > since).collect();
        // The complete map is encoded already; a large part of it would have to be encoded again.
        let worth_it = changed.len() * 4 <= self.seats.len().max(64);
        worth_it.then(|| self.encode_those(now, false, changed.into_iter()).0.json)
    }

    /// Counts holds lapsed at `now`, and says when the next one lapses.
    ///
    /// With the version, the count names what the seats look like: within a version no hold changes its end.
    pub(super) fn lapses(&self, now: Timestamp) -> (usize, Timestamp) {
        let held = self.seats.iter().map(|seat| seat.look).filter(|look| look.status == SeatStatus::Held);
        let (lapsed, running): (Vec<_>, Vec<_>) =
            held.map(|look| look.until).partition(|until| *until <= now);
        (lapsed.len(), running.into_iter().min().unwrap_or(Timestamp::FAR_FUTURE))
    }

    /// Names these seats as they are at `now`, the same on every server.
    pub(super) fn tag(&self, lapsed: usize) -> String {
        format!("{}-{lapsed}-{}", self.version, self.head.digest)
    }

    /// Encodes seats, and says where in the JSON each begins.
    fn encode_those<'s>(
        &self,
        now: Timestamp,
        complete: bool,
        seats: impl Iterator<Item = &'s KeptSeat> + Clone,
    ) -> (Cuttable, Vec<usize>) {
        let room: usize = seats.clone().map(|seat| seat.opening_bytes + TAIL_BYTES).sum();
        let mut json = self.head.opening(self.version, complete);
        json.reserve(room + CLOSING.len());
        let (mut cuts, mut openings) = (Vec::new(), Vec::new());
        for (at, seat) in seats.enumerate() {
            // What comes before the first seat is a segment of its own: the version in it always changes.
            if at % SEGMENT_SEATS == 0 {
                cuts.push(json.len());
            }
            if at > 0 {
                json.push(b',');
            }
            openings.push(json.len());
            let opening = self.texts.get(seat.opening..seat.opening + seat.opening_bytes);
            json.extend_from_slice(opening.unwrap_or_default());
            seat.look.write(&mut json, now);
        }
        json.extend_from_slice(CLOSING);
        json.shrink_to_fit();
        cuts.push(json.len());
        (Cuttable { json: Bytes::from(json), cuts }, openings)
    }
}

impl Look {
    fn of(seat: &Seat) -> Self {
        let until = match seat.state {
            SeatState::Held { until, .. } => until,
            SeatState::Available | SeatState::Sold { .. } | SeatState::Blocked { .. } => {
                Timestamp::FAR_FUTURE
            }
        };
        let status = SeatStatus::of(&seat.state, Timestamp::EPOCH);
        Self { status, until, version: seat.version, map_version: seat.map_version }
    }

    fn write(self, json: &mut Vec<u8>, now: Timestamp) {
        let lapsed = self.status == SeatStatus::Held && self.until <= now;
        let status = if lapsed { SeatStatus::Available } else { self.status };
        json.extend_from_slice(b",\"status\":\"");
        json.extend_from_slice(seat_status_word(status).as_bytes());
        json.extend_from_slice(b"\",\"version\":");
        json.extend_from_slice(self.version.to_string().as_bytes());
        json.push(b'}');
    }
}

/// Writes what never changes of a seat, and returns how many bytes that took.
fn write_opening(texts: &mut Vec<u8>, seat: &Seat, head: &Head) -> usize {
    let dto = SeatDto::of(seat, head.price(seat.ticket_type), Timestamp::EPOCH);
    let tail = format!(",\"status\":\"{}\",\"version\":{}}}", dto.status, dto.version);
    let json = serde_json::to_vec(&dto).unwrap_or_default();
    debug_assert!(json.ends_with(tail.as_bytes()), "status and version come last in a seat");
    let opening = json.strip_suffix(tail.as_bytes()).unwrap_or_default();
    texts.extend_from_slice(opening);
    opening.len()
}
