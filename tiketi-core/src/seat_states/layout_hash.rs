//! The name of a layout: a hash of everything that never changes of an event's seats.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::hex::{from_hex, write_hex};
use crate::live_seats::LayoutSeat;

/// Keeps these hashes apart from others of the same bytes.
const DOMAIN: &[u8] = b"tiketi seat layout v1";

/// Names the seats of an event in their order: the same on every server, and another one for other seats.
///
/// It is the first 16 bytes of SHA-256 of `tiketi seat layout v1`, and of each seat: its id and that of its ticket type, in 16 bytes
/// each; section, row, number and label in UTF-8, each after its length in 4 bytes; column and line in 4 bytes; and 1 or 0
/// for a wheelchair place. Numbers have the lowest byte first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LayoutHash([u8; 16]);

/// A text that is not the hash of a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a layout's hash has 32 hexadecimal digits in lower case")]
#[non_exhaustive]
pub struct InvalidLayoutHash;

impl LayoutHash {
    /// Computes the hash of seats in layout order.
    pub fn of(seats: &[LayoutSeat]) -> Self {
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        for LayoutSeat { seat, ticket_type, place } in seats {
            hash.update(seat.as_uuid().as_bytes());
            hash.update(ticket_type.as_uuid().as_bytes());
            for text in [&place.section, &place.row, &place.number, &*place.label] {
                // A text of a store is much shorter than this.
                hash.update(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
                hash.update(text.as_bytes());
            }
            hash.update(place.column.to_le_bytes());
            hash.update(place.line.to_le_bytes());
            hash.update([u8::from(place.accessible)]);
        }
        let mut first = [0; 16];
        first.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
        Self(first)
    }

    /// Wraps the bytes of a hash.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for LayoutHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LayoutHash({self})")
    }
}

impl fmt::Display for LayoutHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl FromStr for LayoutHash {
    type Err = InvalidLayoutHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        from_hex(text).map(Self).ok_or(InvalidLayoutHash)
    }
}
