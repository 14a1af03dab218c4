//! The inbox, in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::id::PaymentId;
use crate::memory::MemoryStore;
use crate::store::{Delivery, InboxStore, Receipt};
use crate::time::Timestamp;

/// Deliveries by their number, in the order in which they were received, and what finds them.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    entries: BTreeMap<u64, Entry>,
    next: u64,
    known: HashMap<(String, String), u64>,
    to_do: BTreeSet<u64>,
    by_age: BTreeSet<(Timestamp, u64)>,
    /// How many deliveries a payment has.
    of_payment: HashMap<PaymentId, usize>,
}

#[derive(Debug)]
struct Entry {
    delivery: Delivery,
    claimed_until: Option<Timestamp>,
}

impl Inbox {
    fn add(&mut self, delivery: Delivery) {
        let number = self.next;
        self.next += 1;
        self.known.insert(name(&delivery), number);
        self.to_do.insert(number);
        self.by_age.insert((delivery.received_at, number));
        *self.of_payment.entry(delivery.hint.payment).or_default() += 1;
        self.entries.insert(number, Entry { delivery, claimed_until: None });
    }

    fn remove(&mut self, number: u64) {
        let Some(Entry { delivery, .. }) = self.entries.remove(&number) else { return };
        self.known.remove(&name(&delivery));
        self.to_do.remove(&number);
        self.by_age.remove(&(delivery.received_at, number));
        if let Some(count) = self.of_payment.get_mut(&delivery.hint.payment) {
            *count -= 1;
            if *count == 0 {
                self.of_payment.remove(&delivery.hint.payment);
            }
        }
    }

    fn number(&self, gateway: &str, delivery: &str) -> Option<u64> {
        self.known.get(&(gateway.to_owned(), delivery.to_owned())).copied()
    }
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
        if inbox.known.contains_key(&name(&delivery)) {
            return Ok(Receipt::Known);
        }
        if inbox.of_payment.get(&delivery.hint.payment).copied().unwrap_or_default() >= most {
            return Ok(Receipt::Full);
        }
        inbox.add(delivery);
        Ok(Receipt::New)
    }

    async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let inbox = &mut self.lock().inbox;
        let mut claimed = Vec::new();
        for number in &inbox.to_do {
            if claimed.len() == limit {
                break;
            }
            let Some(entry) = inbox.entries.get_mut(number) else { continue };
            if entry.claimed_until.is_none_or(|until| until <= now) {
                entry.claimed_until = Some(now.after(lease));
                claimed.push(entry.delivery.clone());
            }
        }
        Ok(claimed)
    }

    async fn ack_delivery(&self, gateway: &str, delivery: &str) -> Result<(), StoreError> {
        let inbox = &mut self.lock().inbox;
        if let Some(number) = inbox.number(gateway, delivery) {
            inbox.to_do.remove(&number);
        }
        Ok(())
    }

    async fn postpone_delivery(
        &self,
        gateway: &str,
        delivery: &str,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let inbox = &mut self.lock().inbox;
        let number = inbox.number(gateway, delivery).filter(|number| inbox.to_do.contains(number));
        if let Some(entry) = number.and_then(|number| inbox.entries.get_mut(&number)) {
            entry.claimed_until = Some(until);
            entry.delivery.tries = entry.delivery.tries.saturating_add(1);
        }
        Ok(())
    }

    async fn forget_deliveries(&self, before: Timestamp) -> Result<u64, StoreError> {
        let inbox = &mut self.lock().inbox;
        let mut forgotten = 0;
        while let Some((_, number)) = inbox.by_age.first().filter(|(at, _)| *at < before).copied() {
            inbox.remove(number);
            forgotten += 1;
        }
        Ok(forgotten)
    }
}
