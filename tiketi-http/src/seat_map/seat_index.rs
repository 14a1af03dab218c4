//! An event's seats, with as little of each as the next encoding needs.
//!
//! A hall of 100,000 seats is about thirty megabytes of JSON, and little of it ever changes. So its texts are stored
//! once, in the last encoded segments; the next encoding copies them from there.

use std::sync::Arc;

use bytes::Bytes;
use tiketi_core::live_seats::{LiveSeat, SeatUpdate};
use tiketi_core::{Seat, SeatMap, SeatState, Timestamp, fact::SeatStatus};

use super::map_header::{CLOSING, MapHeader};
use super::segment::Segment;
use crate::dto::SeatDto;
use crate::picture::PictureSeats;
use crate::status_words::seat_status_word;

/// Space for the part of a seat that changes: `,"status":"available","version":12345},`.
const TAIL_BYTES: usize = 48;

/// Seats that are encoded and compressed together.
///
/// A change of one seat encodes all of them again; smaller segments compress less.
const SEGMENT_SEATS: usize = 256;

/// Seats at one map version.
#[derive(Debug)]
pub(super) struct SeatIndex {
    /// The map version.
    pub(super) version: u64,
    /// The part of the map before the seats.
    pub(super) head: MapHeader,
    /// From the stage backwards.
    blocks: Vec<Block>,
    count: usize,
    /// The epoch of the map versions; see [`PictureSeats::epoch`].
    epoch: u64,
    closing: Arc<Segment>,
}

/// Neighbouring seats, and their encoding.
#[derive(Debug)]
struct Block {
    seats: Box<[KeptSeat]>,
    segment: Arc<Segment>,
    /// Until when the segment is current; `None` if it is not.
    fresh_until: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
struct KeptSeat {
    look: SeatDisplay,
    /// Where in its segment `{"id":…,"accessible":false` begins: everything but status and version.
    opening: usize,
    opening_bytes: usize,
}

/// The part of a seat that changes and is shown.
#[derive(Debug, Clone, Copy)]
struct SeatDisplay {
    status: SeatStatus,
    /// When a hold ends.
    until: Timestamp,
    version: u64,
    map_version: u64,
}

impl SeatIndex {
    /// Builds the index from a complete map, which was read for a picture.
    pub(super) fn of(map: &SeatMap, head: MapHeader, picture: &PictureSeats) -> Self {
        let blocks = map.seats.chunks(SEGMENT_SEATS).map(|seats| Block::of(seats, &head)).collect();
        let closing = Arc::new(Segment::new(CLOSING.to_vec()));
        let (version, count, epoch) = (map.version, map.seats.len(), picture.epoch());
        Self { version, head, blocks, count, epoch, closing }
    }

    /// Applies what a picture has and this index has not.
    ///
    /// Returns `false` if the picture is of other seats: all of them have to be read again.
    #[must_use]
    pub(super) fn update(&mut self, picture: &PictureSeats) -> bool {
        if self.epoch != picture.epoch() || self.count != picture.count() {
            return false;
        }
        // An index that was just read may be ahead of the picture.
        if picture.version() < self.version {
            return true;
        }
        let Some(changed) = picture.since(self.version) else { return self.count == 0 };
        for SeatUpdate { index, now } in changed {
            let Ok(at) = usize::try_from(index) else { continue };
            let Some(block) = self.blocks.get_mut(at / SEGMENT_SEATS) else { continue };
            let Some(seat) = block.seats.get_mut(at % SEGMENT_SEATS) else { continue };
            if now.version > seat.look.version {
                seat.look = SeatDisplay::from(&now);
                block.fresh_until = None;
            }
        }
        self.version = picture.version();
        true
    }

    /// Encodes every seat as of `now`.
    pub(super) fn encode(&mut self, now: Timestamp) -> Arc<[Arc<Segment>]> {
        // The opening contains the version, so it is always new.
        let opening = Segment::new(self.head.opening(self.version, true));
        let mut segments = vec![Arc::new(opening)];
        for (at, block) in self.blocks.iter_mut().enumerate() {
            if block.fresh_until.is_none_or(|until| until <= now) {
                block.encode(at == 0, now);
            }
            segments.push(Arc::clone(&block.segment));
        }
        segments.push(Arc::clone(&self.closing));
        segments.into()
    }

    /// Encodes the seats that changed after map version `since`.
    ///
    /// Returns `None` if they are too many.
    pub(super) fn encode_since(&self, since: u64, now: Timestamp) -> Option<Bytes> {
        let changed: Vec<_> = self.seats().filter(|(_, seat)| seat.look.map_version > since).collect();
        // The complete map is cached in its encoded form; encoding many changes costs more than sending it.
        if changed.len() * 4 > self.count.max(64) {
            return None;
        }
        let mut json = self.head.opening(self.version, false);
        for (at, (block, seat)) in changed.into_iter().enumerate() {
            if at > 0 {
                json.push(b',');
            }
            seat.write(&mut json, &block.segment.plain, now);
        }
        json.extend_from_slice(CLOSING);
        Some(Bytes::from(json))
    }

