//! The database's clock, which all servers share.

use async_trait::async_trait;
use tiketi_core::{StoreError, Timestamp, store::StoreClock};
use tiketi_sql::Row as _;

use crate::row::Row;
use crate::store::PostgresStore;

const NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS store_now";

#[async_trait]
impl StoreClock for PostgresStore {
    async fn store_time(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = self.database().fetch_one(sqlx::query(NOW)).await?;
        Row(&row).int("store_now").map(|micros| Some(Timestamp::from_micros(micros)))
    }
}
