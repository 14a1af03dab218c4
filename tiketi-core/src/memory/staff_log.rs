//! The log of what staff did, in memory.

use async_trait::async_trait;

use crate::error::{StoreError, StoreErrorKind};
use crate::id::LogEntryId;
use crate::memory::MemoryStore;
use crate::staff_log::{LogEntry, LogOutcome};
use crate::store::{LogKey, LogQuery, StaffLog};

#[async_trait]
impl StaffLog for MemoryStore {
    async fn begin_action(&self, entry: LogEntry) -> Result<(), StoreError> {
        entry.check_texts()?;
        let mut state = self.lock();
        if state.log_keys.contains_key(&entry.id) {
            return Err(StoreError::new(StoreErrorKind::InvalidData, "the entry of the log exists"));
        }
        state.log_keys.insert(entry.id, LogKey::of(&entry));
        state.log.insert(LogKey::of(&entry), entry);
        Ok(())
    }

    async fn end_action(&self, id: LogEntryId, outcome: LogOutcome) -> Result<bool, StoreError> {
        outcome.check_texts()?;
        let mut state = self.lock();
        let key = state.log_keys.get(&id).copied();
        let known = key.and_then(|key| state.log.get_mut(&key)).filter(|entry| entry.outcome.is_none());
        Ok(known.map(|entry| entry.end(outcome)).is_some())
    }

    async fn log_entries(&self, query: LogQuery) -> Result<Vec<LogEntry>, StoreError> {
        let state = self.lock();
        let older = state.log.range(..query.before).rev().map(|(_, entry)| entry);
        Ok(older.filter(|entry| query.selects(entry)).take(query.limit as usize).cloned().collect())
    }
}
