//! A notifier that stores facts for tests.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::fact::Fact;
use crate::notifier::{Notifier, NotifyError};

/// Stores the latest facts, at most a fixed number, until they are drained.
#[derive(Debug)]
pub struct MemoryNotifier {
    facts: Mutex<VecDeque<Fact>>,
    capacity: usize,
}

impl Default for MemoryNotifier {
    /// Stores the latest 1,024 facts.
    fn default() -> Self {
        Self::with_capacity(1_024)
    }
}

impl MemoryNotifier {
    /// Stores the latest `capacity` facts.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { facts: Mutex::default(), capacity }
    }

    /// Returns the facts delivered since the last call, the oldest first.
    pub fn drain(&self) -> Vec<Fact> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }
}

#[async_trait]
impl Notifier for MemoryNotifier {
    async fn notify(&self, facts: &[Fact]) -> Result<(), NotifyError> {
        let mut kept = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(facts.iter().cloned());
        let surplus = kept.len().saturating_sub(self.capacity);
        kept.drain(..surplus);
        Ok(())
    }
}
