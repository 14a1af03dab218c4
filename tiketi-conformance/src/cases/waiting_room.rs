//! Places of a waiting room: each buyer has one, enters when called, and leaves it by time or by choice.

use tiketi_core::Timestamp;
use tiketi_core::decide::waiting_room::{JoinRefused, PlaceRefused};
use tiketi_core::waiting_room::{PlaceClass, PlaceId, PlaceState, RoomMode};

use crate::room::{TestRoom, buyer, event};

fn lapsed() -> PlaceRefused {
    PlaceRefused::Over { state: PlaceState::Lapsed }
}

/// Fails if a buyer who joins again gets another place, or another number.
pub async fn joining_twice_keeps_the_place(mut room: TestRoom) {
    let first = room.join(1).await;
    room.join(2).await;
    room.wait(5);
    assert_eq!(room.join(1).await, first);
    assert_eq!(room.join_class(1, PlaceClass::Priority).await, first, "a place does not change its class");
    let standing = room.store().join(room.ask(1)).await.unwrap();
    assert!(standing.replayed);
    assert_eq!((standing.room.waiting(), standing.room.standard.arrivals), (2, 2));
}

/// Fails if a repeated join creates a second place after the first has ended.
pub async fn a_repeated_join_gives_no_second_place(room: TestRoom) {
    let ask = room.ask(1);
    let first = room.join_as(ask.clone()).await;
    room.leave(1).await;
    let again = room.store().join(ask).await.unwrap();
    assert_eq!((again.place.id, again.place.state, again.replayed), (first.id, PlaceState::Left, true));
    assert_eq!(room.join(1).await.id.arrival, 2, "another request is another place");
}

/// Fails if the numbers of a line have gaps, or are shared with another line.
pub async fn each_class_counts_its_arrivals(room: TestRoom) {
    let mut arrivals = Vec::new();
    for (id, class) in [
        (1, PlaceClass::Standard),
        (2, PlaceClass::Priority),
        (3, PlaceClass::Standard),
        (4, PlaceClass::Demoted),
        (5, PlaceClass::Priority),
    ] {
        let place = room.join_class(id, class).await;
        assert_eq!((place.id.event, place.id.class, place.buyer), (room.event, class, buyer(id)));
        arrivals.push(place.id.arrival);
    }
    assert_eq!(arrivals, [1, 1, 2, 1, 2]);
}

/// Fails if a place does not keep the data of its join.
pub async fn a_place_is_found_by_its_buyer_and_by_its_id(room: TestRoom) {
    let mut ask = room.ask(1);
    ask.party = 4;
    let place = room.join_as(ask.clone()).await;
    assert_eq!((place.party, place.joined_at, place.joined_by), (4, room.now, ask.request));
    assert_eq!(room.of_buyer(1).await, Some(place));
    assert_eq!(room.place(place.id).await, Some(place));
    assert_eq!(room.of_buyer(2).await, None);
    assert_eq!(room.place(PlaceId { arrival: 2, ..place.id }).await, None);
    assert_eq!(room.place(PlaceId { event: event(2), ..place.id }).await, None);
}

/// Fails if a join that the policy refuses is accepted, or changes anything.
pub async fn a_refused_join_changes_nothing(mut room: TestRoom) {
    let usual = room.policy;
    room.policy.mode = RoomMode::Off;
    room.refuse_join(room.ask(1), JoinRefused::RoomOff).await;
    assert_eq!(room.store().room(room.event).await.unwrap(), None);
    room.policy = usual.queue_limit(1).max_party(4);
    for party in [0, 5] {
        let mut ask = room.ask(1);
        ask.party = party;
        room.refuse_join(ask, JoinRefused::PartyOutOfRange { limit: 4 }).await;
    }
    room.join(1).await;
    room.refuse_join(room.ask(2), JoinRefused::Full { limit: 1 }).await;
    assert_eq!(room.join(1).await.id.arrival, 1, "who waits keeps the place");
    assert_eq!(room.of_buyer(2).await, None);
}

