//! Codes that are sent by mail, in memory.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use foldhash::fast::RandomState;

use crate::account::{CodeHash, MailedCode};
use crate::error::{StoreError, StoreErrorKind};
use crate::id::CodeId;
use crate::memory::MemoryStore;
use crate::store::CodeStore;
use crate::time::Timestamp;

/// Codes by their ids, and the order in which they end.
#[derive(Debug, Default)]
pub(super) struct Codes {
    by_id: HashMap<CodeId, MailedCode, RandomState>,
    by_end: BTreeSet<(Timestamp, CodeId)>,
}

impl Codes {
    fn remove(&mut self, id: CodeId) -> bool {
        let Some(code) = self.by_id.remove(&id) else { return false };
        self.by_end.remove(&(code.expires_at, id));
        true
    }
}

#[async_trait]
impl CodeStore for MemoryStore {
    async fn put_code(&self, code: MailedCode) -> Result<(), StoreError> {
        code.check_texts()?;
        let mut state = self.lock();
        if state.codes.by_id.contains_key(&code.id) {
            return Err(StoreError::new(StoreErrorKind::InvalidData, "a code needs a new id"));
        }
        state.codes.by_end.insert((code.expires_at, code.id));
        state.codes.by_id.insert(code.id, code);
        Ok(())
    }

    async fn code(&self, id: CodeId) -> Result<Option<MailedCode>, StoreError> {
        Ok(self.lock().codes.by_id.get(&id).cloned())
    }

    async fn issue_code(&self, id: CodeId, hash: CodeHash) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let known = state.codes.by_id.get_mut(&id).map(|code| code.hash = Some(hash));
        Ok(known.is_some())
    }

    async fn take_try(&self, id: CodeId, now: Timestamp) -> Result<Option<MailedCode>, StoreError> {
        let mut state = self.lock();
        let Some(code) = state.codes.by_id.get_mut(&id).filter(|code| code.is_open(now)) else {
            return Ok(None);
        };
        code.tries_left = code.tries_left.saturating_sub(1);
        Ok(Some(code.clone()))
    }

    async fn use_code(&self, id: CodeId) -> Result<bool, StoreError> {
        Ok(self.lock().codes.remove(id))
    }

    async fn forget_codes(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let mut state = self.lock();
        let ended = state.codes.by_end.iter().take_while(|(end, _)| *end <= now).map(|(_, id)| *id);
        let ended: Vec<_> = ended.take(limit as usize).collect();
        Ok(ended.into_iter().filter(|id| state.codes.remove(*id)).count() as u64)
    }
}
