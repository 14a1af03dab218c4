//! The journal of in-memory waiting rooms: saved rows are loaded, and a later state is never replaced by an earlier
//! one.

use std::time::Duration;

use tiketi_core::id::LeaseOwner;
use tiketi_core::lease::LeaseLost;
use tiketi_core::store::{ClaimJournal, JournalLease, JournalTaken, RoomJournal, RoomRows};
use tiketi_core::waiting_room::{
    AdaptiveRate, Line, LoadSample, Outflow, Pace, Place, PlaceClass, PlaceId, PlaceState, ProofState,
    RateReason, Room, Stock,
};
use tiketi_core::{CommandError, CommandKey, Timestamp};
use uuid::Uuid;

use crate::handles::Handles;
use crate::room::{buyer, event};

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000 + micros)
}

fn place(id: u64, class: PlaceClass, arrival: u64, state: PlaceState) -> Place {
    let joined_by = CommandKey::from_uuid(Uuid::from_u64_pair(9, arrival));
    let id = PlaceId { event: event(id), class, arrival };
    Place {
        id,
        buyer: buyer(arrival),
        party: 3,
        state,
        joined_at: at(7),
        joined_by,
        proof: ProofState::Missing,
    }
}

fn rows(room: &Room, places: impl IntoIterator<Item = Place>) -> RoomRows {
    let places = places.into_iter().map(|place| ((place.id.class, place.id.arrival), place)).collect();
    RoomRows { places, ..RoomRows::new(*room) }
}

/// Claims the journal for the process that saves in the cases.
async fn claim(stores: &Handles<dyn RoomJournal>, owner: u128, at: Timestamp) -> JournalLease {
    try_claim(stores, owner, at).await.expect("the journal is free")
}

async fn try_claim(
    stores: &Handles<dyn RoomJournal>,
    owner: u128,
    now: Timestamp,
) -> Result<JournalLease, JournalTaken> {
    let owner = LeaseOwner::from_uuid(Uuid::from_u128(owner));
    let claimed = stores.any().claim(ClaimJournal::new(now, owner, LENGTH)).await;
    claimed.map_err(|error| error.refusal().expect("no failure was expected"))
}

const LENGTH: Duration = Duration::from_secs(10);

/// Fails if two processes have the journal at the same time, or one that has died keeps it.
pub async fn one_process_has_the_journal(stores: Handles<dyn RoomJournal>) {
    let first = claim(&stores, 1, at(0)).await;
    assert_eq!(first.until, at(0).after(LENGTH));
    let last = first.until.before(Duration::from_micros(1));
    assert_eq!(try_claim(&stores, 2, last).await, Err(JournalTaken { until: first.until }));
    let extended = claim(&stores, 1, last).await;
    assert_eq!((extended.token, extended.until), (first.token, last.after(LENGTH)));
    assert_eq!(claim(&stores, 1, at(0)).await, extended, "an earlier end has no effect");
    let second = claim(&stores, 2, extended.until).await;
    assert!(second.token > first.token);
    assert_eq!(try_claim(&stores, 1, extended.until).await, Err(JournalTaken { until: second.until }));
    stores.any().give_up(&extended).await.unwrap();
    assert!(try_claim(&stores, 1, extended.until).await.is_err(), "only its owner gives it up");
    stores.any().give_up(&second).await.unwrap();
    assert!(claim(&stores, 1, extended.until).await.token > second.token);
}

/// Fails if a process keeps its token for another's claim, or loses it although no other claimed.
pub async fn a_late_process_keeps_its_token_if_no_other_claimed(stores: Handles<dyn RoomJournal>) {
    let first = claim(&stores, 1, at(0)).await;
    let late = first.until.after(LENGTH);
    let again = claim(&stores, 1, late).await;
    assert_eq!((again.token, again.until), (first.token, late.after(LENGTH)));
}

/// Fails if a process saves after another one has claimed the journal.
pub async fn a_process_that_lost_the_journal_saves_nothing(stores: Handles<dyn RoomJournal>) {
    let first = claim(&stores, 1, at(0)).await;
    let room = |version| Room { version, ..Room::new(event(1)) };
    let of = |arrival| place(1, PlaceClass::Standard, arrival, PlaceState::Waiting);
    stores.any().save_rooms(first.token, vec![rows(&room(1), [of(1)])]).await.unwrap();
    let second = claim(&stores, 2, first.until).await;
    let mut late = rows(&room(2), [of(2)]);
    late.deleted.insert(PlaceClass::Standard, 1);
    let refused = stores.any().save_rooms(first.token, vec![late]).await;
    assert!(matches!(refused, Err(CommandError::Refused(LeaseLost))), "{refused:?}");
    assert_eq!(loaded(&stores).await, [rows(&room(1), [of(1)])]);
    stores.any().save_rooms(second.token, vec![rows(&room(2), [of(3)])]).await.unwrap();
    assert_eq!(loaded(&stores).await, [rows(&room(2), [of(1), of(3)])]);
}

