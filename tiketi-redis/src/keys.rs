//! The names of keys. All keys of an event have its id in braces, so that a Cluster keeps them on one node.

use tiketi_core::EventId;
use tiketi_core::rate_limit::RateKey;
use tiketi_core::waiting_room::PlaceClass;

use crate::codec::{BLOCK_PLACES, PLACE_BYTES, Pointer};

/// The keys of one event's room.
#[derive(Debug, Clone)]
pub(crate) struct RoomKeys {
    stem: String,
}

/// A block of places: those of one class with successive arrival numbers.
pub(crate) type Block = (PlaceClass, u64);

impl RoomKeys {
    pub(crate) fn new(prefix: &str, event: EventId) -> Self {
        Self { stem: format!("{prefix}:{{{event}}}:") }
    }

    pub(crate) fn room(&self) -> Vec<u8> {
        self.named("room")
    }

    pub(crate) fn buyers(&self) -> Vec<u8> {
        self.named("buyers")
    }

    pub(crate) fn due(&self) -> Vec<u8> {
        self.named("due")
    }

    pub(crate) fn admissions(&self) -> Vec<u8> {
        self.named("admissions")
    }

    pub(crate) fn turn(&self) -> Vec<u8> {
        self.named("turn")
    }

    pub(crate) fn block(&self, (class, block): Block) -> Vec<u8> {
        self.named(&format!("places:{}{block}", class.letter()))
    }

    fn named(&self, name: &str) -> Vec<u8> {
        format!("{}{name}", self.stem).into_bytes()
    }
}

/// Returns the block of a place, and the offset of its bytes in the block.
pub(crate) fn block_of((class, arrival): Pointer) -> (Block, u64) {
    let index = arrival.saturating_sub(1);
    ((class, index / BLOCK_PLACES), index % BLOCK_PLACES * PLACE_BYTES)
}

/// Returns the key of the index of rooms, and that of the times at which they were announced.
pub(crate) fn index_keys(prefix: &str) -> [Vec<u8>; 2] {
    ["index", "announced"].map(|name| format!("{prefix}:{{rooms}}:{name}").into_bytes())
}

/// Returns the key of the leases of a scope.
pub(crate) fn lease_key(prefix: &str, scope: &str) -> Vec<u8> {
    format!("{prefix}:{{{scope}}}:leases").into_bytes()
}

/// Returns the key of the allowance of a rate limit.
pub(crate) fn rate_key(prefix: &str, key: RateKey) -> Vec<u8> {
    format!("{prefix}:{{{key}}}:rate").into_bytes()
}
