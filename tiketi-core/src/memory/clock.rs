//! The clock of the in-memory store: it has none besides its process's clock.

use async_trait::async_trait;

use crate::error::StoreError;
use crate::memory::MemoryStore;
use crate::store::StoreClock;
use crate::time::Timestamp;

#[async_trait]
impl StoreClock for MemoryStore {
    async fn store_time(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }
}
