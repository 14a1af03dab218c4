//! Storage that lets an in-memory waiting room survive a restart of its process.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::error::{CommandError, StoreError};
use crate::id::LeaseOwner;
use crate::lease::LeaseLost;
use crate::time::Timestamp;
use crate::waiting_room::{Place, PlaceClass, Room};

/// The row of one room, with its places that changed, or with all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "rows: each journal reads and writes every field")]
pub struct RoomRows {
    /// The room.
    pub room: Room,
    /// The places, by class and arrival number.
    pub places: BTreeMap<(PlaceClass, u64), Place>,
    /// The last arrival number of each class whose places are deleted; classes without deleted places are left out.
    pub deleted: BTreeMap<PlaceClass, u64>,
}

impl RoomRows {
    /// Makes the rows of a room without places.
    pub const fn new(room: Room) -> Self {
        Self { room, places: BTreeMap::new(), deleted: BTreeMap::new() }
    }
}

/// Claims a journal for one process, or extends its claim.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ClaimJournal {
    /// The moment that decides.
    pub now: Timestamp,
    /// The process: an id of its own each time that it starts.
    pub owner: LeaseOwner,
    /// How long the claim lasts.
    pub length: Duration,
}

impl ClaimJournal {
    /// Makes a command.
    pub const fn new(now: Timestamp, owner: LeaseOwner, length: Duration) -> Self {
        Self { now, owner, length }
    }

    /// Returns the first moment at which the claim is over.
    pub fn until(&self) -> Timestamp {
        self.now.after(self.length)
    }
}

/// The claim of a process to a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each journal reads and writes every field")]
pub struct JournalLease {
    /// The process.
    pub owner: LeaseOwner,
    /// The fencing token: larger than that of every other owner before.
    pub token: u64,
    /// The first moment at which the claim is over.
    pub until: Timestamp,
}

/// Another process has the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another process has the waiting rooms of this store until {until}")]
#[expect(clippy::exhaustive_structs, reason = "each journal returns it")]
pub struct JournalTaken {
    /// When its claim ends, unless it is extended.
    pub until: Timestamp,
}

/// Saves the rows of an in-memory waiting room, for one process at a time.
///
/// See [`crate::memory::MemoryWaitingRooms::restore`].
///
/// # Contract
///
/// - [`RoomJournal::claim`] MUST give the journal to one owner at a time: to the present one, or to any once the claim is
///   over at the command's `now`. The present owner keeps the token, also after the end of the claim, and the later end.
///   Another owner gets a larger token.
/// - [`RoomJournal::save_rooms`] MUST save nothing under another token than the present owner's, also if a claim is
///   decided at the same time: two processes that give the same numbers would be worse than one that fails.
/// - [`RoomJournal::save_rooms`] MUST save all rows or none, and MUST be as durable as it will ever be when it returns.
/// - Calls of it may overtake each other. Rows of a room whose [`Room::version`] is lower than that of an earlier call
///   MUST NOT replace that call's: neither the room nor a place that the earlier call saved.
/// - [`RoomRows::deleted`] belongs to the room's row. Places up to it are no longer needed: they MAY be returned, and
///   MUST be deleted by a later call.
///
/// # Cancel safety
///
/// A dropped call saves all rows or none; they are saved again with the next call.
#[async_trait]
pub trait RoomJournal: Debug + Send + Sync + 'static {
    /// Gives the journal to a process, or extends its claim.
    ///
    /// # Errors
    ///
    /// [`JournalTaken`] if another process has it.
    async fn claim(&self, command: ClaimJournal) -> Result<JournalLease, CommandError<JournalTaken>>;

    /// Ends a claim, so that another process need not wait; does nothing if another process has the journal.
    async fn give_up(&self, lease: &JournalLease) -> Result<(), StoreError>;

    /// Saves rows of several rooms under the token of the present owner, in place of older ones.
    ///
    /// # Errors
    ///
    /// [`LeaseLost`] if another process has claimed the journal; nothing is saved.
    async fn save_rooms(&self, token: u64, rows: Vec<RoomRows>) -> Result<(), CommandError<LeaseLost>>;

    /// Returns all rows of all rooms.
    async fn load_rooms(&self) -> Result<Vec<RoomRows>, StoreError>;
}
