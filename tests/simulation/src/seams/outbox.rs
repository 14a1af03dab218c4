//! Facts behind the fault layer, and the receiver that they are delivered to.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::broadcast::Broadcast;
use tiketi_core::fact::FactKey;
use tiketi_core::notifier::SubscriberName;
use tiketi_core::store::{ClaimedFact, OutboxStore, Release, SubscriberStatus, Subscription};
use tiketi_core::{Fact, Notifier, NotifyError, StoreError, Timestamp};

use crate::fault::Fault;
use crate::node::Node;
use crate::planted::Planted;
use crate::seams::{NodeStores, at_once};
use crate::sometimes::Sometimes;

#[async_trait]
impl OutboxStore for NodeStores {
    fn broadcast_to(&self, broadcast: Arc<dyn Broadcast>) {
        self.0.world.store.broadcast_to(broadcast);
    }

    async fn subscribe(&self, subscription: &Subscription, now: Timestamp) -> Result<(), StoreError> {
        let subscription = subscription.clone();
        self.change(move |world| at_once(world.store.subscribe(&subscription, now))).await
    }

    async fn unsubscribe(&self, subscriber: &SubscriberName, now: Timestamp) -> Result<bool, StoreError> {
        let subscriber = subscriber.clone();
        self.change(move |world| at_once(world.store.unsubscribe(&subscriber, now))).await
    }

    async fn unsubscribe_unseen(
        &self,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<SubscriberName>, StoreError> {
        self.change(move |world| at_once(world.store.unsubscribe_unseen(before, now))).await
    }

    async fn subscribers(&self) -> Result<Vec<SubscriberStatus>, StoreError> {
        self.read(|world| at_once(world.store.subscribers())).await
    }

    async fn claim_outbox(
        &self,
        subscriber: &SubscriberName,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<ClaimedFact>, StoreError> {
        let of = subscriber.clone();
        let claimed =
            self.change(move |world| at_once(world.store.claim_outbox(&of, now, lease, limit))).await?;
        if !self.0.world.has(Planted::OutboxByCursor) {
            return Ok(claimed);
        }
        // Reads on from the greatest id seen: what failed, or came later with a smaller id, is passed over.
        let cursor = self.0.world.history().move_cursor(claimed.iter().map(|it| it.fact.id));
        let (new, passed): (Vec<_>, Vec<_>) = claimed.into_iter().partition(|it| Some(it.fact.id) > cursor);
        let passed: Vec<FactKey> = passed.iter().map(|it| it.fact.key()).collect();
        at_once(self.0.world.store.ack_outbox(subscriber, &passed))?;
        Ok(new)
    }

    async fn ack_outbox(&self, subscriber: &SubscriberName, facts: &[FactKey]) -> Result<(), StoreError> {
        let (subscriber, facts) = (subscriber.clone(), facts.to_vec());
        self.change(move |world| at_once(world.store.ack_outbox(&subscriber, &facts))).await
    }

    async fn release_outbox(
        &self,
        subscriber: &SubscriberName,
        facts: &[FactKey],
        claimed_until: Timestamp,
        release: Release,
    ) -> Result<(), StoreError> {
        let (subscriber, facts) = (subscriber.clone(), facts.to_vec());
        self.change(move |world| {
            at_once(world.store.release_outbox(&subscriber, &facts, claimed_until, release))
        })
        .await
    }
}

/// A consumer of facts that keeps the id of each.
#[derive(Debug)]
pub(crate) struct Receiver(pub(crate) Node);

#[async_trait]
impl Notifier for Receiver {
    async fn notify(&self, facts: &[Fact]) -> Result<(), NotifyError> {
        let world = &self.0.world;
        self.0.wait().await;
        if world.strikes(Fault::NotifierFails) {
            return Err(NotifyError::new("the simulated receiver failed"));
        }
        for fact in facts {
            let is_new = world.history().receive(fact);
            if !is_new {
                world.reach(Sometimes::FactTwice);
            }
        }
        self.0.crash_perhaps().await;
        if world.strikes(Fault::NotifierReplyLost) {
            return Err(NotifyError::new("the simulated answer was lost"));
        }
        Ok(())
    }
}
