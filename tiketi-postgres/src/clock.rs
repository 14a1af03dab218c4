//! The database's clock, which all servers share.

use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::decide::check_clock;
use tiketi_core::{StoreError, Timestamp, store::StoreClock};
use tiketi_sql::Row as _;

use crate::row::Row;
use crate::store::PostgresStore;

const NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS store_now";

/// The database's clock as a batch read it with its event's lock, and how far commands may be ahead of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchClock {
    pub(crate) store_now: Timestamp,
    pub(crate) margin: Duration,
}

impl BatchClock {
    /// Fails for a command whose moment is too far ahead.
    pub(crate) fn check(self, now: Timestamp) -> Result<(), StoreError> {
        Ok(check_clock(now, self.store_now, self.margin)?)
    }
}

#[async_trait]
impl StoreClock for PostgresStore {
    async fn store_time(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = self.database().fetch_one(sqlx::query(NOW)).await?;
        Row(&row).int("store_now").map(|micros| Some(Timestamp::from_micros(micros)))
    }
}
