//! The memory of a waiting buyer in Redis.

use tiketi_redis_harness::Server;

use crate::crowd::{join_all_of, open_url};

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
