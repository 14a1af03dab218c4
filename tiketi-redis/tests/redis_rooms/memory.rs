//! The memory of a waiting buyer in Redis.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use tiketi_core::CommandKey;
use tiketi_core::decide::waiting_room::{Admit, Join, Leave};
use tiketi_core::store::WaitingRoomStore;
use tiketi_redis_harness::Server;
use uuid::Uuid;

use crate::crowd::{buyer, event, join, join_all_of, now, open_url, policy};

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

/// 300 buyers leave and one misses the turn; two days later one of them joins again.
#[tokio::test(flavor = "multi_thread")]
async fn buyers_whose_places_ended_long_ago_are_forgotten() {
    let server = Server::start();
    let rooms = open_url(&server.url());
    join_all_of(&rooms, 0..301).await;
    let key = |id| CommandKey::from_uuid(Uuid::from_u128(id));
    let leaves = (0..300).map(|id| rooms.leave(Leave::new(now(), key(id + 1), event(), buyer(id))));
    join_all(leaves).await.into_iter().for_each(|left| assert!(left.unwrap().is_some()));
    let known = || server.ask(&format!("HLEN tiketi:{{{}}}:buyers", event()));
    let admit = async |at, request| {
        let ask = Admit::new(at, key(request), event(), policy());
        rooms.admit(ask).await.unwrap()
    };
    admit(now(), 1_000).await;
    assert_eq!(known(), "301", "whose place ended a moment ago is known");

    let later = now().after(Duration::from_hours(48));
    rooms.join(Join::new(later, key(2_000), event(), buyer(7), policy())).await.unwrap();
    // Each admission looks at 64 places.
    for request in 0..5 {
        admit(later, 3_000 + request).await;
    }
    assert_eq!(known(), "1", "the one who joined again");
    assert_eq!(rooms.standing(event(), buyer(8)).await.unwrap(), None);
    assert_eq!(rooms.standing(event(), buyer(7)).await.unwrap().unwrap().place.id.arrival, 302);
    assert_eq!(join(&rooms, 8).await.place.id.arrival, 303);
}
