//! The outbox: committed facts, waiting for each subscriber.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::broadcast::Broadcast;
use crate::error::StoreError;
use crate::fact::{Fact, FactKey, FactKinds};
use crate::notifier::SubscriberName;
use crate::time::Timestamp;

/// What a subscriber wants.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores make it, and give every part")]
pub struct Subscription {
    /// Name of the subscriber.
    pub subscriber: SubscriberName,
    /// The kinds of facts that it wants.
    pub kinds: FactKinds,
}

/// A registered subscriber and its backlog.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores make it, and give every part")]
pub struct SubscriberStatus {
    /// The subscriber and what it wants.
    pub subscription: Subscription,
    /// When it was first registered; it gets the facts of commits since.
    pub since: Timestamp,
    /// When it was last registered again.
    pub seen_at: Timestamp,
    /// How many facts it has not acknowledged.
    pub waiting: u64,
    /// The moment of the oldest of them.
    pub oldest: Option<Timestamp>,
}

/// A fact claimed for one subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores make it, and give every part")]
pub struct ClaimedFact {
    /// The fact.
    pub fact: Fact,
    /// How often its delivery to this subscriber failed.
    pub tries: u32,
}

/// How claimed facts are given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "each store acts on every case")]
pub enum Release {
    /// Delivery was not tried: they are claimable at once.
    Untried,
    /// Delivery failed: that is counted, and they are claimable again from this moment.
    Failed {
        /// The moment.
        again_at: Timestamp,
    },
}

/// Saves committed facts until every subscriber that wants them has them.
///
/// Each subscriber has a queue of its own: claims, acknowledgements and failures of one change nothing for another.
#[async_trait]
pub trait OutboxStore: Debug + Send + Sync + 'static {
    /// Sends the facts of each commit to a broadcast from now on, besides the outbox.
    ///
    /// A store that writes the commits, and no decorator, sends them; [`CommitPublisher`] does it for a store.
    ///
    /// # Contract
    ///
    /// - The facts of [`FactKinds::PUBLIC`] of each commit of this store, coalesced, MUST be sent to every broadcast that
    ///   was added, for the event's room, and those of [`FactKinds::PRIVATE_NEWS`] for their buyer: after the commit and
    ///   before its caller is answered, whether a subscriber wants them or not. Facts of a commit that failed, or whose
    ///   outcome is unknown, MUST NOT be sent.
    /// - Facts MAY be left out while no broadcast is received ([`Broadcast::has_listener`],
    ///   [`Broadcast::has_buyer_listener`]). They need no row in the outbox.
    ///
    /// [`CommitPublisher`]: crate::broadcast::CommitPublisher
    fn broadcast_to(&self, broadcast: Arc<dyn Broadcast>);

    /// Registers a subscriber, or registers it again.
    ///
    /// # Contract
    ///
    /// - A fact whose command is sent after the method returned MUST reach a new subscriber if its kind is wanted. A
    ///   fact that was committed before the call MUST NOT.
    /// - A registered subscriber MUST keep its facts, [`SubscriberStatus::since`] included. Its kinds are replaced for
    ///   later commits. [`SubscriberStatus::seen_at`] becomes `now`, and MUST NOT go back.
    /// - Facts that no registered subscriber wants MUST NOT be saved.
    async fn subscribe(&self, subscription: &Subscription, now: Timestamp) -> Result<(), StoreError>;

    /// Removes a subscriber with the facts that wait for it, and returns whether it was registered.
    ///
    /// # Contract
    ///
    /// Its facts MUST NOT be claimable any more, also if it is registered again: then it begins as a new one. A store
    /// may delete the rows later, in [`OutboxStore::unsubscribe_unseen`].
    async fn unsubscribe(&self, subscriber: &SubscriberName, now: Timestamp) -> Result<bool, StoreError>;

    /// Removes each subscriber last registered before `before`, and returns them in the order of their names.
    ///
    /// # Contract
    ///
    /// It does to each what [`OutboxStore::unsubscribe`] does. One last registered at `before` MUST stay. It MUST
    /// delete what other removals left.
    async fn unsubscribe_unseen(
        &self,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<SubscriberName>, StoreError>;

    /// Returns every registered subscriber with its backlog, in the order of their names.
    ///
    /// It reads the whole backlog; it is for people and monitoring.
    async fn subscribers(&self) -> Result<Vec<SubscriberStatus>, StoreError>;

    /// Claims at most `limit` facts that wait for a subscriber, the oldest first, for the time `lease`.
    ///
    /// It returns none for a subscriber that is not registered.
    ///
    /// # Contract
    ///
    /// - A fact MUST NOT be claimed for a subscriber by two callers while a lease on it lasts. At `now` plus `lease` it
    ///   MUST become claimable again if it was neither acknowledged with [`OutboxStore::ack_outbox`] nor released with
    ///   [`OutboxStore::release_outbox`].
    /// - A fact MUST NOT be claimable before its commit. A claim selects by state, never by "id greater than the last":
    ///   commits become visible out of order, and facts are acknowledged out of order.
    /// - Facts of one event MUST have ids that grow in the order of their commits, and within one commit in the order
    ///   of [`crate::decide::coalesce_facts`]; an id MUST never be used again. Every subscriber MUST get a fact under
    ///   the same id. A claim MUST return facts in the order of their ids.
    /// - A fact of a reservation ([`crate::FactBody::reservation`]) MUST NOT be claimable while an earlier one of the
    ///   same reservation and subscriber is claimed by another caller or waits for its next try; facts of other
    ///   reservations MUST NOT wait for it.
    /// - Facts of one event that cannot be claimed MUST NOT delay those of another event.
    ///
    /// # Cancel safety
    ///
    /// Facts claimed by a dropped future are claimable again when their lease ends.
    async fn claim_outbox(
        &self,
        subscriber: &SubscriberName,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<ClaimedFact>, StoreError>;

    /// Deletes facts that were delivered to a subscriber.
    ///
    /// # Contract
    ///
    /// An acknowledged fact MUST NOT be claimable for the subscriber again, and no other fact may be lost with it, in
    /// whatever order they are acknowledged. Unknown keys, an id under another event, and an unknown subscriber MUST NOT be
    /// an error, and change nothing.
    async fn ack_outbox(&self, subscriber: &SubscriberName, facts: &[FactKey]) -> Result<(), StoreError>;

    /// Ends the claim on facts whose lease ends at `claimed_until`, before that moment.
    ///
    /// # Contract
    ///
    /// They MUST be claimable as [`Release`] says. A fact whose lease ends at another moment MUST NOT change: another
    /// caller has claimed it since. Unknown keys, an id under another event, and an unknown subscriber MUST NOT be an error,
    /// and change nothing.
    async fn release_outbox(
        &self,
        subscriber: &SubscriberName,
        facts: &[FactKey],
        claimed_until: Timestamp,
        release: Release,
    ) -> Result<(), StoreError>;
}
