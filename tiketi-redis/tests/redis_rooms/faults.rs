//! Faults of one server: an empty restart, cut connections, long scripts, lost answers.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::join_all;
use tiketi_core::decide::waiting_room::Leave;
use tiketi_core::store::WaitingRoomStore;
use tiketi_core::waiting_room::PlaceState;
use tiketi_core::{CommandKey, StoreErrorKind};
use tiketi_redis::RedisOptions;
use tiketi_redis_harness::Server;
use uuid::Uuid;

use crate::crowd::{admit, again, ask, buyer, event, join, join_all_of, now, open, open_url};
use crate::cutting_proxy;

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_redis_lost_begins_again_above_all_its_numbers() {
    let server = Server::start();
    let rooms = open_url(&server.url());
    join_all_of(&rooms, 0..50).await;
    let lost = join(&rooms, 7).await.place;
    server.kill();
    let refused = rooms.standing(event(), buyer(7)).await.unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Unavailable);
    server.start_again();
    assert_eq!(again(|| rooms.standing(event(), buyer(7))).await, None);
    assert_eq!(rooms.busy_rooms(None, 10).await.unwrap(), []);
    let arrivals = join_all_of(&rooms, 0..30).await;
    assert_eq!(arrivals, (1_000_001..=1_000_030).collect());
    assert_eq!(rooms.place(lost.id).await.unwrap(), None, "an old place is no one's");
    assert_eq!(rooms.room(event()).await.unwrap().unwrap().waiting(), 30);
    assert_eq!(rooms.busy_rooms(None, 10).await.unwrap(), [event()]);
    let called = admit(&rooms, 1).await.called;
    assert_eq!(called.len(), 30, "admission passes over no gap");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_killed_under_load_lose_and_double_no_buyer() {
    let server = Server::start();
    let rooms = open_url(&server.url());
    let mut killed = 0;
    for first in (0..2_000).step_by(50) {
        let kill = {
            let server = server.clone();
            tokio::task::spawn_blocking(move || server.ask("CLIENT KILL TYPE normal SKIPME yes"))
        };
        join_all_of(&rooms, first..first + 50).await;
        killed += kill.await.unwrap().parse::<u32>().unwrap();
    }
    assert!(killed > 0, "connections were killed");
    let room = again(|| rooms.room(event())).await.unwrap();
    assert_eq!((room.waiting(), room.standard.arrivals), (2_000, 2_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_applies_once() {
    let server = Server::start();
    let (port, cuts) = cutting_proxy::start(server.port(), 3).await;
    let rooms = open_url(&format!("redis://127.0.0.1:{port}"));
    let joined = join(&rooms, 1).await;
    assert_eq!((joined.place.id.arrival, joined.room.waiting()), (1, 1));
    let called = admit(&rooms, 1).await.called;
    assert_eq!(called.iter().map(|place| place.id.arrival).collect::<Vec<_>>(), [1]);
    let leave = Leave::new(now(), CommandKey::from_uuid(Uuid::from_u128(9)), event(), buyer(1));
    let left = again(|| rooms.leave(leave.clone())).await.unwrap();
    assert_eq!(left.place.state, PlaceState::Left);
    assert_eq!(cuts.load(Ordering::SeqCst), 0, "each commit lost its answer");
    let room = rooms.room(event()).await.unwrap().unwrap();
    assert_eq!((room.standard.arrivals, room.live(), room.version), (1, 0, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_in_the_way_is_waited_for_and_can_be_killed() {
    let server = Server::start();
    let rooms = open_url(&server.url());
    join(&rooms, 1).await;
    let endless = {
        let server = server.clone();
        std::thread::spawn(move || server.ask_or_refused(r#"EVAL "while true do end" 0"#))
    };
    let is_busy = async || server.ask_or_refused("PING").is_err_and(|answer| answer.starts_with("BUSY"));
    while !is_busy().await {}
    let joining = {
        let rooms = rooms.clone();
        tokio::spawn(async move { join(&rooms, 2).await })
    };
    while server.ask_or_refused("SCRIPT KILL").is_err() {}
    assert!(endless.join().unwrap().is_err(), "the endless script was killed");
    assert_eq!(joining.await.unwrap().place.id.arrival, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_fails_commands_that_succeed_later() {
    let server = Server::start();
    let options: RedisOptions = server.url().parse().unwrap();
    let rooms = open(&options.response_timeout(Duration::from_millis(200)));
    join(&rooms, 1).await;
    server.freeze();
    let hanging = join_all((2..=20).map(|id| rooms.join(ask(id)))).await;
    for outcome in hanging {
        let error = outcome.unwrap_err();
        let tiketi_core::CommandError::Store(error) = error else { panic!("{error:?}") };
        assert!(error.is_retryable(), "{error:?}");
    }
    server.thaw();
    assert_eq!(join_all_of(&rooms, 2..21).await, (2..=20).collect());
    assert_eq!(rooms.room(event()).await.unwrap().unwrap().waiting(), 20);
}
