//! Live seats: one event's seats in layout order, kept current from a seat map and the deltas after it.
//!
//! Deltas may be lost, come twice or overtake each other. [`LiveSeats`] applies each at once, since each change carries
//! its seat's version, and knows up to which map version nothing is missing. A reader that finds a gap
//! ([`LiveSeats::has_gap`]) reads the seat map since [`LiveSeats::version`] and applies it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::broadcast::SeatsDelta;
use crate::fact::{SeatChanged, SeatStatus};
use crate::id::{SeatId, TicketTypeId};
use crate::seat::{Seat, SeatPlace};
use crate::store::SeatMap;
use crate::time::Timestamp;

/// Most deltas that are remembered beyond a gap; what comes after that is read from the store with the gap.
const MAX_AHEAD: usize = 256;

/// One seat as everyone may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a part of a row: each store reads and writes every field")]
pub struct LiveSeat {
    /// The seat.
    pub seat: SeatId,
    /// Its status.
    pub status: SeatStatus,
    /// The first moment at which a held seat is available again; [`Timestamp::FAR_FUTURE`] if it is not held, or held
    /// without an end.
    pub until: Timestamp,
    /// Its version.
    pub version: u64,
    /// The map version with which the seat changed, or that of a later change which came together with it.
    pub map_version: u64,
}

impl LiveSeat {
    /// Returns the status at `now`; a hold that has ended is available.
    pub fn status_at(&self, now: Timestamp) -> SeatStatus {
        if self.status == SeatStatus::Held && self.until <= now { SeatStatus::Available } else { self.status }
    }

    /// Makes a seat of its latest change, which came with a map version.
    const fn of(changed: SeatChanged, map_version: u64) -> Self {
        let SeatChanged { seat, status, until, version } = changed;
        Self { seat, status, until, version, map_version }
    }
}

/// A seat's new status, with its place in the layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a part of a row: each store reads and writes every field")]
pub struct SeatUpdate {
    /// Place of the seat in layout order, from 0.
    pub index: u32,
    /// The seat as it is now.
    pub now: LiveSeat,
}

/// A seat of a layout: what of it never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a part of a row: each store reads and writes every field")]
pub struct LayoutSeat {
    /// The seat.
    pub seat: SeatId,
    /// Its ticket type.
    pub ticket_type: TicketTypeId,
    /// Where it is.
    pub place: Arc<SeatPlace>,
}

impl From<&Seat> for LayoutSeat {
    fn from(seat: &Seat) -> Self {
        Self { seat: seat.id, ticket_type: seat.ticket_type, place: Arc::clone(&seat.place) }
    }
}

/// What a seat map read from the store changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a reader acts on every case")]
pub enum Resynced {
    /// These seats changed.
    Updates(Vec<SeatUpdate>),
    /// The event has other seats now: all of them are new.
    Replaced,
}

/// The seats of one event in layout order, at a map version.
#[derive(Debug, Clone)]
pub struct LiveSeats {
    /// Every change up to this version is applied.
    version: u64,
    seats: Vec<LiveSeat>,
    places: HashMap<SeatId, u32, RandomState>,
    /// Deltas that were applied beyond a gap: from the version before each to that with it.
    ahead: BTreeMap<u64, u64>,
    /// The latest version that the map is known to have, of which changes may be missing.
    announced: u64,
    /// Whether a delta named a seat that the map does not have.
    is_foreign: bool,
}

impl LiveSeats {
    /// Starts with a complete seat map, as it is at `now`.
    pub fn of(map: &SeatMap, now: Timestamp) -> Self {
        let seats: Vec<_> = map.seats.iter().map(|seat| live(seat, now)).collect();
        let places = seats.iter().zip(0..).map(|(seat, place)| (seat.seat, place)).collect();
        Self { version: map.version, seats, places, ahead: BTreeMap::new(), announced: 0, is_foreign: false }
    }

    /// Returns the map version up to which nothing is missing; later changes may be applied, too.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Returns the seats, from the stage backwards.
    pub fn seats(&self) -> &[LiveSeat] {
        &self.seats
    }

    /// Returns whether changes are missing: some that come before others which are applied, or up to a version that
    /// was noted.
    pub fn has_gap(&self) -> bool {
        self.is_foreign || !self.ahead.is_empty() || self.announced > self.version
    }

    /// Returns the version since which the seat map has to be read; 0 for all seats.
    pub const fn resync_since(&self) -> u64 {
        if self.is_foreign { 0 } else { self.version }
    }

    /// Applies a delta, and returns the seats that it changed; none for one that came before.
    pub fn apply(&mut self, delta: &SeatsDelta) -> Vec<SeatUpdate> {
        let mut updates = Vec::with_capacity(delta.changes.len());
        for change in delta.changes.iter() {
            updates.extend(self.update(LiveSeat::of(*change, delta.version)));
        }
        if delta.version > self.version {
            self.cover(delta.since, delta.version);
        }
        updates
    }

    /// Notes that the map has a version, as news without the changes say.
    pub fn note_version(&mut self, version: u64) {
        self.announced = self.announced.max(version);
    }

    /// Applies a seat map that was read since [`LiveSeats::resync_since`], as it is at `now`.
    pub fn resync(&mut self, map: &SeatMap, now: Timestamp) -> Resynced {
        if map.complete {
            return self.replace(map, now);
        }
        let updates = map.seats.iter().filter_map(|seat| self.update(live(seat, now))).collect();
        // The map was read after the version was noted, and has its changes.
        self.announced = 0;
        self.cover(0, map.version);
        Resynced::Updates(updates)
    }

    /// Takes a complete map, also one that is older: a store may have been restored from a copy.
    fn replace(&mut self, map: &SeatMap, now: Timestamp) -> Resynced {
        let mut new = Self::of(map, now);
        std::mem::swap(self, &mut new);
        let before = new;
        let same = before.seats.len() == self.seats.len()
            && before.seats.iter().zip(&self.seats).all(|(before, now)| before.seat == now.seat);
        if !same {
            return Resynced::Replaced;
        }
        let pairs = before.seats.iter().zip(&self.seats).zip(0..);
        let updates = pairs.filter(|((before, now), _)| before != now);
        Resynced::Updates(updates.map(|((_, now), index)| SeatUpdate { index, now: *now }).collect())
    }

    /// Sets a seat to a later version.
    fn update(&mut self, now: LiveSeat) -> Option<SeatUpdate> {
        let place = self.places.get(&now.seat).copied();
        let known = place.and_then(|place| self.seats.get_mut(usize::try_from(place).ok()?));
        let (Some(index), Some(known)) = (place, known) else {
            self.is_foreign = true;
            return None;
        };
        if now.version <= known.version {
            return None;
        }
        *known = now;
        Some(SeatUpdate { index, now })
    }

    /// Notes that every change after `since` up to `version` is applied.
    fn cover(&mut self, since: u64, version: u64) {
        if since > self.version {
            if self.ahead.len() < MAX_AHEAD {
                let until = self.ahead.entry(since).or_default();
                *until = version.max(*until);
            }
            return;
        }
        self.version = self.version.max(version);
        while let Some(next) = self.ahead.first_entry().filter(|next| *next.key() <= self.version) {
            self.version = self.version.max(next.remove());
        }
    }
}

fn live(seat: &Seat, now: Timestamp) -> LiveSeat {
    LiveSeat::of(SeatChanged::of(seat.id, &seat.state, seat.version, now), seat.map_version)
}

#[cfg(test)]
mod tests;