async fn save(stores: &Handles<dyn RoomJournal>, rows: Vec<RoomRows>) {
    let token = claim(stores, 1, at(0)).await.token;
    stores.any().save_rooms(token, rows).await.unwrap();
}

async fn loaded(stores: &Handles<dyn RoomJournal>) -> Vec<RoomRows> {
    let mut rooms = stores.any().load_rooms().await.unwrap();
    rooms.sort_by_key(|rows| rows.room.event);
    rooms
}

/// Fails if any part of a room or a place is lost.
pub async fn what_is_saved_is_loaded(stores: Handles<dyn RoomJournal>) {
    assert!(loaded(&stores).await.is_empty());
    let line = |from| Line {
        arrivals: from + 4,
        serving: from + 3,
        waiting: from,
        lobby: from + 2,
        cleared: from + 1,
    };
    let full = Room {
        priority: line(10),
        standard: line(u64::MAX / 4),
        demoted: line(30),
        called: 5,
        active: 6,
        opened_at: Some(at(1)),
        pace: Pace { next: at(2) },
        outflow: Outflow {
            per_minute_milli: Some(60_000),
            since: Some(at(3)),
            passed: 4,
            burst: 500,
            burst_at: Some(at(8)),
            measured: 9,
        },
        stock: Some(Stock { unsold: 8, returning: 9 }),
        rate: Some(AdaptiveRate {
            per_minute: 120,
            decided_at: at(4),
            reason: RateReason::Contended,
            load: LoadSample {
                holds: 50,
                latency: Duration::from_micros(1_500),
                contended: 3,
                unavailable: 1,
                is_saturated: true,
            },
        }),
        cleared_by: Some(CommandKey::from_uuid(Uuid::from_u128(77))),
        version: 12,
        ..Room::new(event(1))
    };
    let states = [
        PlaceState::Waiting,
        PlaceState::Called { until: at(5) },
        PlaceState::Active { since: at(6), until: at(7) },
        PlaceState::Done,
        PlaceState::Left,
        PlaceState::Lapsed,
    ];
    let classes = PlaceClass::ALL.into_iter().cycle();
    let places = (40..).zip(states.into_iter().zip(classes));
    let places = places.map(|(arrival, (state, class))| place(1, class, arrival, state));
    let mut one = rows(&full, places);
    one.deleted.insert(PlaceClass::Standard, 39);
    let other = rows(&Room { version: 1, ..Room::new(event(2)) }, []);
    save(&stores, vec![one.clone(), other.clone()]).await;
    assert_eq!(loaded(&stores).await, [one, other]);
}

/// Fails if a late save replaces a newer row.
pub async fn an_overtaken_save_replaces_nothing(stores: Handles<dyn RoomJournal>) {
    let room = |version| Room { version, ..Room::new(event(1)) };
    let of = |arrival, state| place(1, PlaceClass::Standard, arrival, state);
    save(&stores, vec![rows(&room(6), [of(1, PlaceState::Left)])]).await;
    let older = [of(1, PlaceState::Waiting), of(2, PlaceState::Waiting)];
    save(&stores, vec![rows(&room(5), older)]).await;
    let expected = rows(&room(6), [of(1, PlaceState::Left), of(2, PlaceState::Waiting)]);
    assert_eq!(loaded(&stores).await, [expected]);
    save(&stores, vec![rows(&room(7), [of(2, PlaceState::Left)])]).await;
    let expected = rows(&room(7), [of(1, PlaceState::Left), of(2, PlaceState::Left)]);
    assert_eq!(loaded(&stores).await, [expected]);
}

/// Fails if deleted places are loaded, or if other places are deleted with them.
pub async fn deleted_places_are_not_loaded(stores: Handles<dyn RoomJournal>) {
    let room = |version| Room { version, ..Room::new(event(1)) };
    let places = [PlaceClass::Standard, PlaceClass::Priority]
        .into_iter()
        .flat_map(|class| (1..=3).map(move |arrival| place(1, class, arrival, PlaceState::Done)));
    let places: Vec<Place> = places.collect();
    let other = rows(
        &Room { version: 1, ..Room::new(event(2)) },
        [place(2, PlaceClass::Standard, 1, PlaceState::Done)],
    );
    save(&stores, vec![rows(&room(1), places.clone()), other.clone()]).await;
    let mut gone = rows(&room(2), []);
    gone.deleted.insert(PlaceClass::Standard, 2);
    save(&stores, vec![gone.clone()]).await;
    let left =
        places.into_iter().filter(|place| place.id.class == PlaceClass::Priority || place.id.arrival > 2);
    let expected = RoomRows { deleted: gone.deleted, ..rows(&room(2), left) };
    assert_eq!(loaded(&stores).await, [expected, other]);
}
