//! The limit: a sorted set on the same Redis, without rules, requests or places. It returns only the rank.

use std::error::Error;
use std::sync::atomic::{AtomicU32, Ordering};

use redis::aio::MultiplexedConnection;

use crate::hall::buyer;

/// A connection, and the sorted set of the current turn.
#[derive(Clone)]
pub(super) struct Bare {
    connection: MultiplexedConnection,
    key: String,
}

impl Bare {
    pub(super) async fn open(url: &str) -> Result<Self, Box<dyn Error>> {
        static KEYS: AtomicU32 = AtomicU32::new(0);
        let connection = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
        Ok(Self { connection, key: format!("bare:{}", KEYS.fetch_add(1, Ordering::Relaxed)) })
    }

    /// Adds the buyer of a turn, and reads the buyer's rank.
    pub(super) async fn join(&self, turn: usize) -> Result<(), String> {
        let buyer = buyer(turn).as_uuid().into_bytes();
        let mut pipeline = redis::pipe();
        pipeline.cmd("ZADD").arg(&self.key).arg(turn).arg(&buyer[..]);
        pipeline.cmd("ZRANK").arg(&self.key).arg(&buyer[..]);
        let answer: Result<(u64, u64), _> = pipeline.query_async(&mut self.connection.clone()).await;
        answer.map(drop).map_err(|error| error.to_string())
    }
}
