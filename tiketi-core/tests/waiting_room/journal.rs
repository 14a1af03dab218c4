//! A waiting room with a journal: every answered change survives the process, also after failed saves.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::decide::waiting_room::{Admit, Enter, Join, Leave};
use tiketi_core::memory::MemoryWaitingRooms;
use tiketi_core::store::{RoomJournal, RoomRows, WaitingRoomStore};
use tiketi_core::waiting_room::{PlaceState, RoomMode, RoomPolicy};
use tiketi_core::{BuyerId, CommandKey, EventId, StoreError, StoreErrorKind, Timestamp};
use uuid::Uuid;

/// A journal that outlives its rooms, and that can fail.
#[derive(Debug, Default)]
struct Ledger {
    rooms: Mutex<BTreeMap<EventId, RoomRows>>,
    fails: AtomicBool,
}

#[async_trait]
impl RoomJournal for Ledger {
    async fn save_rooms(&self, rows: Vec<RoomRows>) -> Result<(), StoreError> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "the disk is full"));
        }
        let mut rooms = self.rooms.lock().unwrap();
        for new in rows {
            let known = rooms.entry(new.room.event).or_insert_with(|| RoomRows::new(new.room));
            known.places.extend(new.places);
            for (class, deleted) in &new.deleted {
                known.places.retain(|(of, arrival), _| of != class || arrival > deleted);
            }
            (known.room, known.deleted) = (new.room, new.deleted);
        }
        Ok(())
    }

    async fn load_rooms(&self) -> Result<Vec<RoomRows>, StoreError> {
        Ok(self.rooms.lock().unwrap().values().cloned().collect())
    }
}

fn event() -> EventId {
    EventId::from_uuid(Uuid::from_u128(1))
}

fn buyer(id: u128) -> BuyerId {
    BuyerId::from_uuid(Uuid::from_u128(id))
}

fn key(id: u128) -> CommandKey {
    CommandKey::from_uuid(Uuid::from_u128(id))
}

fn now() -> Timestamp {
    Timestamp::from_micros(1_000_000_000_000)
}

fn policy() -> RoomPolicy {
    RoomPolicy::default().mode(RoomMode::On).max_active(2)
}

async fn join(rooms: &MemoryWaitingRooms, id: u128) -> Result<u64, ()> {
    let ask = Join::new(now(), key(id), event(), buyer(id), policy());
    rooms.join(ask).await.map(|standing| standing.place.id.arrival).map_err(|_| ())
}

async fn admit(rooms: &MemoryWaitingRooms, request: u128) -> Vec<u64> {
    let admission = rooms.admit(Admit::new(now(), key(request), event(), policy())).await.unwrap();
    admission.called.iter().map(|place| place.id.arrival).collect()
}

async fn restored(ledger: &Arc<Ledger>) -> MemoryWaitingRooms {
    MemoryWaitingRooms::restore(Arc::<Ledger>::clone(ledger)).await.unwrap()
}

#[tokio::test]
async fn a_restart_keeps_the_line_the_turns_and_the_sessions() {
    let ledger = Arc::new(Ledger::default());
    let rooms = restored(&ledger).await;
    for id in 1..=5 {
        join(&rooms, id).await.unwrap();
    }
    rooms.leave(Leave::new(now(), key(90), event(), buyer(3))).await.unwrap();
    admit(&rooms, 91).await;
    rooms.enter(Enter::new(now(), key(92), event(), buyer(1), policy())).await.unwrap();
    let before = rooms.room(event()).await.unwrap();
    drop(rooms);

    let rooms = restored(&ledger).await;
    assert_eq!(rooms.room(event()).await.unwrap(), before);
    let state = async |id| rooms.standing(event(), buyer(id)).await.unwrap().unwrap().place.state;
    assert!(matches!(state(1).await, PlaceState::Active { .. }));
    assert!(matches!(state(2).await, PlaceState::Called { .. }));
    assert_eq!([state(3).await, state(4).await], [PlaceState::Left, PlaceState::Waiting]);
    assert_eq!(join(&rooms, 4).await, Ok(4), "the place is kept");
    assert_eq!(join(&rooms, 6).await, Ok(6), "numbers go on");
    let later = now().after(Duration::from_hours(1));
    let admission = rooms.admit(Admit::new(later, key(93), event(), policy())).await.unwrap();
    assert_eq!(admission.lapsed.len(), 2, "turns and sessions end as if there had been no restart");
    assert_eq!(admission.called.iter().map(|place| place.id.arrival).collect::<Vec<_>>(), [4, 5]);
}

#[tokio::test]
async fn a_change_that_could_not_be_saved_is_saved_with_the_next() {
    let ledger = Arc::new(Ledger::default());
    let rooms = restored(&ledger).await;
    join(&rooms, 1).await.unwrap();
    ledger.fails.store(true, Ordering::Relaxed);
    assert_eq!(join(&rooms, 2).await, Err(()));
    assert_eq!(join(&rooms, 2).await, Err(()), "a repetition is not answered before it is saved");
    ledger.fails.store(false, Ordering::Relaxed);
    assert_eq!(join(&rooms, 2).await, Ok(2));
    assert_eq!(restored(&ledger).await.room(event()).await.unwrap().unwrap().waiting(), 2);
}

#[tokio::test]
async fn a_place_that_was_never_answered_may_be_missing() {
    let ledger = Arc::new(Ledger::default());
    let rooms = restored(&ledger).await;
    for id in 1..=3 {
        join(&rooms, id).await.unwrap();
    }
    // The save of the second place was lost with the process, but not the save of the third.
    ledger.rooms.lock().unwrap().values_mut().for_each(|rows| {
        rows.places.retain(|(_, arrival), _| *arrival != 2);
    });
    let rooms = restored(&ledger).await;
    assert_eq!(rooms.room(event()).await.unwrap().unwrap().waiting(), 2);
    assert_eq!(join(&rooms, 2).await, Ok(4));
    assert_eq!(admit(&rooms, 91).await, [1, 3]);
}

#[tokio::test]
async fn a_cleared_room_stays_empty_and_counts_on() {
    let ledger = Arc::new(Ledger::default());
    let rooms = restored(&ledger).await;
    join(&rooms, 1).await.unwrap();
    join(&rooms, 2).await.unwrap();
    rooms.clear(event(), key(90), now()).await.unwrap();
    let rooms = restored(&ledger).await;
    assert!(rooms.standing(event(), buyer(1)).await.unwrap().is_none());
    assert_eq!(join(&rooms, 1).await, Ok(3));
    assert_eq!(admit(&rooms, 91).await, [3]);
}
