//! Storage that lets an in-memory waiting room survive a restart of its process.

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;

use crate::error::StoreError;
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

/// Saves the rows of an in-memory waiting room, for one process.
///
/// See [`crate::memory::MemoryWaitingRooms::restore`].
///
/// # Contract
///
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
    /// Saves rows of several rooms, in place of older ones.
    async fn save_rooms(&self, rows: Vec<RoomRows>) -> Result<(), StoreError>;

    /// Returns all rows of all rooms.
    async fn load_rooms(&self) -> Result<Vec<RoomRows>, StoreError>;
}
