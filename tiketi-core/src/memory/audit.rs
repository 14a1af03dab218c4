//! Complete rows of events, in memory.

use async_trait::async_trait;

use crate::decide::Snapshot;
use crate::error::StoreError;
use crate::id::EventId;
use crate::memory::MemoryStore;
use crate::store::AuditStore;

#[async_trait]
impl AuditStore for MemoryStore {
    async fn event_ids(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError> {
        let state = self.lock();
        let mut ids: Vec<EventId> = state.events.keys().copied().filter(|id| Some(*id) > after).collect();
        ids.sort_unstable();
        ids.truncate(limit);
        Ok(ids)
    }

    async fn event_rows(&self, event: EventId) -> Result<Option<Snapshot>, StoreError> {
        Ok(self.lock().events.get(&event).cloned())
    }
}
