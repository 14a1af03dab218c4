//! Compact seat states: an event's seats in a few bytes, for clients that have its layout.
//!
//! A layout never changes, and is named by its [`LayoutHash`]. A client loads it once, and then reads states: all of them in 2
//! bits a seat, or the changes after a map version. 20,000 seats take 5,039 bytes.
//!
//! # Bytes, format 1
//!
//! Numbers of fixed size have the lowest byte first. A *varint* has 7 bits a byte, the lowest first; every byte but the last has
//! its highest bit set, and the last is not 0 unless it is the only one.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 1 | the format: 1 |
//! | 1 | 1 | the kind: 1 for all seats, 2 for changes |
//! | 2 | 16 | the hash of the layout |
//! | 18 | 8 | the map version: send it as `since` to read later changes |
//! | 26 | 8 | the map version after which the changes are; 0 for all seats |
//! | 34 | 4 | the number of seats of the layout, at most [`MAX_SEATS_PER_LAYOUT`] |
//! | 38 | ⌈seats ÷ 4⌉ | for kind 1 only: 2 bits a seat; seat *i* is in byte *i* ÷ 4, at bit 2 × (*i* mod 4). Bits without a seat are 0 |
//! | then | | a varint: how many entries follow |
//! | then | | each entry: two varints, 4 × (*i* − *p* − 1) + state and the seat's version, where *i* is the seat and *p* the seat of the entry before, −1 at first |
//!
//! States are 0 available, 1 held, 2 sold, 3 blocked. Nothing follows the entries. Versions are below 2⁵³, as numbers of JavaScript
//! are exact.
//!
//! An entry replaces what the client has of its seat, unless the client has a later version of it. For kind 1 the entries are the
//! exceptions, of which two bits do not say enough: seats that changed after the map version already, because their change overtook
//! another one. A client has no versions of other seats until they change, and needs none.
//!
//! ```
//! use tiketi_core::fact::SeatStatus;
//! use tiketi_core::seat_states::{LayoutHash, SeatEntry, SeatStates, StatesOf};
//!
//! let layout = LayoutHash::from_bytes([7; 16]);
//! let of = StatesOf { layout, version: 12, seats: 4 };
//! let all = SeatStates::All {
//!     of,
//!     states: vec![SeatStatus::Available, SeatStatus::Held, SeatStatus::Sold, SeatStatus::Blocked],
//!     exceptions: vec![],
//! };
//! let bytes = all.encode();
//! assert_eq!(bytes.len(), 38 + 1 + 1);
//! assert_eq!(SeatStates::decode(&bytes)?, all);
//!
//! let sold = SeatEntry { index: 1, state: SeatStatus::Sold, version: 3 };
//! let changes = SeatStates::Changes { of, since: 11, entries: vec![sold] };
//! assert_eq!(changes.encode().len(), 38 + 1 + 2);
//! # Ok::<(), tiketi_core::seat_states::InvalidStates>(())
//! ```
//!
//! The same decoder in JavaScript is `assets/seat-states.js` of the crate `tiketi-http`.

mod decode;
mod encode;
mod layout_hash;
#[cfg(test)]
mod tests;

pub use decode::InvalidStates;
pub use encode::{PackedStates, pack};
pub use layout_hash::{InvalidLayoutHash, LayoutHash};

use crate::fact::SeatStatus;
use crate::limits::MAX_SEATS_PER_LAYOUT;

/// The media type of seat states.
pub const MEDIA_TYPE: &str = "application/vnd.tiketi.seat-states";
/// The greatest version that can be written: 2⁵³ − 1. A change each microsecond reaches it after 285 years.
pub const MAX_VERSION: u64 = (1 << 53) - 1;

const FORMAT: u8 = 1;
const ALL: u8 = 1;
const CHANGES: u8 = 2;
const HEADER_BYTES: usize = 38;
/// Seats in a byte.
const SEATS_A_BYTE: usize = 4;

/// What states are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the parts of a format")]
pub struct StatesOf {
    /// The layout in whose order the seats are.
    pub layout: LayoutHash,
    /// The map version up to which nothing is missing.
    pub version: u64,
    /// How many seats the layout has.
    pub seats: u32,
}

/// States of an event's seats.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the kinds of a format")]
pub enum SeatStates {
    /// The states of all seats.
    All {
        /// What they are of.
        of: StatesOf,
        /// The state of each seat, in layout order.
        states: Vec<SeatStatus>,
        /// Seats that changed after the map version already, by index.
        exceptions: Vec<SeatEntry>,
    },
    /// The seats that changed after a map version.
    Changes {
        /// What they are of.
        of: StatesOf,
        /// The map version after which they changed.
        since: u64,
        /// Each changed seat once as it is now, by index.
        entries: Vec<SeatEntry>,
    },
}

/// One seat with its state and version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the parts of a format")]
pub struct SeatEntry {
    /// Its place in layout order, from 0.
    pub index: u32,
    /// Its state.
    pub state: SeatStatus,
    /// Its version.
    pub version: u64,
}

impl SeatStates {
    /// Writes the bytes. Entries are in the order of their seats, each below the number of seats.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::All { of, states, exceptions } => {
                encode::all(*of, &pack(states.iter().copied()), exceptions)
            }
            Self::Changes { of, since, entries } => encode::changes(*of, *since, entries),
        }
    }

    /// Reads the bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidStates`], for all bytes that [`SeatStates::encode`] does not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidStates> {
        decode::decode(bytes)
    }

    /// Returns what the states are of.
    pub const fn of(&self) -> &StatesOf {
        match self {
            Self::All { of, .. } | Self::Changes { of, .. } => of,
        }
    }
}

const fn code_of(state: SeatStatus) -> u8 {
    match state {
        SeatStatus::Available => 0,
        SeatStatus::Held => 1,
        SeatStatus::Sold => 2,
        SeatStatus::Blocked => 3,
    }
}

/// Returns the state of the two lowest bits.
const fn state_of(code: u8) -> SeatStatus {
    match code & 3 {
        0 => SeatStatus::Available,
        1 => SeatStatus::Held,
        2 => SeatStatus::Sold,
        _ => SeatStatus::Blocked,
    }
}

const fn is_too_large(seats: usize) -> bool {
    seats > MAX_SEATS_PER_LAYOUT
}
