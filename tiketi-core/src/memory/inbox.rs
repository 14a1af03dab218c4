//! The inbox, in memory.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::memory::MemoryStore;
use crate::store::{Delivery, InboxStore, Receipt};
use crate::time::Timestamp;

/// Deliveries in the order in which they were received, and the names of all that are not deleted.
#[derive(Default)]
pub(super) struct Inbox {
    entries: Vec<Entry>,
    known: HashSet<(String, String)>,
}

struct Entry {
    delivery: Delivery,
    claimed_until: Option<Timestamp>,
    done: bool,
}

fn name(delivery: &Delivery) -> (String, String) {
    (delivery.gateway.clone(), delivery.hint.delivery.clone())
}

#[async_trait]
impl InboxStore for MemoryStore {
    async fn receive_delivery(&self, mut delivery: Delivery, most: usize) -> Result<Receipt, StoreError> {
        delivery.check_texts()?;
        delivery.hint.secret = None;
        let inbox = &mut self.lock().inbox;
        if inbox.known.contains(&name(&delivery)) {
            return Ok(Receipt::Known);
        }
        let about = |entry: &&Entry| entry.delivery.hint.payment == delivery.hint.payment;
        if inbox.entries.iter().filter(about).take(most).count() == most {
            return Ok(Receipt::Full);
        }
        inbox.known.insert(name(&delivery));
        inbox.entries.push(Entry { delivery, claimed_until: None, done: false });
        Ok(Receipt::New)
    }

    async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut state = self.lock();
        let free = |entry: &&mut Entry| !entry.done && entry.claimed_until.is_none_or(|until| until <= now);
        let claimed = state.inbox.entries.iter_mut().filter(free).take(limit).map(|entry| {
            entry.claimed_until = Some(now.after(lease));
            entry.delivery.clone()
        });
        Ok(claimed.collect())
    }

    async fn ack_delivery(&self, gateway: &str, delivery: &str) -> Result<(), StoreError> {
        let mut state = self.lock();
        let named = |entry: &&mut Entry| {
            entry.delivery.gateway == gateway && entry.delivery.hint.delivery == delivery
        };
        if let Some(entry) = state.inbox.entries.iter_mut().find(named) {
            entry.done = true;
        }
        Ok(())
    }

    async fn postpone_delivery(
        &self,
        gateway: &str,
        delivery: &str,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        let named = |entry: &&mut Entry| {
            !entry.done && entry.delivery.gateway == gateway && entry.delivery.hint.delivery == delivery
        };
        if let Some(entry) = state.inbox.entries.iter_mut().find(named) {
            entry.claimed_until = Some(until);
            entry.delivery.tries = entry.delivery.tries.saturating_add(1);
        }
        Ok(())
    }

    async fn forget_deliveries(&self, before: Timestamp) -> Result<u64, StoreError> {
        let inbox = &mut self.lock().inbox;
        let count = inbox.entries.len();
        inbox.entries.retain(|entry| entry.delivery.received_at >= before);
        inbox.known = inbox.entries.iter().map(|entry| name(&entry.delivery)).collect();
        Ok((count - inbox.entries.len()) as u64)
    }
}
