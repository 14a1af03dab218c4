//! Races in a waiting room: many servers and clients at the same moment.

use std::collections::BTreeSet;

use futures::future::join_all;
use tiketi_core::waiting_room::{PlaceId, PlaceState};

use crate::room::TestRoom;

/// Fails if a buyer who joins from several windows gets two places.
pub async fn of_32_joins_of_one_buyer_one_gives_a_place(room: TestRoom) {
    let joins = (0..32).map(|_| {
        let (store, ask) = (room.store(), room.ask(1));
        tokio::spawn(async move { store.join(ask).await.unwrap() })
    });
    let standings = join_all(joins.collect::<Vec<_>>()).await;
    let standings: Vec<_> = standings.into_iter().map(|standing| standing.unwrap()).collect();
    assert_eq!(standings.iter().filter(|standing| !standing.replayed).count(), 1);
    assert!(standings.iter().all(|standing| standing.place.id.arrival == 1));
    assert_eq!(room.room().await.waiting(), 1);
}

/// Fails if two buyers get one number, or if a number is skipped.
pub async fn joins_at_once_get_each_number_once(room: TestRoom) {
    let joins = (1..=64).map(|id| {
        let room = room.clone();
        tokio::spawn(async move { room.join(id).await.id.arrival })
    });
    let arrivals = join_all(joins.collect::<Vec<_>>()).await;
    let arrivals: BTreeSet<u64> = arrivals.into_iter().map(|arrival| arrival.unwrap()).collect();
    assert_eq!(arrivals, (1..=64).collect::<BTreeSet<u64>>());
}

/// Fails if concurrent admissions call a place twice, skip one, or exceed the limit.
pub async fn admissions_at_once_call_each_place_once(mut room: TestRoom) {
    room.policy.max_active = 20;
    room.join_all(1..=60).await;
    let mut all = Vec::new();
    for _ in 0..3 {
        let admissions = (0..8).map(|_| {
            let room = room.clone();
            tokio::spawn(async move {
                let mut ask = room.ask_admit();
                ask.limit = 7;
                room.admit_as(ask).await
            })
        });
        let admissions = join_all(admissions.collect::<Vec<_>>()).await;
        let mut called: Vec<PlaceId> = Vec::new();
        for admission in admissions {
            let admission = admission.unwrap();
            assert!(admission.room.in_flight() <= 20);
            let ids: Vec<PlaceId> = admission.called.iter().map(|place| place.id).collect();
            assert!(ids.is_sorted());
            called.extend(ids);
        }
        assert_eq!(called.len(), 20, "the capacity is used, and not exceeded");
        all.extend(called);
        room.wait(10);
    }
    all.sort();
    let arrivals: Vec<u64> = all.iter().map(|id| id.arrival).collect();
    assert_eq!(arrivals, (1..=60).collect::<Vec<u64>>(), "each is called once");
}

/// Fails if buyers who enter, leave and finish during admissions are lost or miscounted.
pub async fn buyers_and_servers_at_once_leave_the_counts_right(mut room: TestRoom) {
    room.policy.max_active = 10;
    room.join_all(1..=80).await;
    let servers = (0..3).map(|_| {
        let room = room.clone();
        tokio::spawn(async move {
            for _ in 0..60 {
                let mut ask = room.ask_admit();
                ask.limit = 3;
                assert!(room.admit_as(ask).await.room.in_flight() <= 10);
                tokio::task::yield_now().await;
            }
        })
    });
    let buyers = (1..=80_u64).map(|id| {
        let room = room.clone();
        tokio::spawn(async move {
            for _ in 0..200 {
                if room.enter(id).await.is_ok() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            if id % 4 == 0 {
                room.leave(id).await
            } else {
                room.finish(id).await
            };
        })
    });
    for ended in join_all(servers.chain(buyers).collect::<Vec<_>>()).await {
        ended.unwrap();
    }
    // Buyers who were not called yet still wait: more admissions call all of them.
    for _ in 0..80 {
        room.admit().await;
        for id in 1..=80 {
            if room.enter(id).await.is_ok() {
                room.finish(id).await;
            }
        }
        if room.room().await.live() == 0 {
            break;
        }
    }
    let room_after = room.room().await;
    assert_eq!((room_after.live(), room_after.in_flight()), (0, 0));
    for id in 1..=80 {
        let state = room.of_buyer(id).await.unwrap().state;
        assert!(matches!(state, PlaceState::Done | PlaceState::Left), "{id}: {state:?}");
    }
}
