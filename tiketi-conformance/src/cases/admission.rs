//! Admission to a sale: in order, within capacity, rate and stock, and once for each place.

use std::time::Duration;

use tiketi_core::store::{Standing, WaitingRoomStore};
use tiketi_core::waiting_room::{
    BeaconChain, BeaconSignature, DrawBeacon, DrawPlan, DrawSeed, Fairness, PlaceClass, PlaceState, RoomMode,
    Stock,
};

use crate::room::{TestRoom, called, event};

/// Fails if places are not called in order, or beyond the capacity.
pub async fn the_line_is_called_in_order_up_to_the_capacity(room: TestRoom) {
    room.join_all(1..=7).await;
    assert_eq!(room.admit().await, [1, 2, 3]);
    assert!(room.admit().await.is_empty());
    for id in 1..=3 {
        room.enter(id).await.unwrap();
    }
    assert!(room.admit().await.is_empty(), "active buyers take up capacity, too");
    room.finish(2).await;
    assert_eq!(room.admit().await, [4]);
    let line = room.room().await.standard;
    assert_eq!((line.serving, line.waiting), (4, 3));
}

/// Fails if an admission calls more places than its limit, or does not report that more could be called.
pub async fn an_admission_calls_at_most_its_limit(mut room: TestRoom) {
    room.policy.max_active = 100;
    room.join_all(1..=5).await;
    let mut calls = Vec::new();
    for _ in 0..3 {
        let mut ask = room.ask_admit();
        ask.limit = 2;
        let admission = room.admit_as(ask).await;
        calls.push((called(&admission), admission.more));
    }
    assert_eq!(calls, [(vec![1, 2], true), (vec![3, 4], true), (vec![5], false)]);
}

/// Fails if a turn or a session lasts beyond its end, or if the admission does not list it as lapsed.
pub async fn lapsed_places_are_recorded_and_replaced(mut room: TestRoom) {
    room.join_all(1..=6).await;
    room.admit().await;
    room.enter(1).await.unwrap();
    room.wait(10);
    let admission = room.admit_as(room.ask_admit()).await;
    assert_eq!(called(&admission), [4, 5]);
    let lapsed: Vec<_> = admission.lapsed.iter().map(|place| (place.id.arrival, place.state)).collect();
    assert_eq!(lapsed, [(2, PlaceState::Lapsed), (3, PlaceState::Lapsed)]);
    assert_eq!(room.of_buyer(2).await.map(|place| place.state), Some(PlaceState::Lapsed));
    room.wait(90);
    let admission = room.admit_as(room.ask_admit()).await;
    assert_eq!(admission.lapsed.len(), 3, "the session and two turns");
    assert_eq!((called(&admission), admission.room.in_flight()), (vec![6], 1));
}

/// Fails if a place that was left is called, or stops the line.
pub async fn places_that_were_left_are_passed_over(mut room: TestRoom) {
    room.policy.max_active = 1;
    room.join_all(1..=12).await;
    for id in 1..=10 {
        room.leave(id).await;
    }
    let mut calls = Vec::new();
    for _ in 0..10 {
        let mut ask = room.ask_admit();
        ask.limit = 1;
        let admission = room.admit_as(ask).await;
        calls.extend(called(&admission));
        if !admission.more {
            break;
        }
    }
    assert_eq!(calls, [11]);
    assert_eq!(room.room().await.standard.serving, 11);
}

/// Fails if a class is served out of order.
pub async fn an_earlier_class_is_called_first(room: TestRoom) {
    for (id, class) in [
        (1, PlaceClass::Demoted),
        (2, PlaceClass::Standard),
        (3, PlaceClass::Priority),
        (4, PlaceClass::Standard),
        (5, PlaceClass::Priority),
    ] {
        room.join_class(id, class).await;
    }
    assert_eq!(room.admit().await, [3, 5, 2]);
    room.join_class(6, PlaceClass::Priority).await;
    for id in [3, 5, 2] {
        room.leave(id).await;
    }
    assert_eq!(room.admit().await, [6, 4, 1]);
}

/// Fails if calls are not spread over the minute, or are slower than the rate.
pub async fn the_rate_spreads_calls_over_the_minute(mut room: TestRoom) {
    room.policy.max_active = 1_000;
    room.join_all(1..=20).await;
    let start = room.now;
    let mut calls = Vec::new();
    for millis in [0, 0, 999, 1_000, 2_500, 60_000] {
        room.now = start.after(Duration::from_millis(millis));
        let mut ask = room.ask_admit();
        ask.per_minute = Some(60);
        calls.push(room.admit_as(ask).await.called.len());
    }
    assert_eq!(calls, [3, 0, 0, 1, 1, 3]);
}