/// Fails if a buyer can enter before or after the turn, or if a turn ends a microsecond early or late.
pub async fn a_called_buyer_enters_within_the_turn(mut room: TestRoom) {
    room.join_all(1..=4).await;
    assert_eq!(room.admit().await, [1, 2, 3]);
    let until = room.now.after(room.policy.turn_window);
    assert_eq!(room.of_buyer(1).await.map(|place| place.state), Some(PlaceState::Called { until }));
    assert_eq!(room.enter(4).await.unwrap_err(), PlaceRefused::NotYourTurn);
    assert_eq!(room.enter(9).await.unwrap_err(), PlaceRefused::NoPlace);
    room.now = until.before(std::time::Duration::from_micros(1));
    let entered = room.enter(1).await.unwrap();
    let session = PlaceState::Active { since: room.now, until: room.now.after(room.policy.session_ttl) };
    assert_eq!((entered.place.state, entered.replayed), (session, false));
    assert_eq!((entered.room.called, entered.room.active), (2, 1));
    let again = room.enter(1).await.unwrap();
    assert_eq!((again.place.state, again.replayed), (session, true));
    room.now = until;
    assert_eq!(room.enter(2).await.unwrap_err(), lapsed());
}

/// Fails if heartbeats do not extend a session, extend it beyond its cap, or shorten it.
pub async fn a_session_slides_up_to_its_cap(mut room: TestRoom) {
    let start = room.now;
    let after = |seconds| start.after(std::time::Duration::from_secs(seconds));
    room.join(1).await;
    assert_eq!(room.heartbeat(1).await.unwrap().place.state, PlaceState::Waiting);
    assert_eq!(room.heartbeat(9).await.unwrap_err(), PlaceRefused::NoPlace);
    room.admit().await;
    room.enter(1).await.unwrap();
    for (now, until) in [(40, 140), (90, 150), (30, 150), (149, 150)] {
        room.now = after(now);
        let state = room.heartbeat(1).await.unwrap().place.state;
        assert_eq!(state, PlaceState::Active { since: start, until: after(until) }, "at {now}");
    }
    room.now = after(150);
    assert_eq!(room.heartbeat(1).await.unwrap_err(), lapsed());
    assert_eq!(room.enter(1).await.unwrap_err(), lapsed());
}

/// Fails if a buyer who has paid or left still uses capacity.
pub async fn finishing_and_leaving_free_capacity_at_once(room: TestRoom) {
    room.join_all(1..=6).await;
    room.admit().await;
    room.enter(1).await.unwrap();
    assert_eq!(room.finish(1).await.unwrap().place.state, PlaceState::Done);
    assert_eq!(room.leave(2).await.unwrap().place.state, PlaceState::Left);
    assert_eq!(room.room().await.in_flight(), 1);
    assert_eq!(room.admit().await, [4, 5]);
    assert!(room.finish(1).await.unwrap().replayed && room.leave(2).await.unwrap().replayed);
    assert_eq!((room.finish(9).await, room.leave(9).await), (None, None));
}

/// Fails if finishing ends the place of a buyer who waits or is called again.
pub async fn only_an_active_place_is_finished(room: TestRoom) {
    room.join(1).await;
    assert_eq!(room.finish(1).await.unwrap().place.state, PlaceState::Waiting);
    room.admit().await;
    assert!(matches!(room.finish(1).await.unwrap().place.state, PlaceState::Called { .. }));
    assert_eq!(room.room().await.called, 1);
}

