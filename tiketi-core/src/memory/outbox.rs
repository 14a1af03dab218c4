//! The outbox, in memory.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::fact::{Fact, FactId};
use crate::memory::MemoryStore;
use crate::store::OutboxStore;
use crate::time::Timestamp;

/// Undelivered facts in the order of their ids. Ids have no gaps, so a fact's index follows from its id.
#[derive(Default)]
pub(super) struct Outbox {
    entries: VecDeque<Entry>,
    delivered_below: u64,
}

struct Entry {
    fact: Fact,
    claimed_until: Option<Timestamp>,
    delivered: bool,
}

impl Outbox {
    pub(super) fn push(&mut self, make: impl FnOnce(FactId) -> Fact) {
        let id = FactId(self.delivered_below + self.entries.len() as u64);
        self.entries.push_back(Entry { fact: make(id), claimed_until: None, delivered: false });
    }

    fn claim(&mut self, now: Timestamp, until: Timestamp, limit: usize) -> Vec<Fact> {
        let mut elsewhere = HashSet::new();
        let mut claimed = Vec::new();
        for entry in self.entries.iter_mut().filter(|entry| !entry.delivered) {
            if claimed.len() == limit {
                break;
            }
            let reservation = entry.fact.body.reservation();
            if entry.claimed_until.is_some_and(|until| until > now) {
                elsewhere.extend(reservation);
            } else if reservation.is_none_or(|reservation| !elsewhere.contains(&reservation)) {
                entry.claimed_until = Some(until);
                claimed.push(entry.fact.clone());
            }
        }
        claimed
    }

    fn ack(&mut self, id: FactId) {
        let place = id.0.checked_sub(self.delivered_below).and_then(|place| usize::try_from(place).ok());
        if let Some(entry) = place.and_then(|place| self.entries.get_mut(place)) {
            entry.delivered = true;
        }
        while self.entries.front().is_some_and(|entry| entry.delivered) {
            self.entries.pop_front();
            self.delivered_below += 1;
        }
    }
}

#[async_trait]
impl OutboxStore for MemoryStore {
    async fn claim_outbox(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Fact>, StoreError> {
        Ok(self.lock().outbox.claim(now, now.after(lease), limit))
    }

    async fn ack_outbox(&self, facts: &[FactId]) -> Result<(), StoreError> {
        let mut state = self.lock();
        for fact in facts {
            state.outbox.ack(*fact);
        }
        Ok(())
    }
}
