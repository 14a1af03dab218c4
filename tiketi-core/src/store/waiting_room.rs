//! Storage of waiting rooms.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::decide::waiting_room::{
    Admission, Admit, Enter, Finish, Heartbeat, Join, JoinRefused, Leave, PlaceRefused, Prove,
};
use crate::error::{CommandError, StoreError};
use crate::id::{BuyerId, CommandKey, EventId};
use crate::time::Timestamp;
use crate::waiting_room::{Place, PlaceId, Room};

/// A place with its room, as they were at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores make it, and give every part")]
pub struct Standing {
    /// The place. A turn or session that is over may be stored as if it were not: see
    /// [`PlaceState::at`](crate::waiting_room::PlaceState::at).
    pub place: Place,
    /// The room.
    pub room: Room,
    /// Whether the command that returned it changed nothing.
    pub replayed: bool,
}

/// Stores the waiting rooms of events: their counters and places.
///
/// It may be another store than that of sales, with other durability. The policy is in each command: it is a part of
/// the event, and a store of waiting rooms that loses its data loses no policy.
///
/// # Contract
///
/// An adapter, for every command:
///
/// - MUST apply it atomically: the room and all places of its [`crate::decide::waiting_room::RoomChange`] or
///   [`Admission`], or nothing;
/// - MUST decide what the rule of the same name in [`crate::decide::waiting_room`] decides, against the room and the
///   buyer's latest place, while no other command changes them. An adapter that cannot run Rust beside its data, such as
///   one of scripts in a database, repeats the rule there, and the cases of `tiketi-conformance` compare it;
/// - MUST take arrival numbers from a counter that no failure, restart or [`WaitingRoomStore::clear`] sets back while
///   the room exists;
/// - MUST take `now` from the command, never from a clock of its own; its own clock may only decide when data that is
///   no longer needed is deleted;
/// - MUST NOT lose a live place. A place that has ended MUST be found for at least 10 minutes, and may be deleted then;
/// - MUST take time that does not grow with the number of places by more than its logarithm. An admission may take time
///   in proportion to its limit.
///
/// # Repetitions
///
/// Every command has a request. A command that is sent again with it, within 10 minutes, MUST change nothing more:
///
/// - [`WaitingRoomStore::join`] MUST return the place that the request gave, while the buyer has no later one, also if
///   it has ended since;
/// - [`WaitingRoomStore::admit`] MUST call no one else and return the places that it called, as they are now, with
///   [`Admission::replayed`] set. It is enough to remember the last 8 admissions of a room that called someone;
/// - [`WaitingRoomStore::clear`] MUST clear nothing that came after it, if it was the last one;
/// - the others have this property by their rules.
///
/// # Errors
///
/// [`CommandError::Refused`] with the refusal of the rule, [`CommandError::Store`] if the store fails.
///
/// # Cancel safety
///
/// If the future is dropped, the command takes full effect or none.
#[async_trait]
pub trait WaitingRoomStore: Debug + Send + Sync + 'static {
    /// Gives a buyer a place, or returns the one they have.
    async fn join(&self, command: Join) -> Result<Standing, CommandError<JoinRefused>>;

    /// Makes a called buyer active.
    async fn enter(&self, command: Enter) -> Result<Standing, CommandError<PlaceRefused>>;

    /// Records that the proof of work of a buyer's place was checked.
    async fn prove(&self, command: Prove) -> Result<Standing, CommandError<PlaceRefused>>;

    /// Keeps an active session alive.
    async fn heartbeat(&self, command: Heartbeat) -> Result<Standing, CommandError<PlaceRefused>>;

    /// Ends a buyer's place; `None` if there is none.
    async fn leave(&self, command: Leave) -> Result<Option<Standing>, StoreError>;

    /// Ends a buyer's active session; `None` if there is no place.
    async fn finish(&self, command: Finish) -> Result<Option<Standing>, StoreError>;

    /// Records lapsed places and calls the next buyers.
    ///
    /// # Contract
    ///
    /// Any number of servers may run it at the same time: each place MUST be called once, and returned by one of them.
    /// A room that no one has joined MUST be left as it is.
    async fn admit(&self, command: Admit) -> Result<Admission, StoreError>;

    /// Returns the latest place of a buyer with its room; `None` if there is none.
    ///
    /// # Contract
    ///
    /// It MUST change nothing, and cost the same for any number of places.
    async fn standing(&self, event: EventId, buyer: BuyerId) -> Result<Option<Standing>, StoreError>;

    /// Returns a place by its id, with its room; `None` if there is none.
    ///
    /// # Contract
    ///
    /// As for [`WaitingRoomStore::standing`].
    async fn place(&self, id: PlaceId) -> Result<Option<Standing>, StoreError>;

    /// Returns a room; `None` if no one has joined it.
    async fn room(&self, event: EventId) -> Result<Option<Room>, StoreError>;

    /// Returns the events whose room has a live place, in the order of their ids.
    ///
    /// # Contract
    ///
    /// It returns those after `after`, at most `limit`. Its cost MUST follow from `limit`, not from the number of
    /// places or keys.
    async fn busy_rooms(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError>;

    /// Deletes all places of a room, and returns how many were live.
    ///
    /// # Contract
    ///
    /// Arrival numbers MUST go on from where they were. A buyer who joins afterwards MUST get a new place.
    async fn clear(&self, event: EventId, request: CommandKey, now: Timestamp) -> Result<u64, StoreError>;
}
