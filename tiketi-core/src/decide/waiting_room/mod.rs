//! The rules of waiting rooms: pure functions from a room, its places and a command to what changes.
//!
//! [`join`], [`prove`], [`enter`], [`heartbeat`], [`leave`] and [`finish`] are about one buyer: they read the room and the buyer's
//! place. [`admit`] is about the head of the line. Each is written for a store that locks the room's row, reads few
//! places by key, and writes what the rule returns.

mod admit;
mod join;
mod session;

pub use admit::{Admission, Admit, MAX_ADMISSION, RoomScope, admission_reads, admit};
pub use join::{Join, JoinRefused, join};
pub use session::{
    Enter, Finish, Heartbeat, Leave, PlaceRefused, Prove, enter, finish, heartbeat, leave, prove,
};

use crate::waiting_room::{Place, Room};

/// What a rule about one buyer decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_structs, reason = "a store acts on every part")]
pub struct RoomChange {
    /// The room after the command.
    pub room: Room,
    /// The buyer's place after the command.
    pub place: Place,
    /// The buyer's former place, which the command recorded as lapsed.
    pub lapsed: Option<Place>,
    /// Whether anything changed; if not, a store writes nothing.
    pub changed: bool,
}

impl RoomChange {
    fn unchanged(room: &Room, place: &Place) -> Self {
        Self { room: *room, place: *place, lapsed: None, changed: false }
    }

    fn changed(mut room: Room, place: Place, lapsed: Option<Place>) -> Self {
        room.version = room.version.saturating_add(1);
        Self { room, place, lapsed, changed: true }
    }
}

#[cfg(test)]
mod tests;
