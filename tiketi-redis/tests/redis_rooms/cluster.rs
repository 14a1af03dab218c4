//! A Cluster whose master is killed.

use tiketi_core::store::WaitingRoomStore;
use tiketi_redis_harness::Cluster;

use crate::crowd::{admit, again, event, join_all_of, open_url};

#[tokio::test(flavor = "multi_thread")]
async fn a_room_survives_the_death_of_its_master() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let rooms = open_url(&cluster.urls());
    let before = join_all_of(&rooms, 0..300).await;
    let key = format!("tiketi:{{{}}}:room", event());
    // Redis does not wait for replication. The test waits, so that the replica has all rows and none may be
    // missing.
    let replicated = cluster.master_of(&key).ask("WAIT 1 30000");
    assert_eq!(replicated, "1");
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
