//! The probe of the in-memory store, which takes writes as long as its process runs.

use async_trait::async_trait;

use crate::error::StoreError;
use crate::memory::MemoryStore;
use crate::store::StoreProbe;
use crate::time::Timestamp;

#[async_trait]
impl StoreProbe for MemoryStore {
    async fn probe_write(&self, _now: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }
}
