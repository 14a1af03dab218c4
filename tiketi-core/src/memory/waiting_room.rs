//! Waiting rooms, in memory.

mod room_table;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::decide::waiting_room::{
    Admission, Admit, Enter, Finish, Heartbeat, Join, JoinRefused, Leave, PlaceRefused, enter, finish,
    heartbeat, join, leave,
};
use crate::error::{CommandError, StoreError};
use crate::id::{BuyerId, CommandKey, EventId};
use crate::store::{Standing, WaitingRoomStore};
use crate::time::Timestamp;
use crate::waiting_room::{PlaceId, Room};
use room_table::RoomTable;

/// Waiting rooms in memory, for one process.
///
/// Its places end with the process. It has a lock of its own, so a crowd that joins does not delay sales.
#[derive(Default)]
pub struct MemoryWaitingRooms {
    rooms: Mutex<BTreeMap<EventId, RoomTable>>,
}

impl MemoryWaitingRooms {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<EventId, RoomTable>> {
        // Rules run before anything is written, so a panic of theirs leaves the rooms unchanged.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl WaitingRoomStore for MemoryWaitingRooms {
    async fn join(&self, command: Join) -> Result<Standing, CommandError<JoinRefused>> {
        let mut rooms = self.lock();
        if let Some(table) = rooms.get_mut(&command.event) {
            let change = join(table.room(), table.of_buyer(command.buyer), &command)?;
            return Ok(table.write(&change)?);
        }
        // A refused join makes no room.
        let mut table = RoomTable::new(command.event);
        let change = join(table.room(), None, &command)?;
        let standing = table.write(&change)?;
        rooms.insert(command.event, table);
        Ok(standing)
    }

    async fn enter(&self, command: Enter) -> Result<Standing, CommandError<PlaceRefused>> {
        let mut rooms = self.lock();
        let table = rooms.get_mut(&command.event).ok_or(CommandError::Refused(PlaceRefused::NoPlace))?;
        let change = enter(table.room(), table.of_buyer(command.buyer), &command)?;
        Ok(table.write(&change)?)
    }

    async fn heartbeat(&self, command: Heartbeat) -> Result<Standing, CommandError<PlaceRefused>> {
        let mut rooms = self.lock();
        let table = rooms.get_mut(&command.event).ok_or(CommandError::Refused(PlaceRefused::NoPlace))?;
        let change = heartbeat(table.room(), table.of_buyer(command.buyer), &command)?;
        Ok(table.write(&change)?)
    }

    async fn leave(&self, command: Leave) -> Result<Option<Standing>, StoreError> {
        let mut rooms = self.lock();
        let Some(table) = rooms.get_mut(&command.event) else { return Ok(None) };
        let change = leave(table.room(), table.of_buyer(command.buyer), &command);
        change.map(|change| table.write(&change)).transpose()
    }

    async fn finish(&self, command: Finish) -> Result<Option<Standing>, StoreError> {
        let mut rooms = self.lock();
        let Some(table) = rooms.get_mut(&command.event) else { return Ok(None) };
        let change = finish(table.room(), table.of_buyer(command.buyer), &command);
        change.map(|change| table.write(&change)).transpose()
    }

    async fn admit(&self, command: Admit) -> Result<Admission, StoreError> {
        match self.lock().get_mut(&command.event) {
            Some(table) => table.admit(&command),
            None => Ok(Admission {
                room: Room::new(command.event),
                called: Vec::new(),
                lapsed: Vec::new(),
                more: false,
                replayed: false,
            }),
        }
    }

    async fn standing(&self, event: EventId, buyer: BuyerId) -> Result<Option<Standing>, StoreError> {
        let rooms = self.lock();
        let Some(table) = rooms.get(&event) else { return Ok(None) };
        Ok(table.of_buyer(buyer).map(|place| table.standing(*place)))
    }

    async fn place(&self, id: PlaceId) -> Result<Option<Standing>, StoreError> {
        let rooms = self.lock();
        let Some(table) = rooms.get(&id.event) else { return Ok(None) };
        Ok(table.place_at(id.class, id.arrival).map(|place| table.standing(*place)))
    }

    async fn room(&self, event: EventId) -> Result<Option<Room>, StoreError> {
        Ok(self.lock().get(&event).map(|table| *table.room()))
    }

    async fn busy_rooms(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError> {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rooms = self.lock();
        let busy = rooms.range((after, Bound::Unbounded)).filter(|(_, table)| table.room().live() > 0);
        Ok(busy.map(|(event, _)| *event).take(limit).collect())
    }

    async fn clear(&self, event: EventId, request: CommandKey, _now: Timestamp) -> Result<u64, StoreError> {
        Ok(self.lock().get_mut(&event).map_or(0, |table| table.clear(request)))
    }
}

impl fmt::Debug for MemoryWaitingRooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryWaitingRooms").finish_non_exhaustive()
    }
}