/// Fails if buyers are called while nothing can be held, or are not called once something is free.
pub async fn admission_pauses_without_stock_and_resumes(room: TestRoom) {
    room.join_all(1..=2).await;
    let stocks = [(0, 3, vec![]), (0, 0, vec![]), (1, 0, vec![1, 2])];
    for (unsold, returning, expected) in stocks {
        let stock = Some(Stock { unsold, returning });
        let mut ask = room.ask_admit();
        ask.stock = stock;
        let admission = room.admit_as(ask).await;
        assert_eq!((called(&admission), admission.room.stock), (expected, stock));
        assert_eq!(room.room().await.stock, stock, "it is kept for those who wait");
    }
}

/// Fails if a buyer is called before the opening, or in another order than the drawn one.
pub async fn a_lobby_is_called_in_the_order_drawn(mut room: TestRoom) {
    let opens_at = room.now.after(Duration::from_mins(1));
    room.policy.opens_at = Some(opens_at);
    room.policy.max_active = 100;
    room.policy.fairness = Fairness::drawn(DrawSeed::from_bytes([7; 32]));
    room.join_all(1..=10).await;
    room.now = opens_at.before(Duration::from_micros(1));
    assert!(room.admit().await.is_empty());
    room.now = opens_at;
    room.join(11).await;
    assert_eq!(room.room().await.opened_at, Some(opens_at), "the first command after the opening opens");
    // The order follows the steps documented at `tiketi_core::waiting_room::Draw`; buyer 11 joined after the
    // opening.
    assert_eq!(room.admit().await, [7, 10, 5, 1, 2, 8, 9, 4, 6, 3, 11]);
}

/// Fails if someone is called or let in before the round of the beacon was supplied, or the lobby stays open for longer.
pub async fn a_draw_that_awaits_its_beacon_calls_no_one(mut room: TestRoom) {
    let mut beacon = DrawBeacon { chain: BeaconChain::from_bytes([5; 32]), round: 9, signature: None };
    let mut plan = DrawPlan { beacon: Some(beacon), ..DrawPlan::of(DrawSeed::from_bytes([7; 32])) };
    let opens_at = room.now.after(Duration::from_mins(1));
    room.policy.mode = RoomMode::Auto { threshold: 100 };
    room.policy.opens_at = Some(opens_at);
    room.policy.max_active = 100;
    room.policy.fairness = Fairness::Drawn(plan);
    room.join_all(1..=10).await;
    room.now = opens_at;
    assert_eq!(room.join(11).await.state, PlaceState::Waiting);
    assert!(room.admit().await.is_empty());
    assert_eq!(room.room().await.standard.drawn(), 10, "the lobby is closed");
    room.wait(20);
    assert_eq!(room.join(12).await.state, PlaceState::Waiting);
    beacon.signature = Some(BeaconSignature::from_bytes([6; 48]));
    plan.beacon = Some(beacon);
    room.policy.fairness = Fairness::Drawn(plan);
    // The order of the recipe in the documentation of `tiketi_core::waiting_room::Draw`; 11 and 12 came late.
    assert_eq!(room.admit().await, [1, 8, 3, 2, 4, 5, 10, 7, 9, 6, 11, 12]);
}

/// Fails if buyers who have their numbers are drawn, so that one is overtaken or never called.
pub async fn a_line_that_opened_by_arrival_is_not_drawn(mut room: TestRoom) {
    room.join_all(1..=8).await;
    assert_eq!(room.admit().await, [1, 2, 3]);
    room.policy.fairness = Fairness::drawn(DrawSeed::from_bytes([7; 32]));
    for id in 1..=3 {
        room.leave(id).await;
    }
    assert_eq!(room.admit().await, [4, 5, 6]);
}

/// Fails if a repeated admission, after a lost answer, calls other places.
pub async fn a_repeated_admission_calls_no_one_else(room: TestRoom) {
    room.join_all(1..=8).await;
    let ask = room.ask_admit();
    let first = room.admit_as(ask.clone()).await;
    assert!(!first.replayed);
    room.enter(1).await.unwrap();
    room.leave(2).await;
    let again = room.admit_as(ask.clone()).await;
    assert!(again.replayed && again.lapsed.is_empty());
    assert_eq!(called(&again), [1, 2, 3]);
    let states: Vec<_> = again.called.iter().map(|place| place.state.is_live()).collect();
    assert_eq!(states, [true, false, true], "they are named as they are now");
    assert_eq!(room.admit().await, [4]);
    room.leave(3).await;
    assert!(room.admit_as(ask).await.replayed);
    assert_eq!(room.admit().await, [5]);
}

