//! The outbox, in memory.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::broadcast::Broadcast;
use crate::error::StoreError;
use crate::fact::{Fact, FactId, FactKey, FactKinds};
use crate::memory::MemoryStore;
use crate::notifier::SubscriberName;
use crate::store::{ClaimedFact, OutboxStore, Release, SubscriberStatus, Subscription};
use crate::time::Timestamp;

/// A queue of facts for each subscriber.
#[derive(Default)]
pub(super) struct Outbox {
    queues: BTreeMap<SubscriberName, Queue>,
    next_id: u64,
}

/// Facts that wait for one subscriber, in the order of their ids.
struct Queue {
    kinds: FactKinds,
    since: Timestamp,
    seen_at: Timestamp,
    /// The first one is not delivered.
    entries: VecDeque<Entry>,
    delivered: usize,
}

struct Entry {
    fact: Fact,
    tries: u32,
    claimed_until: Option<Timestamp>,
    delivered: bool,
}

impl Outbox {
    /// Returns the kinds of facts that any subscriber wants.
    pub(super) fn kinds(&self) -> FactKinds {
        self.queues.values().fold(FactKinds::NONE, |kinds, queue| kinds.or(queue.kinds))
    }

    /// Adds a fact to the queue of each subscriber that wants its kind.
    pub(super) fn push(&mut self, make: impl FnOnce(FactId) -> Fact) {
        if self.queues.is_empty() {
            return;
        }
        let fact = make(FactId(self.next_id));
        self.next_id += 1;
        let kind = fact.body.kind();
        let mut wanting = self.queues.values_mut().filter(|queue| queue.kinds.contains(kind));
        let Some(first) = wanting.next() else { return };
        for queue in wanting {
            queue.entries.push_back(Entry::new(fact.clone()));
        }
        // Most shops have one subscriber; its fact is not copied.
        first.entries.push_back(Entry::new(fact));
    }

    /// Returns the moment of the oldest fact that waits for a subscriber.
    pub(super) fn oldest(&self, subscriber: &SubscriberName) -> Option<Timestamp> {
        self.queues.get(subscriber)?.oldest()
    }

    fn subscribe(&mut self, subscription: &Subscription, now: Timestamp) {
        let new = || Queue {
            kinds: FactKinds::default(),
            since: now,
            seen_at: now,
            entries: VecDeque::new(),
            delivered: 0,
        };
        let queue = self.queues.entry(subscription.subscriber.clone()).or_insert_with(new);
        queue.kinds = subscription.kinds;
        queue.seen_at = queue.seen_at.max(now);
    }
}

impl Entry {
    fn new(fact: Fact) -> Self {
        Self { fact, tries: 0, claimed_until: None, delivered: false }
    }
}

impl Queue {
    fn claim(&mut self, now: Timestamp, until: Timestamp, limit: usize) -> Vec<ClaimedFact> {
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
                claimed.push(ClaimedFact { fact: entry.fact.clone(), tries: entry.tries });
            }
        }
        claimed
    }

    fn entry(&mut self, key: FactKey) -> Option<&mut Entry> {
        let at = self.entries.binary_search_by_key(&key.id, |entry| entry.fact.id).ok()?;
        self.entries.get_mut(at).filter(|entry| entry.fact.event == key.event)
    }

    fn ack(&mut self, key: FactKey) {
        if let Some(entry) = self.entry(key).filter(|entry| !entry.delivered) {
            entry.delivered = true;
            self.delivered += 1;
        }
        while self.entries.front().is_some_and(|entry| entry.delivered) {
            self.entries.pop_front();
            self.delivered -= 1;
        }
    }

    fn release(&mut self, key: FactKey, claimed_until: Timestamp, release: Release) {
        let is_claim = |entry: &&mut Entry| !entry.delivered && entry.claimed_until == Some(claimed_until);
        let Some(entry) = self.entry(key).filter(is_claim) else { return };
        match release {
            Release::Untried => entry.claimed_until = None,
            Release::Failed { again_at } => {
                entry.claimed_until = Some(again_at);
                entry.tries = entry.tries.saturating_add(1);
            }
        }
    }

    fn oldest(&self) -> Option<Timestamp> {
        self.entries.front().map(|entry| entry.fact.at)
    }

    fn status(&self, subscriber: &SubscriberName) -> SubscriberStatus {
        SubscriberStatus {
            subscription: Subscription { subscriber: subscriber.clone(), kinds: self.kinds },
            since: self.since,
            seen_at: self.seen_at,
            waiting: (self.entries.len() - self.delivered) as u64,
            oldest: self.oldest(),
        }
    }
}

#[async_trait]
impl OutboxStore for MemoryStore {
    fn broadcast_to(&self, broadcast: Arc<dyn Broadcast>) {
        self.publisher.add(broadcast);
    }

    async fn subscribe(&self, subscription: &Subscription, now: Timestamp) -> Result<(), StoreError> {
        self.lock().outbox.subscribe(subscription, now);
        Ok(())
    }

    async fn unsubscribe(&self, subscriber: &SubscriberName, _now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.lock().outbox.queues.remove(subscriber).is_some())
    }

    async fn unsubscribe_unseen(
        &self,
        before: Timestamp,
        _now: Timestamp,
    ) -> Result<Vec<SubscriberName>, StoreError> {
        let queues = &mut self.lock().outbox.queues;
        let unseen = queues.iter().filter(|(_, queue)| queue.seen_at < before).map(|(name, _)| name.clone());
        let unseen: Vec<_> = unseen.collect();
        queues.retain(|_, queue| queue.seen_at >= before);
        Ok(unseen)
    }

    async fn subscribers(&self) -> Result<Vec<SubscriberStatus>, StoreError> {
        Ok(self.lock().outbox.queues.iter().map(|(name, queue)| queue.status(name)).collect())
    }

    async fn claim_outbox(
        &self,
        subscriber: &SubscriberName,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<ClaimedFact>, StoreError> {
        let mut state = self.lock();
        let Some(queue) = state.outbox.queues.get_mut(subscriber) else { return Ok(Vec::new()) };
        Ok(queue.claim(now, now.after(lease), limit))
    }

    async fn ack_outbox(&self, subscriber: &SubscriberName, facts: &[FactKey]) -> Result<(), StoreError> {
        let mut state = self.lock();
        let Some(queue) = state.outbox.queues.get_mut(subscriber) else { return Ok(()) };
        for fact in facts {
            queue.ack(*fact);
        }
        Ok(())
    }

    async fn release_outbox(
        &self,
        subscriber: &SubscriberName,
        facts: &[FactKey],
        claimed_until: Timestamp,
        release: Release,
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        let Some(queue) = state.outbox.queues.get_mut(subscriber) else { return Ok(()) };
        for fact in facts {
            queue.release(*fact, claimed_until, release);
        }
        Ok(())
    }
}
