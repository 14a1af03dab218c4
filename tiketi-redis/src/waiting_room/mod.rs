//! Waiting rooms in Redis.

mod admission;
mod ask;
mod batch;
mod changes;
mod floors;
mod index;
mod queue;
mod removal;
mod rows;
mod sweep;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::try_join_all;
use tiketi_core::decide::waiting_room::{
    Admission, Admit, Enter, Finish, Heartbeat, Join, JoinRefused, Leave, PlaceRefused, Prove,
};
use tiketi_core::store::{Standing, WaitingRoomStore};
use tiketi_core::waiting_room::{Place, PlaceId, Room};
use tiketi_core::{BuyerId, CommandError, CommandKey, EventId, StoreError, StoreErrorKind, Timestamp};

use crate::connection::Redis;
use ask::{Answer, Ask};
use batch::Rooms;
use queue::Queues;
use rows::StoredRoom;

/// Most rooms that are read together.
const ROOMS_AT_ONCE: usize = 64;

/// Waiting rooms in Redis, for any number of servers.
///
/// See the [crate's documentation](crate) for how it works and for its behaviour under failures.
#[derive(Debug, Clone)]
pub struct RedisWaitingRoom {
    rooms: Arc<Rooms>,
    queues: Arc<Queues>,
}

impl RedisWaitingRoom {
    /// Creates a store on a connection; sends nothing.
    pub fn new(redis: Redis) -> Self {
        Self { rooms: Arc::new(Rooms::new(redis)), queues: Arc::default() }
    }

    /// Deletes a room with everything that Redis has of it, such as after a rehearsal.
    ///
    /// The next buyer who joins gets number 1 again, so it is not for an event that is sold:
    /// [`WaitingRoomStore::clear`] keeps its numbers. No other server may use the room at the same time.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::OutcomeUnknown`] or [`StoreErrorKind::Unavailable`]; call it again then.
    pub async fn remove(&self, event: EventId) -> Result<(), StoreError> {
        self.rooms.remove(event).await
    }

    async fn send(&self, ask: Ask) -> Result<Answer, StoreError> {
        self.queues.send(&self.rooms, ask).await
    }

    /// Records what was read of a room, and announces it again where the index may have lost it.
    async fn saw(&self, stored: &StoredRoom) {
        self.rooms.floors.remember(&stored.room);
        let event = stored.room.event;
        if stored.room.live() > 0 && self.rooms.index.is_due(event) {
            // The read succeeded, so it is answered; if this fails, the next read announces the room.
            let _not_announced = self.rooms.index.announce(&self.rooms.redis, event).await;
        }
    }

    async fn standing_of(&self, stored: Option<&StoredRoom>, place: Option<Place>) -> Option<Standing> {
        let stored = stored?;
        self.saw(stored).await;
        Some(Standing { place: place?, room: stored.room, replayed: false })
    }
}

fn mismatched() -> StoreError {
    StoreError::new(StoreErrorKind::Internal, "a command got the answer of another kind")
}

#[async_trait]
impl WaitingRoomStore for RedisWaitingRoom {
    async fn join(&self, command: Join) -> Result<Standing, CommandError<JoinRefused>> {
        match self.send(Ask::Join(command)).await? {
            Answer::Joined(outcome) => outcome,
            _ => Err(mismatched().into()),
        }
    }

    async fn enter(&self, command: Enter) -> Result<Standing, CommandError<PlaceRefused>> {
        match self.send(Ask::Enter(command)).await? {
            Answer::Stood(outcome) => outcome,
            _ => Err(mismatched().into()),
        }
    }

    async fn prove(&self, command: Prove) -> Result<Standing, CommandError<PlaceRefused>> {
        match self.send(Ask::Prove(command)).await? {
            Answer::Stood(outcome) => outcome,
            _ => Err(mismatched().into()),
        }
    }

    async fn heartbeat(&self, command: Heartbeat) -> Result<Standing, CommandError<PlaceRefused>> {
        match self.send(Ask::Heartbeat(command)).await? {
            Answer::Stood(outcome) => outcome,
            _ => Err(mismatched().into()),
        }
    }

    async fn leave(&self, command: Leave) -> Result<Option<Standing>, StoreError> {
        match self.send(Ask::Leave(command)).await? {
            Answer::Ended(outcome) => outcome,
            _ => Err(mismatched()),
        }
    }

    async fn finish(&self, command: Finish) -> Result<Option<Standing>, StoreError> {
        match self.send(Ask::Finish(command)).await? {
            Answer::Ended(outcome) => outcome,
            _ => Err(mismatched()),
        }
    }

    async fn admit(&self, command: Admit) -> Result<Admission, StoreError> {
        match self.send(Ask::Admit(command)).await? {
            Answer::Admitted(admission) => Ok(admission),
            _ => Err(mismatched()),
        }
    }

    async fn standing(&self, event: EventId, buyer: BuyerId) -> Result<Option<Standing>, StoreError> {
        let rows = self.rooms.reader.of_buyers(&self.rooms.redis, event, &[buyer]).await?;
        let place = rows.pointers.get(&buyer).and_then(|pointer| rows.places.get(pointer)).copied();
        Ok(self.standing_of(rows.stored.as_ref(), place).await)
    }

    async fn place(&self, id: PlaceId) -> Result<Option<Standing>, StoreError> {
        let pointer = (id.class, id.arrival);
        let wanted = BTreeSet::from([pointer]);
        let (stored, places) = self.rooms.reader.places(&self.rooms.redis, id.event, &wanted).await?;
        Ok(self.standing_of(stored.as_ref(), places.get(&pointer).copied()).await)
    }

    async fn room(&self, event: EventId) -> Result<Option<Room>, StoreError> {
        let stored = self.rooms.reader.room(&self.rooms.redis, event).await?;
        if let Some(stored) = &stored {
            self.saw(stored).await;
        }
        Ok(stored.map(|stored| stored.room))
    }

    async fn busy_rooms(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError> {
        let Rooms { redis, reader, index, .. } = &*self.rooms;
        let (mut busy, mut after) = (Vec::new(), after);
        while busy.len() < limit {
            let listed = index.listed(redis, after, ROOMS_AT_ONCE.min(limit - busy.len())).await?;
            let Some(last) = listed.last() else { break };
            after = Some(*last);
            let rooms = try_join_all(listed.iter().map(|event| reader.room(redis, *event))).await?;
            let live = |room: &Option<StoredRoom>| room.is_some_and(|stored| stored.room.live() > 0);
            let rooms: Vec<(EventId, bool)> = listed.into_iter().zip(rooms.iter().map(live)).collect();
            let of =
                |wanted: bool| rooms.iter().filter(move |(_, live)| *live == wanted).map(|(event, _)| *event);
            busy.extend(of(true));
            index.retire(redis, &of(false).collect::<Vec<_>>()).await?;
        }
        Ok(busy)
    }

    async fn clear(&self, event: EventId, request: CommandKey, _now: Timestamp) -> Result<u64, StoreError> {
        match self.send(Ask::Clear { event, request }).await? {
            Answer::Cleared(live) => Ok(live),
            _ => Err(mismatched()),
        }
    }
}