/// Fails if the outflow is not measured, or is measured by the adapter's own clock.
pub async fn the_outflow_is_measured(mut room: TestRoom) {
    room.policy.max_active = 1;
    room.join_all(1..=10).await;
    for id in 1..=7 {
        assert_eq!(room.admit().await, [id]);
        room.leave(id).await;
        room.wait(1);
    }
    assert_eq!(room.room().await.outflow.per_minute_milli, Some(60_000));
}

/// Fails if a command for one event's room changes the room of another event.
pub async fn rooms_of_two_events_are_apart(mut room: TestRoom) {
    room.join_all(1..=3).await;
    room.event = event(2);
    assert_eq!(room.of_buyer(1).await, None);
    assert_eq!(room.join(2).await.id.arrival, 1);
    assert_eq!(room.admit().await, [2]);
    room.event = event(1);
    assert_eq!(room.of_buyer(2).await.map(|place| place.state), Some(PlaceState::Waiting));
    room.event = event(9);
    let nothing = room.admit_as(room.ask_admit()).await;
    assert!(nothing.called.is_empty() && !nothing.more);
    assert_eq!(room.store().room(event(9)).await.unwrap(), None, "admission makes no room");
}

/// Fails if any answer to a random sequence of commands differs from that of the in-memory store.
pub async fn every_answer_is_that_of_the_rules(mut room: TestRoom) {
    let memory = tiketi_core::memory::MemoryWaitingRooms::default();
    room.policy.fairness = Fairness::drawn(DrawSeed::from_bytes([9; 32]));
    room.policy.opens_at = Some(room.now.after(Duration::from_secs(40)));
    let mut chance = 0x9E37_79B9_7F4A_7C15_u64;
    let mut draw = move |below: u64| {
        // The random generator of Knuth's MMIX, of which the high bits are used.
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % below
    };
    for step in 0..1_500 {
        if step == 750 {
            room.policy.mode = RoomMode::Auto { threshold: 2 };
        }
        let (what, id) = (draw(20), draw(30));
        walk_one(&room, &memory, what, id, draw(6)).await;
        room.now = room.now.after(Duration::from_millis(draw(1_500)));
        if draw(400) == 0 {
            let request = room.request();
            let cleared = room.store().clear(room.event, request, room.now).await.unwrap();
            assert_eq!(cleared, memory.clear(room.event, request, room.now).await.unwrap(), "step {step}");
        }
        assert_eq!(
            room.store().room(room.event).await.unwrap(),
            memory.room(room.event).await.unwrap(),
            "step {step}: {what} of {id}"
        );
    }
}

/// Sends one command to both stores and compares the answers.
async fn walk_one(room: &TestRoom, memory: &dyn WaitingRoomStore, what: u64, id: u64, some: u64) {
    use tiketi_core::decide::waiting_room::{Enter, Finish, Heartbeat, Leave};
    let (store, buyer, request) = (room.store(), crate::room::buyer(id), room.request());
    match what {
        0..7 => {
            let mut ask = room.ask(id);
            ask.class = match some {
                0 => PlaceClass::Priority,
                1 => PlaceClass::Demoted,
                _ => PlaceClass::Standard,
            };
            same(store.join(ask.clone()).await, memory.join(ask).await);
        }
        7..10 => {
            let ask = Enter::new(room.now, request, room.event, buyer, room.policy);
            same(store.enter(ask.clone()).await, memory.enter(ask).await);
        }
        10..12 => {
            let ask = Heartbeat::new(room.now, request, room.event, buyer, room.policy);
            same(store.heartbeat(ask.clone()).await, memory.heartbeat(ask).await);
        }
        12..14 => {
            let ask = Leave::new(room.now, request, room.event, buyer);
            assert_eq!(store.leave(ask.clone()).await.unwrap(), memory.leave(ask).await.unwrap());
        }
        14 => {
            let ask = Finish::new(room.now, request, room.event, buyer);
            assert_eq!(store.finish(ask.clone()).await.unwrap(), memory.finish(ask).await.unwrap());
        }
        _ => {
            let mut ask = room.ask_admit();
            ask.limit = u32::try_from(1 + some).unwrap();
            ask.per_minute = some.is_multiple_of(2).then_some(120);
            ask.stock = (some > 1).then(|| Stock { unsold: some - 2, returning: 1 });
            assert_eq!(store.admit(ask.clone()).await.unwrap(), memory.admit(ask).await.unwrap());
        }
    }
}

fn same<R: std::error::Error>(
    one: Result<Standing, tiketi_core::CommandError<R>>,
    other: Result<Standing, tiketi_core::CommandError<R>>,
) {
    match (one, other) {
        (Ok(one), Ok(other)) => assert_eq!(one, other),
        (one, other) => assert_eq!(format!("{one:?}"), format!("{other:?}")),
    }
}
