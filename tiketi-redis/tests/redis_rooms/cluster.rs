//! A Cluster whose master is killed.

use tiketi_core::store::WaitingRoomStore;
use tiketi_core::{CommandError, StoreErrorKind};
use tiketi_redis::RedisOptions;
use tiketi_redis_harness::Cluster;

use crate::crowd::{admit, again, ask, buyer, event, join, join_all_of, open, open_url};

#[tokio::test(flavor = "multi_thread")]
async fn a_room_survives_the_death_of_its_master() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let rooms = open_url(&cluster.urls());
    let before = join_all_of(&rooms, 0..300).await;
    let key = format!("tiketi:{{{}}}:room", event());
    // Redis does not wait for replication. The test waits, so that the replica has all rows and none may be
    // missing.
    cluster.wait_for_replica(&key);
    let joining = {
        let rooms = rooms.clone();
        tokio::spawn(async move { join_all_of(&rooms, 300..400).await })
    };
    let failed_over = tokio::task::spawn_blocking(move || {
        cluster.fail_over(&key);
        cluster
    });
    let _cluster = failed_over.await.unwrap();
    let later = joining.await.unwrap();
    assert!(before.is_disjoint(&later), "no number is given twice");
    let room = again(|| rooms.room(event())).await.unwrap();
    assert!(room.waiting() >= 300, "{room:?}");
    let called = admit(&rooms, 1).await.called;
    let first: Vec<u64> = called.iter().map(|place| place.id.arrival).take(300).collect();
    assert_eq!(first, before.into_iter().collect::<Vec<_>>());
}

/// Waits for no replication by itself: that each answer did is what it tests.
#[tokio::test(flavor = "multi_thread")]
async fn a_join_that_was_answered_survives_the_death_of_the_master() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let options: RedisOptions = cluster.urls().parse().unwrap();
    let rooms = open(&options.replicas(1));
    let key = format!("tiketi:{{{}}}:room", event());
    let arrivals = join_all_of(&rooms, 0..200).await;
    let cluster = tokio::task::spawn_blocking(move || {
        cluster.fail_over(&key);
        cluster
    });
    let _cluster = cluster.await.unwrap();
    let room = again(|| rooms.room(event())).await.unwrap();
    assert_eq!((room.waiting(), room.standard.arrivals), (200, 200));
    for id in 0..200 {
        let standing = again(|| rooms.standing(event(), buyer(id))).await;
        assert!(standing.is_some_and(|standing| arrivals.contains(&standing.place.id.arrival)), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_is_not_answered_while_no_replica_has_it() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let options: RedisOptions = cluster.urls().parse().unwrap();
    let rooms = open(&options.replicas(1));
    let key = format!("tiketi:{{{}}}:room", event());
    assert_eq!(join(&rooms, 1).await.place.id.arrival, 1);
    let replica = cluster.replica_of(&key);
    replica.freeze();
    // The second join finds the place that the first one gave, and no replica has it either.
    for _ in 0..2 {
        let error = rooms.join(ask(2)).await.unwrap_err();
        let CommandError::Store(error) = error else { panic!("{error:?}") };
        assert_eq!(error.kind(), StoreErrorKind::OutcomeUnknown, "{error:?}");
    }
    replica.thaw();
    assert_eq!(join(&rooms, 2).await.place.id.arrival, 2, "it was given once");
}
