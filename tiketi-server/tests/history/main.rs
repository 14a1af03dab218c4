//! Whether what buyers were told at three servers can have happened, while servers, Postgres and Redis fail.
//!
//! Buyers hold, buy and give back a few seats, and record each request with its answer: yes, no, or unknown. Meanwhile
//! servers are killed and frozen, and Postgres and Redis are killed, restarted, frozen and cut off. Afterwards each seat's
//! history must be explained by one owner at a time, ending with what the store has (`tests/seat-history`), and the
//! audit must find nothing.
//!
//! `tests/history --minutes 30` runs it for longer. Each minute has a shop of its own.

// Always true for this target. With it, Clippy treats helper functions as tests as well.
#![cfg(test)]

mod buyer;
mod client;
mod faults;
mod record;
mod round;

use tokio::time::Duration;

use crate::round::Round;

/// How long one shop is open.
const OPEN_FOR: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_explained_by_one_owner_at_a_time() {
    let minutes: u64 = std::env::var("HISTORY_MINUTES").map_or(1, |text| text.parse().unwrap());
    let first: u64 = std::env::var("HISTORY_SEED").map_or(1, |text| text.parse().unwrap());
    for seed in first..first + minutes {
        Round::open(seed).await.run(OPEN_FOR).await;
    }
}
