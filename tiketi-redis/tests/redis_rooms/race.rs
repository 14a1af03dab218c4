//! Several servers that write one room at the same time.

use std::collections::BTreeSet;

use futures::future::join_all;
use tiketi_core::store::WaitingRoomStore;
use tiketi_redis_harness::Server;

use crate::crowd::{admit, event, join, open_url};

const SERVERS: u128 = 6;
const EACH: u128 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_server_is_kept_from_writing_by_the_others() {
    let server = Server::start();
    let servers = (0..SERVERS).map(|index| {
        let rooms = open_url(&server.url());
        tokio::spawn(async move {
            let mut called = Vec::new();
            for id in 0..EACH {
                join(&rooms, index * EACH + id).await;
                let admission = admit(&rooms, 1_000 * (index + 1) + id).await;
                called.extend(admission.called.iter().map(|place| place.id.arrival));
            }
            called
        })
    });
    let called = join_all(servers.collect::<Vec<_>>()).await;
    let called: Vec<u64> = called.into_iter().flat_map(|called| called.unwrap()).collect();
    let rooms = open_url(&server.url());
    let room = rooms.room(event()).await.unwrap().unwrap();
    assert_eq!((room.standard.arrivals, room.waiting()), (360, 0));
    assert_eq!(called.len(), 360, "each place is called by one server");
    assert_eq!(called.into_iter().collect::<BTreeSet<_>>(), (1..=360).collect());
}
