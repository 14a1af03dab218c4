//! A notifier that keeps what it is told.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::fact::Fact;
use crate::notifier::{Notifier, NotifyError};

/// Keeps the latest facts until they are drained, at most a fixed number.
#[derive(Debug)]
pub struct MemoryNotifier {
    facts: Mutex<VecDeque<Fact>>,
    capacity: usize,
}

impl Default for MemoryNotifier {
    /// Keeps the latest 1,024 facts.
    fn default() -> Self {
        Self::with_capacity(1_024)
    }
}

impl MemoryNotifier {
    /// Keeps the latest `capacity` facts.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { facts: Mutex::default(), capacity }
    }

    /// Returns the facts told since the last call, the oldest first.
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