    /// Counts the holds that are past their end at `now`, and returns the next end.
    ///
    /// Version and count identify the seats' content: within a version no hold changes its end.
    pub(super) fn lapses(&self, now: Timestamp) -> (usize, Timestamp) {
        let mut lapsed = 0;
        let mut next = Timestamp::FAR_FUTURE;
        for until in self.seats().filter_map(|(_, seat)| seat.look.held_until()) {
            if until <= now {
                lapsed += 1;
            } else {
                next = next.min(until);
            }
        }
        (lapsed, next)
    }

    /// Returns an identifier of the seats as of `now`, the same on every server that misses no change.
    pub(super) fn tag(&self, lapsed: usize) -> String {
        // Seats whose change overtook another one are ahead of the version, in this server only.
        let ahead =
            self.seats().map(|(_, seat)| seat.look.map_version).filter(|changed| *changed > self.version);
        let (count, sum) = ahead.fold((0_usize, 0_u64), |(count, sum), at| (count + 1, sum.wrapping_add(at)));
        let ahead = if count == 0 { String::new() } else { format!("-{count}.{sum}") };
        format!("{}-{lapsed}-{}{ahead}", self.version, self.head.digest)
    }

    fn seats(&self) -> impl Iterator<Item = (&Block, &KeptSeat)> {
        self.blocks.iter().flat_map(|block| block.seats.iter().map(move |seat| (block, seat)))
    }
}

impl Block {
    fn of(seats: &[Seat], head: &MapHeader) -> Self {
        let mut texts = Vec::new();
        let keep = |seat: &Seat| {
            let opening = texts.len();
            let opening_bytes = write_opening(&mut texts, seat, head);
            KeptSeat { look: SeatDisplay::of(seat), opening, opening_bytes }
        };
        let seats = seats.iter().map(keep).collect();
        let segment = Arc::new(Segment::new(texts));
        // Not current yet: the segment only holds the seats' texts.
        Self { seats, segment, fresh_until: None }
    }

    /// Encodes the block's seats as of `now`; all but the first block continue a list.
    fn encode(&mut self, first: bool, now: Timestamp) {
        let room: usize = self.seats.iter().map(|seat| seat.opening_bytes + TAIL_BYTES).sum();
        let mut json = Vec::with_capacity(room);
        for (at, seat) in self.seats.iter_mut().enumerate() {
            if at > 0 || !first {
                json.push(b',');
            }
            let opening = json.len();
            seat.write(&mut json, &self.segment.plain, now);
            seat.opening = opening;
        }
        self.segment = Arc::new(Segment::new(json));
        let ends = self.seats.iter().filter_map(|seat| seat.look.held_until());
        let next = ends.filter(|until| *until > now).min();
        self.fresh_until = Some(next.unwrap_or(Timestamp::FAR_FUTURE));
    }
}

impl KeptSeat {
    /// Writes the seat as of `now`, with the constant part from `texts`.
    fn write(&self, json: &mut Vec<u8>, texts: &[u8], now: Timestamp) {
        let opening = texts.get(self.opening..self.opening + self.opening_bytes);
        json.extend_from_slice(opening.unwrap_or_default());
        let lapsed = self.look.held_until().is_some_and(|until| until <= now);
        let status = if lapsed { SeatStatus::Available } else { self.look.status };
        json.extend_from_slice(b",\"status\":\"");
        json.extend_from_slice(seat_status_word(status).as_bytes());
        json.extend_from_slice(b"\",\"version\":");
        json.extend_from_slice(self.look.version.to_string().as_bytes());
        json.push(b'}');
    }
}

impl SeatDisplay {
    fn of(seat: &Seat) -> Self {
        let until = match seat.state {
            SeatState::Held { until, .. } => until,
            SeatState::Available | SeatState::Sold { .. } | SeatState::Blocked { .. } => {
                Timestamp::FAR_FUTURE
            }
        };
        // At the epoch no hold is past its end; ends are checked when the seat is written.
        let status = SeatStatus::of(&seat.state, Timestamp::EPOCH);
        Self { status, until, version: seat.version, map_version: seat.map_version }
    }

    fn held_until(self) -> Option<Timestamp> {
        (self.status == SeatStatus::Held).then_some(self.until)
    }
}

impl From<&LiveSeat> for SeatDisplay {
    fn from(seat: &LiveSeat) -> Self {
        let LiveSeat { seat: _, status, until, version, map_version } = *seat;
        Self { status, until, version, map_version }
    }
}

/// Writes the constant part of a seat, and returns its length in bytes.
fn write_opening(texts: &mut Vec<u8>, seat: &Seat, head: &MapHeader) -> usize {
    let dto = SeatDto::of(seat, head.price(seat.ticket_type), Timestamp::EPOCH);
    let tail = format!(",\"status\":\"{}\",\"version\":{}}}", dto.status, dto.version);
    let json = serde_json::to_vec(&dto).unwrap_or_default();
    debug_assert!(json.ends_with(tail.as_bytes()), "status and version come last in a seat");
    let opening = json.strip_suffix(tail.as_bytes()).unwrap_or_default();
    texts.extend_from_slice(opening);
    opening.len()
}
