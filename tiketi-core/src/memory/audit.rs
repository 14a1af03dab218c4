//! Complete rows of events, in memory.

use async_trait::async_trait;

use crate::audit::SnapshotParts;
use crate::decide::Snapshot;
use crate::error::StoreError;
use crate::id::EventId;
use crate::memory::MemoryStore;
use crate::store::{AuditSink, AuditStore};

impl MemoryStore {
    /// Returns a copy of all rows of an event.
    pub fn event_rows(&self, event: EventId) -> Option<Snapshot> {
        self.lock().events.get(&event).cloned()
    }
}

#[async_trait]
impl AuditStore for MemoryStore {
    async fn event_count(&self) -> Result<u64, StoreError> {
        Ok(self.lock().events.len() as u64)
    }

    async fn event_ids(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError> {
        let state = self.lock();
        Ok(state.events.ids_after(after).take(limit).collect())
    }

    async fn read_event(
        &self,
        event: EventId,
        rows: usize,
        sink: &mut dyn AuditSink,
    ) -> Result<bool, StoreError> {
        // A copy, so that no sale waits for the sink.
        let Some(snapshot) = self.event_rows(event) else { return Ok(false) };
        let parts = SnapshotParts::of(&snapshot);
        sink.event(parts.event());
        parts.parts(rows).for_each(|part| sink.part(part));
        Ok(true)
    }
}
