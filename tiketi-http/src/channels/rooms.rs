//! The rooms of a process, one for each event that a socket follows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tiketi_core::{BoxOffice, EventId, StoreError};

use crate::channels::members::Membership;
use crate::channels::room::{Begun, Room};
use crate::channels::signal::Signal;
use crate::live::LiveEvents;

/// How often an empty room is looked at; it is closed when it was empty twice in a row. Until then it remembers what
/// sockets that come back have missed.
const LINGER: Duration = Duration::from_secs(30);

/// The rooms of a process.
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    rooms: Mutex<HashMap<EventId, Arc<Room>>>,
}

impl Rooms {
    /// Enters the room of an event; `None` if buyers can see no such event.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store was asked, and did not answer.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        live: &LiveEvents,
        office: &BoxOffice,
        (event, signal): (EventId, &Arc<Signal>),
    ) -> Result<Option<(Arc<Room>, Membership)>, StoreError> {
        if let Some(entered) = self.enter_open(event, signal) {
            return Ok(Some(entered));
        }
        let Some(following) = live.follow(office, event).await? else { return Ok(None) };
        let mut rooms = self.lock();
        let room = rooms.entry(event).or_insert_with(|| {
            let room = Arc::new(Room::new(office, following));
            tokio::spawn(Arc::clone(self).run(Arc::clone(&room), room.begin()));
            room
        });
        // It enters under the lock, so that the room is not closed at the same time.
        let membership = room.enter(Arc::clone(signal));
        Ok(Some((Arc::clone(room), membership)))
    }

    fn enter_open(&self, event: EventId, signal: &Arc<Signal>) -> Option<(Arc<Room>, Membership)> {
        let rooms = self.lock();
        let room = rooms.get(&event)?;
        Some((Arc::clone(room), room.enter(Arc::clone(signal))))
    }

    /// Runs a room until it is empty.
    async fn run(self: Arc<Self>, room: Arc<Room>, begun: Begun) {
        room.run(begun, LINGER, || self.close(&room)).await;
    }

    /// Closes a room if it is still empty.
    fn close(&self, room: &Arc<Room>) -> bool {
        let mut rooms = self.lock();
        let is_over = room.is_empty();
        if is_over {
            rooms.remove(&room.event());
        }
        is_over
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<EventId, Arc<Room>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
