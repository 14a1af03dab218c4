//! The memory of a waiting buyer in Redis.

use std::collections::BTreeSet;

use tiketi_core::store::WaitingRoomStore;
use tiketi_redis_harness::Server;

use crate::crowd::{event, join_all_of, open_url};

const BUYERS: u128 = 40_000;

fn used_memory(server: &Server) -> u128 {
    let info = server.ask("INFO memory");
    let line = info.lines().find_map(|line| line.trim().strip_prefix("used_memory:"));
    line.unwrap().parse().unwrap()
}

/// The benchmark `queue` measures it with a million buyers.
#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_buyer_takes_at_most_200_bytes() {
    let server = Server::start();
    let rooms = open_url(&server.url());
    let before = used_memory(&server);
    for first in (0..BUYERS).step_by(10_000) {
        join_all_of(&rooms, first..first + 10_000).await;
    }
    let each = (used_memory(&server) - before) / BUYERS;
    assert!(each <= 200, "{each} bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_room_leaves_no_key_and_begins_again() {
    let server = Server::start();
    let rooms = open_url(&server.url());
    join_all_of(&rooms, 1..1_000).await;
    rooms.remove(event()).await.unwrap();
    assert_eq!(server.ask("DBSIZE").trim(), "0");
    assert_eq!(rooms.busy_rooms(None, 10).await.unwrap(), []);
    assert_eq!(join_all_of(&rooms, 1..3).await, BTreeSet::from([1, 2]));
    rooms.remove(event()).await.unwrap();
    rooms.remove(event()).await.unwrap();
    assert_eq!(server.ask("DBSIZE").trim(), "0", "it may be repeated");
}
