//! A waiting room with a journal: every answered change survives the process, also after failed saves.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::clock::ManualClock;
use tiketi_core::decide::waiting_room::{Admit, Enter, Join, Leave};
use tiketi_core::id::LeaseOwner;
use tiketi_core::lease::LeaseLost;
use tiketi_core::memory::{JOURNAL_CLAIM, MemoryWaitingRooms};
use tiketi_core::store::{ClaimJournal, JournalLease, JournalTaken, RoomJournal, RoomRows, WaitingRoomStore};
use tiketi_core::waiting_room::{PlaceState, RoomMode, RoomPolicy};
use tiketi_core::{BuyerId, CommandError, CommandKey, EventId, StoreError, StoreErrorKind, Timestamp};
use uuid::Uuid;

/// A journal that outlives its rooms, and that can fail.
#[derive(Debug, Default)]
struct Ledger {
    rooms: Mutex<BTreeMap<EventId, RoomRows>>,
    lease: Mutex<Option<JournalLease>>,
    fails: AtomicBool,
}

#[async_trait]
impl RoomJournal for Ledger {
    async fn claim(&self, command: ClaimJournal) -> Result<JournalLease, CommandError<JournalTaken>> {
        let mut lease = self.lease.lock().unwrap();
        let (owner, until) = (command.owner, command.until());
        let token = match *lease {
            Some(known) if known.owner == owner => known.token,
            Some(known) if known.until > command.now => {
                return Err(CommandError::Refused(JournalTaken { until: known.until }));
            }
            other => other.map_or(0, |known| known.token) + 1,
        };
        Ok(*lease.insert(JournalLease { owner, token, until }))
    }

    async fn give_up(&self, lease: &JournalLease) -> Result<(), StoreError> {
        let mut known = self.lease.lock().unwrap();
        if let Some(known) = known.as_mut().filter(|known| known.token == lease.token) {
            known.until = Timestamp::EPOCH;
        }
        Ok(())
    }

    async fn save_rooms(&self, token: u64, rows: Vec<RoomRows>) -> Result<(), CommandError<LeaseLost>> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "the disk is full").into());
        }
        if self.lease.lock().unwrap().is_none_or(|lease| lease.token != token) {
            return Err(CommandError::Refused(LeaseLost));
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
    // The same owner each time, as after a restart of the one process of a file.
    opened(ledger, 1, &Arc::new(ManualClock::at(now()))).await.unwrap()
}

/// Opens the rooms of a ledger in another process, with a clock that the case moves.
async fn opened(
    ledger: &Arc<Ledger>,
    owner: u128,
    clock: &Arc<ManualClock>,
) -> Result<MemoryWaitingRooms, CommandError<JournalTaken>> {
    let owner = LeaseOwner::from_uuid(Uuid::from_u128(owner));
    MemoryWaitingRooms::restore(Arc::<Ledger>::clone(ledger), Arc::<ManualClock>::clone(clock), owner).await
}

#[tokio::test]
async fn a_second_process_is_refused_and_takes_over_when_the_first_has_died() {
    let (ledger, clock) = (Arc::new(Ledger::default()), Arc::new(ManualClock::at(now())));
    let first = opened(&ledger, 1, &clock).await.unwrap();
    join(&first, 1).await.unwrap();
    let refused = opened(&ledger, 2, &clock).await.unwrap_err().refusal();
    assert_eq!(refused, Some(JournalTaken { until: now().after(JOURNAL_CLAIM) }));
    // The jobs of the first extend its claim.
    clock.advance(Duration::from_secs(5));
    first.busy_rooms(None, 10).await.unwrap();
    clock.advance(Duration::from_secs(6));
    assert!(opened(&ledger, 2, &clock).await.is_err());
    clock.advance(JOURNAL_CLAIM);
    let second = opened(&ledger, 2, &clock).await.unwrap();
    assert_eq!(join(&second, 2).await, Ok(2), "the line goes on");
}

#[tokio::test]
async fn a_process_that_was_stopped_serves_nothing_until_it_has_the_line_again() {
    let (ledger, clock) = (Arc::new(Ledger::default()), Arc::new(ManualClock::at(now())));
    let first = opened(&ledger, 1, &clock).await.unwrap();
    join(&first, 1).await.unwrap();
    clock.advance(JOURNAL_CLAIM);
    let second = opened(&ledger, 2, &clock).await.unwrap();
    assert_eq!(join(&second, 2).await, Ok(2));

    assert_eq!(join(&first, 3).await, Err(()), "it would give the number 2 again");
    let kind = |error: StoreError| error.kind();
    assert_eq!(first.room(event()).await.map_err(kind), Err(StoreErrorKind::Unavailable));
    assert_eq!(first.standing(event(), buyer(1)).await.map_err(kind), Err(StoreErrorKind::Unavailable));
    assert_eq!(first.busy_rooms(None, 10).await.map_err(kind), Err(StoreErrorKind::Unavailable));

    second.give_up().await.unwrap();
    assert_eq!(join(&second, 4).await, Ok(3), "it takes the journal again, as no other process has");
    second.give_up().await.unwrap();
    assert_eq!(join(&first, 3).await, Ok(4), "it has loaded what the second one saved");
    assert_eq!(first.room(event()).await.unwrap().unwrap().waiting(), 4);
}

#[tokio::test]
async fn a_save_under_an_older_claim_is_refused() {
    let (ledger, clock) = (Arc::new(Ledger::default()), Arc::new(ManualClock::at(now())));
    let first = opened(&ledger, 1, &clock).await.unwrap();
    join(&first, 1).await.unwrap();
    // The clock of the second process is ahead: the first believes that it still has the claim.
    let ahead = Arc::new(ManualClock::at(now().after(JOURNAL_CLAIM)));
    let second = opened(&ledger, 2, &ahead).await.unwrap();
    assert_eq!(join(&second, 2).await, Ok(2));
    assert_eq!(join(&first, 3).await, Err(()));
    assert_eq!(first.room(event()).await.map_err(|error| error.kind()), Err(StoreErrorKind::Unavailable));
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
