//! Waiting rooms, in memory, with an optional journal.

mod room_table;
mod rooms;

use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::decide::waiting_room::{
    Admission, Admit, Enter, Finish, Heartbeat, Join, JoinRefused, Leave, PlaceRefused, Prove, enter, finish,
    heartbeat, join, leave, prove,
};
use crate::error::{CommandError, StoreError};
use crate::id::{BuyerId, CommandKey, EventId};
use crate::store::{RoomJournal, RoomRows, Standing, WaitingRoomStore};
use crate::time::Timestamp;
use crate::waiting_room::{PlaceId, Room};
use room_table::RoomTable;
use rooms::Rooms;

/// Waiting rooms in memory, for one process.
///
/// Their lock is not that of [`crate::memory::MemoryStore`], so a crowd that joins does not delay sales. By default their places end with the
/// process. With a journal ([`MemoryWaitingRooms::restore`]) a restart keeps the line.
#[derive(Default)]
pub struct MemoryWaitingRooms {
    rooms: Mutex<Rooms>,
    journal: Option<Arc<dyn RoomJournal>>,
}

impl MemoryWaitingRooms {
    /// Loads all rooms from a journal, and saves every change there before it is answered.
    ///
    /// One process at a time may use a journal: another one would give the same numbers again.
    pub async fn restore(journal: Arc<dyn RoomJournal>) -> Result<Self, StoreError> {
        let rooms = Rooms::restored(journal.load_rooms().await?)?;
        Ok(Self { rooms: Mutex::new(rooms), journal: Some(journal) })
    }

    fn lock(&self) -> MutexGuard<'_, Rooms> {
        // Rules run before anything is written, so a panic of theirs leaves the rooms unchanged.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes rooms, and answers once the changes are in the journal.
    ///
    /// A change that could not be saved stays in memory and is saved with the next one, so the journal misses nothing
    /// once it works again. The caller gets the failure, and repeats the command.
    async fn change<T, E: From<StoreError>>(
        &self,
        change: impl FnOnce(&mut Rooms) -> Result<T, E>,
    ) -> Result<T, E> {
        let Some(journal) = &self.journal else {
            let mut rooms = self.lock();
            let answer = change(&mut rooms);
            rooms.forget_unsaved();
            return answer;
        };
        let (answer, rows) = {
            let mut rooms = self.lock();
            (change(&mut rooms), rooms.take_unsaved())
        };
        if !rows.is_empty() {
            let unsaved = Unsaved { store: self, rows };
            journal.save_rooms(unsaved.rows.clone()).await?;
            unsaved.are_saved();
        }
        answer
    }
}

/// Rows that are being saved; they are kept for the next call unless they were saved, also if the call is dropped.
struct Unsaved<'s> {
    store: &'s MemoryWaitingRooms,
    rows: Vec<RoomRows>,
}

impl Unsaved<'_> {
    fn are_saved(mut self) {
        self.rows.clear();
    }
}

impl Drop for Unsaved<'_> {
    fn drop(&mut self) {
        if !self.rows.is_empty() {
            self.store.lock().put_back(&self.rows);
        }
    }
}

fn no_place() -> CommandError<PlaceRefused> {
    CommandError::Refused(PlaceRefused::NoPlace)
}

#[async_trait]
impl WaitingRoomStore for MemoryWaitingRooms {
    async fn join(&self, command: Join) -> Result<Standing, CommandError<JoinRefused>> {
        self.change(|rooms| {
            if let Some(table) = rooms.get_mut(command.event) {
                let change = join(table.room(), table.of_buyer(command.buyer), &command)?;
                return Ok(table.write(&change)?);
            }
            // A refused join makes no room.
            let mut table = RoomTable::new(command.event);
            let change = join(table.room(), None, &command)?;
            let standing = table.write(&change)?;
            rooms.insert(command.event, table);
            Ok(standing)
        })
        .await
    }

    async fn enter(&self, command: Enter) -> Result<Standing, CommandError<PlaceRefused>> {
        self.change(|rooms| {
            let table = rooms.get_mut(command.event).ok_or_else(no_place)?;
            let change = enter(table.room(), table.of_buyer(command.buyer), &command)?;
            Ok(table.write(&change)?)
        })
        .await
    }

    async fn prove(&self, command: Prove) -> Result<Standing, CommandError<PlaceRefused>> {
        self.change(|rooms| {
            let table = rooms.get_mut(command.event).ok_or_else(no_place)?;
            let change = prove(table.room(), table.of_buyer(command.buyer), &command)?;
            Ok(table.write(&change)?)
        })
        .await
    }

    async fn heartbeat(&self, command: Heartbeat) -> Result<Standing, CommandError<PlaceRefused>> {
        self.change(|rooms| {
            let table = rooms.get_mut(command.event).ok_or_else(no_place)?;
            let change = heartbeat(table.room(), table.of_buyer(command.buyer), &command)?;
            Ok(table.write(&change)?)
        })
        .await
    }

    async fn leave(&self, command: Leave) -> Result<Option<Standing>, StoreError> {
        self.change(|rooms| {
            let Some(table) = rooms.get_mut(command.event) else { return Ok(None) };
            let change = leave(table.room(), table.of_buyer(command.buyer), &command);
            change.map(|change| table.write(&change)).transpose()
        })
        .await
    }

    async fn finish(&self, command: Finish) -> Result<Option<Standing>, StoreError> {
        self.change(|rooms| {
            let Some(table) = rooms.get_mut(command.event) else { return Ok(None) };
            let change = finish(table.room(), table.of_buyer(command.buyer), &command);
            change.map(|change| table.write(&change)).transpose()
        })
        .await
    }

    async fn admit(&self, command: Admit) -> Result<Admission, StoreError> {
        self.change(|rooms| match rooms.get_mut(command.event) {
            Some(table) => table.admit(&command),
            None => Ok(Admission {
                room: Room::new(command.event),
                called: Vec::new(),
                lapsed: Vec::new(),
                more: false,
                replayed: false,
            }),
        })
        .await
    }

    async fn standing(&self, event: EventId, buyer: BuyerId) -> Result<Option<Standing>, StoreError> {
        let rooms = self.lock();
        let Some(table) = rooms.get(event) else { return Ok(None) };
        Ok(table.of_buyer(buyer).map(|place| table.standing(*place)))
    }

    async fn place(&self, id: PlaceId) -> Result<Option<Standing>, StoreError> {
        let rooms = self.lock();
        let Some(table) = rooms.get(id.event) else { return Ok(None) };
        Ok(table.place_at(id.class, id.arrival).map(|place| table.standing(*place)))
    }

    async fn room(&self, event: EventId) -> Result<Option<Room>, StoreError> {
        Ok(self.lock().get(event).map(|table| *table.room()))
    }

    async fn busy_rooms(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError> {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        Ok(self.lock().busy_after(after).take(limit).collect())
    }

    async fn clear(&self, event: EventId, request: CommandKey, _now: Timestamp) -> Result<u64, StoreError> {
        self.change(|rooms| Ok(rooms.get_mut(event).map_or(0, |table| table.clear(request)))).await
    }
}

impl fmt::Debug for MemoryWaitingRooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryWaitingRooms").field("journal", &self.journal).finish_non_exhaustive()
    }
}
