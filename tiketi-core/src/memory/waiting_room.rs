//! Waiting rooms, in memory, with an optional journal.

mod room_table;
mod rooms;
mod saved;

use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::clock::Clock;
use crate::decide::waiting_room::{
    Admission, Admit, Enter, Finish, Heartbeat, Join, JoinRefused, Leave, PlaceRefused, Prove, enter, finish,
    heartbeat, join, leave, prove,
};
use crate::error::{CommandError, StoreError};
use crate::id::{BuyerId, CommandKey, EventId, LeaseOwner};
use crate::store::{JournalTaken, RoomJournal, RoomRows, Standing, WaitingRoomStore};
use crate::time::Timestamp;
use crate::waiting_room::{PlaceId, Room};
use room_table::RoomTable;
use rooms::Rooms;
use saved::{Kept, Saved};

pub use saved::JOURNAL_CLAIM;

/// Waiting rooms in memory, for one process.
///
/// Their lock is not that of [`crate::memory::MemoryStore`], so a crowd that joins does not delay sales. By default their places end with the
/// process. With a journal ([`MemoryWaitingRooms::restore`]) a restart keeps the line.
#[derive(Default)]
pub struct MemoryWaitingRooms {
    rooms: Mutex<Rooms>,
    saved: Option<Saved>,
}

impl MemoryWaitingRooms {
    /// Claims a journal, loads all rooms from it, and saves every change there before it is answered.
    ///
    /// The claim lasts [`JOURNAL_CLAIM`] and is extended by every job that admits, so at least while
    /// [`Jobs::run_once`](crate::box_office::Jobs::run_once) is called more often than that. A process that was stopped
    /// for longer fails until it has the claim again, and then loads what another process saved in the meantime.
    ///
    /// # Errors
    ///
    /// [`JournalTaken`] if another process has the journal.
    pub async fn restore(
        journal: Arc<dyn RoomJournal>,
        clock: Arc<dyn Clock>,
        owner: LeaseOwner,
    ) -> Result<Self, CommandError<JournalTaken>> {
        let saved = Saved::claim(journal, clock, owner).await?;
        let rooms = Rooms::restored(saved.load().await?)?;
        Ok(Self { rooms: Mutex::new(rooms), saved: Some(saved) })
    }

    /// Ends the claim to the journal, so that another process can have it at once; a later command claims it again.
    pub async fn give_up(&self) -> Result<(), StoreError> {
        match &self.saved {
            Some(saved) => saved.give_up().await,
            None => Ok(()),
        }
    }

    /// Extends the claim to the journal if it is time; loads the rooms again if another process had it.
    async fn keep_claim(&self) -> Result<u64, StoreError> {
        let Some(saved) = &self.saved else { return Ok(0) };
        match saved.keep().await? {
            Kept::Same { token } => Ok(token),
            Kept::Again { lease } => {
                let rooms = Rooms::restored(saved.load().await?)?;
                // Held together, so that no command sees rooms of another claim.
                let mut known = self.lock();
                if saved.accept(lease) {
                    *known = rooms;
                }
                Ok(lease.token)
            }
        }
    }

    /// Fails if another process may have the journal, and so has later rooms.
    fn lock_to_read(&self) -> Result<MutexGuard<'_, Rooms>, StoreError> {
        if let Some(saved) = &self.saved {
            saved.check()?;
        }
        Ok(self.lock())
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
        let Some(saved) = &self.saved else {
            let mut rooms = self.lock();
            let answer = change(&mut rooms);
            rooms.forget_unsaved();
            return answer;
        };
        let token = self.keep_claim().await?;
        let (answer, rows) = {
            let mut rooms = self.lock();
            (change(&mut rooms), rooms.take_unsaved())
        };
        if !rows.is_empty() {
            let unsaved = Unsaved { store: self, rows };
            saved.save(token, unsaved.rows.clone()).await?;
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
        let rooms = self.lock_to_read()?;
        let Some(table) = rooms.get(event) else { return Ok(None) };
        Ok(table.of_buyer(buyer).map(|place| table.standing(*place)))
    }

    async fn place(&self, id: PlaceId) -> Result<Option<Standing>, StoreError> {
        let rooms = self.lock_to_read()?;
        let Some(table) = rooms.get(id.event) else { return Ok(None) };
        Ok(table.place_at(id.class, id.arrival).map(|place| table.standing(*place)))
    }

    async fn room(&self, event: EventId) -> Result<Option<Room>, StoreError> {
        Ok(self.lock_to_read()?.get(event).map(|table| *table.room()))
    }

    async fn busy_rooms(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError> {
        self.keep_claim().await?;
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        Ok(self.lock_to_read()?.busy_after(after).take(limit).collect())
    }

    async fn clear(&self, event: EventId, request: CommandKey, _now: Timestamp) -> Result<u64, StoreError> {
        self.change(|rooms| Ok(rooms.get_mut(event).map_or(0, |table| table.clear(request)))).await
    }
}

impl fmt::Debug for MemoryWaitingRooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryWaitingRooms").field("saved", &self.saved).finish_non_exhaustive()
    }
}
