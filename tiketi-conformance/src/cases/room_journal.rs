//! The journal of in-memory waiting rooms: saved rows are loaded, and a later state is never replaced by an earlier
//! one.

use std::time::Duration;

use tiketi_core::store::{RoomJournal, RoomRows};
use tiketi_core::waiting_room::{
    AdaptiveRate, Line, LoadSample, Outflow, Pace, Place, PlaceClass, PlaceId, PlaceState, ProofState,
    RateReason, Room, Stock,
};
use tiketi_core::{CommandKey, Timestamp};
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
    stores.any().save_rooms(vec![one.clone(), other.clone()]).await.unwrap();
    assert_eq!(loaded(&stores).await, [one, other]);
}

/// Fails if a late save replaces a newer row.
pub async fn an_overtaken_save_replaces_nothing(stores: Handles<dyn RoomJournal>) {
    let room = |version| Room { version, ..Room::new(event(1)) };
    let of = |arrival, state| place(1, PlaceClass::Standard, arrival, state);
    stores.any().save_rooms(vec![rows(&room(6), [of(1, PlaceState::Left)])]).await.unwrap();
    let older = [of(1, PlaceState::Waiting), of(2, PlaceState::Waiting)];
    stores.any().save_rooms(vec![rows(&room(5), older)]).await.unwrap();
    let expected = rows(&room(6), [of(1, PlaceState::Left), of(2, PlaceState::Waiting)]);
    assert_eq!(loaded(&stores).await, [expected]);
    stores.any().save_rooms(vec![rows(&room(7), [of(2, PlaceState::Left)])]).await.unwrap();
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
    stores.any().save_rooms(vec![rows(&room(1), places.clone()), other.clone()]).await.unwrap();
    let mut gone = rows(&room(2), []);
    gone.deleted.insert(PlaceClass::Standard, 2);
    stores.any().save_rooms(vec![gone.clone()]).await.unwrap();
    let left =
        places.into_iter().filter(|place| place.id.class == PlaceClass::Priority || place.id.arrival > 2);
    let expected = RoomRows { deleted: gone.deleted, ..rows(&room(2), left) };
    assert_eq!(loaded(&stores).await, [expected, other]);
}