/// Fails if a buyer whose place has ended cannot join again, or does not join at the end of the line.
pub async fn a_buyer_whose_place_ended_joins_at_the_back(mut room: TestRoom) {
    room.join_all(1..=5).await;
    room.admit().await;
    room.enter(1).await.unwrap();
    room.finish(1).await;
    room.leave(4).await;
    room.wait(10);
    // The turns of buyers 2 and 3 have ended, and no admission has recorded this.
    for (id, arrival) in [(1, 6), (2, 7), (4, 8)] {
        let place = room.join(id).await;
        assert_eq!((place.id.arrival, place.state), (arrival, PlaceState::Waiting), "{id}");
    }
    let counts = room.room().await;
    assert_eq!((counts.waiting(), counts.called, counts.active), (4, 1, 0));
    assert_eq!(room.admit().await, [5, 1, 2]);
    assert_eq!(room.room().await.called, 3, "3 lapsed");
}

/// Fails if an automatic room makes buyers wait below its threshold, or lets one overtake another.
pub async fn an_automatic_room_lets_buyers_in_up_to_its_threshold(mut room: TestRoom) {
    room.policy.mode = RoomMode::Auto { threshold: 2 };
    for id in [1, 2] {
        let until = room.now.after(room.policy.session_ttl);
        assert_eq!(room.join(id).await.state, PlaceState::Active { since: room.now, until });
    }
    assert_eq!(room.join(3).await.state, PlaceState::Waiting);
    room.leave(1).await;
    assert_eq!(room.join(4).await.state, PlaceState::Waiting, "3 was there first");
    assert_eq!(room.admit().await, [3, 4]);
    let line = room.room().await.standard;
    assert_eq!((line.serving, line.arrivals), (4, 4));
    room.policy.opens_at = Some(Timestamp::FAR_FUTURE);
    room.event = event(2);
    assert_eq!(room.join(1).await.state, PlaceState::Waiting, "the line has not opened");
}

/// Fails if clearing a room leaves a place, repeats a number, or takes effect twice.
pub async fn a_cleared_room_is_empty_and_counts_on(room: TestRoom) {
    room.join_all(1..=5).await;
    room.admit().await;
    room.enter(1).await.unwrap();
    room.leave(5).await;
    let first = room.of_buyer(2).await.unwrap();
    let request = room.request();
    assert_eq!(room.store().clear(room.event, request, room.now).await.unwrap(), 4);
    assert_eq!((room.of_buyer(1).await, room.place(first.id).await), (None, None));
    let counts = room.room().await;
    assert_eq!((counts.waiting(), counts.in_flight()), (0, 0));
    assert_eq!(room.enter(1).await.unwrap_err(), PlaceRefused::NoPlace);
    assert_eq!(room.join(2).await.id.arrival, 6);
    assert_eq!(room.store().clear(room.event, request, room.now).await.unwrap(), 0, "a repetition");
    assert_eq!(room.admit().await, [2]);
    assert_eq!(room.store().clear(event(9), room.request(), room.now).await.unwrap(), 0);
}

/// Fails if a room with a live place is not listed for admission, or if an empty one stays listed.
pub async fn busy_rooms_are_those_with_a_live_place(mut room: TestRoom) {
    for id in [3, 1, 2] {
        room.event = event(id);
        room.join(1).await;
    }
    let busy = async |room: &TestRoom, after, limit| room.store().busy_rooms(after, limit).await.unwrap();
    assert_eq!(busy(&room, None, 10).await, [event(1), event(2), event(3)]);
    assert_eq!(busy(&room, None, 2).await, [event(1), event(2)]);
    assert_eq!(busy(&room, Some(event(1)), 10).await, [event(2), event(3)]);
    room.leave(1).await;
    room.event = event(3);
    room.admit().await;
    assert_eq!(busy(&room, None, 10).await, [event(1), event(3)], "a called buyer keeps a room busy");
    room.wait(10);
    room.admit().await;
    assert_eq!(busy(&room, None, 10).await, [event(1)]);
    room.store().clear(event(1), room.request(), room.now).await.unwrap();
    assert!(busy(&room, None, 10).await.is_empty());
}
