//! The outbox: a queue of facts for each subscriber.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::{
    EventId, StoreError, Timestamp,
    broadcast::Broadcast,
    fact::FactKey,
    notifier::SubscriberName,
    store::{ClaimedFact, OutboxStore, Release, SubscriberStatus, Subscription, Swept},
};
use tiketi_sql::{Row as _, stored};

use crate::queue::sweep;
use crate::sql::row::each;
use crate::store::PostgresStore;

const SUBSCRIBE: &str = "INSERT INTO tiketi.subscribers AS subscriber (name, kinds, since, seen_at) \
    VALUES ($1, $2, $3, $3) ON CONFLICT (name) WHERE removed_at IS NULL \
    DO UPDATE SET kinds = excluded.kinds, seen_at = greatest(subscriber.seen_at, excluded.seen_at)";
const UNSUBSCRIBE: &str =
    "UPDATE tiketi.subscribers SET removed_at = $2 WHERE name = $1 AND removed_at IS NULL";
const UNSUBSCRIBE_UNSEEN: &str = "UPDATE tiketi.subscribers SET removed_at = $2 \
    WHERE removed_at IS NULL AND seen_at < $1 RETURNING name";
const SUBSCRIBERS: &str = "SELECT name, kinds, since, seen_at, \
        (SELECT count(*) FROM tiketi.outbox WHERE subscriber = subscribers.id) AS waiting, \
        (SELECT at FROM tiketi.outbox WHERE subscriber = subscribers.id ORDER BY id LIMIT 1) AS oldest \
    FROM tiketi.subscribers WHERE removed_at IS NULL ORDER BY name";
/// Finds the subscriber by its name, which is the first parameter of each statement about its facts.
macro_rules! subscriber {
    () => {
        "(SELECT id FROM tiketi.subscribers WHERE name = $1 AND removed_at IS NULL)"
    };
}
/// Finds facts that are not claimed, or whose claim has ended.
const FREE: &str = concat!(
    "SELECT event, id FROM tiketi.outbox WHERE subscriber = ",
    subscriber!(),
    " AND id > $4 AND (claimed_until IS NULL OR claimed_until <= $2) ORDER BY id LIMIT $3"
);
/// Names facts of an event by their ids, which are sorted, and says between which they are: with statistics from before a
/// queue grew, the planner would read the whole queue and compare each of its facts with the ids.
macro_rules! named {
    ($table:literal) => {
        concat!(
            $table,
            "event = $2 AND ",
            $table,
            "id = ANY($3) AND ",
            $table,
            "id >= ($3::bigint[])[1] AND ",
            $table,
            "id <= ($3::bigint[])[cardinality($3::bigint[])]"
        )
    };
}
/// Claims the facts of one event that are free and not locked.
///
/// An earlier fact of a reservation that is not among them is claimed by another caller, so later facts are left
/// out. A later fact is never visible without the earlier one, because both were numbered under the lock of their
/// event. The ids stand beside each read of the table, and the earlier fact is a value and no join, so that both are
/// read by key whatever the planner estimates. Rows are locked in the order of the ids.
const CLAIM: &str = concat!(
    "WITH mine AS MATERIALIZED (SELECT subscriber, id, reservation FROM tiketi.outbox WHERE subscriber = ",
    subscriber!(),
    " AND ",
    named!(""),
    " AND (claimed_until IS NULL OR claimed_until <= $4) ORDER BY id FOR UPDATE SKIP LOCKED) \
    UPDATE tiketi.outbox AS fact SET claimed_until = $5 FROM mine WHERE fact.subscriber = ",
    subscriber!(),
    " AND ",
    named!("fact."),
    " AND fact.id = mine.id AND (SELECT min(earlier.id) FROM tiketi.outbox AS earlier \
        WHERE earlier.event = $2 AND earlier.subscriber = mine.subscriber AND earlier.reservation = mine.reservation \
            AND earlier.id < mine.id AND earlier.id NOT IN (SELECT id FROM mine)) IS NULL \
    RETURNING fact.id, event, at, tries, body"
);
const ACKNOWLEDGE: &str =
    concat!("DELETE FROM tiketi.outbox WHERE subscriber = ", subscriber!(), " AND ", named!(""));
const RELEASE: &str = concat!(
    "UPDATE tiketi.outbox SET claimed_until = $5, tries = tries + $6 WHERE subscriber = ",
    subscriber!(),
    " AND ",
    named!(""),
    " AND claimed_until = $4"
);
const REMOVED: &str = "SELECT id FROM tiketi.subscribers WHERE removed_at IS NOT NULL";
/// Deletes the oldest facts of a subscriber, approximately a limited number.
const DELETE_FACTS: &str = "DELETE FROM tiketi.outbox WHERE subscriber = $1 AND id <= (SELECT max(id) \
    FROM (SELECT id FROM tiketi.outbox WHERE subscriber = $1 ORDER BY id LIMIT $2) AS oldest)";
/// Deletes removed subscribers once every commit has ended that may have read them.
const FORGET_REMOVED: &str = "DELETE FROM tiketi.subscribers WHERE removed_at < $1 \
    AND (SELECT min(id) FROM tiketi.outbox WHERE subscriber = subscribers.id) IS NULL";

/// Most facts of removed subscribers deleted in one transaction.
const DELETED_AT_ONCE: i64 = 5_000;
/// How long a removed subscriber is kept: far longer than any transaction of the store lasts.
const LONGEST_COMMIT: Duration = Duration::from_hours(1);

#[async_trait]
impl OutboxStore for PostgresStore {
    fn broadcast_to(&self, broadcast: Arc<dyn Broadcast>) {
        self.publisher().add(broadcast);
    }

    async fn subscribe(&self, subscription: &Subscription, now: Timestamp) -> Result<(), StoreError> {
        let kinds = tiketi_sql::kinds_text(subscription.kinds);
        let subscribe = || {
            self.query(SUBSCRIBE)
                .bind(subscription.subscriber.as_str())
                .bind(kinds.as_str())
                .bind(now.as_micros())
        };
        self.write(subscribe).await?;
        Ok(())
    }

    async fn unsubscribe(&self, subscriber: &SubscriberName, now: Timestamp) -> Result<bool, StoreError> {
        let unsubscribe = || self.query(UNSUBSCRIBE).bind(subscriber.as_str()).bind(now.as_micros());
        let removed = self.write(unsubscribe).await? > 0;
        self.delete_removed(now).await?;
        Ok(removed)
    }

    async fn unsubscribe_unseen(
        &self,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<SubscriberName>, StoreError> {
        let unseen = || self.query(UNSUBSCRIBE_UNSEEN).bind(before.as_micros()).bind(now.as_micros());
        let removed = self.write_returning(unseen).await?;
        let mut removed = each(&removed, |row| tiketi_sql::subscriber_name(row.text("name")?))?;
        removed.sort_unstable();
        self.delete_removed(now).await?;
        Ok(removed)
    }

    async fn subscribers(&self) -> Result<Vec<SubscriberStatus>, StoreError> {
        let found = self.database().fetch_all(self.query(SUBSCRIBERS)).await?;
        each(&found, |row| tiketi_sql::subscriber_status(row))
    }

    async fn claim_outbox(
        &self,
        subscriber: &SubscriberName,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<ClaimedFact>, StoreError> {
        let until = now.after(lease);
        let mut seen = 0;
        // Facts that are held back, or that other callers claim meanwhile, are skipped until the next call.
        loop {
            let free = self.free_facts(subscriber, now, seen, limit).await?;
            let Some(latest) = free.values().flatten().max() else { return Ok(Vec::new()) };
            seen = *latest;
            let works = free.into_iter().map(|(event, ids)| {
                let (store, subscriber) = (self.clone(), subscriber.clone());
                (event, async move { store.claim_facts(&subscriber, event, ids, now, until).await })
            });
            let Swept { done, skipped } = sweep::each(self.permits(), works).await;
            let mut claimed: Vec<ClaimedFact> = done.into_iter().flatten().collect();
            if !claimed.is_empty() {
                claimed.sort_unstable_by_key(|it| it.fact.id);
                return Ok(claimed);
            }
            if let Some((_, error)) = skipped.into_iter().next() {
                return Err(error);
            }
        }
    }

    async fn ack_outbox(&self, subscriber: &SubscriberName, facts: &[FactKey]) -> Result<(), StoreError> {
        let acknowledge = |store: Self, subscriber: SubscriberName, event: EventId, ids: Vec<i64>| async move {
            let statement =
                || store.query(ACKNOWLEDGE).bind(subscriber.as_str()).bind(event.as_uuid()).bind(ids.clone());
            store.write(statement).await
        };
        self.each_event(subscriber, facts, acknowledge).await
    }

    async fn release_outbox(
        &self,
        subscriber: &SubscriberName,
        facts: &[FactKey],
        claimed_until: Timestamp,
        release: Release,
    ) -> Result<(), StoreError> {
        let (until, failures) = tiketi_sql::release_columns(release);
        let release = |store: Self, subscriber: SubscriberName, event: EventId, ids: Vec<i64>| async move {
            let statement = || {
                store
                    .query(RELEASE)
                    .bind(subscriber.as_str())
                    .bind(event.as_uuid())
                    .bind(ids.clone())
                    .bind(claimed_until.as_micros())
                    .bind(until)
                    .bind(failures)
            };
            store.write(statement).await
        };
        self.each_event(subscriber, facts, release).await
    }
}

/// Returns the ids of each event in the order in which rows are locked.
fn by_event(facts: &[FactKey]) -> BTreeMap<EventId, Vec<i64>> {
    let mut ids: BTreeMap<EventId, Vec<i64>> = BTreeMap::new();
    for fact in facts {
        ids.entry(fact.event).or_default().push(stored(fact.id.0));
    }
    for ids in ids.values_mut() {
        ids.sort_unstable();
    }
    ids
}

impl PostgresStore {
    /// Writes the facts of each event in a statement that names it, and returns the first error after all.
    async fn each_event<F>(
        &self,
        subscriber: &SubscriberName,
        facts: &[FactKey],
        write: impl Fn(Self, SubscriberName, EventId, Vec<i64>) -> F,
    ) -> Result<(), StoreError>
    where
        F: Future<Output = Result<u64, StoreError>> + Send + 'static,
    {
        let events = by_event(facts).into_iter();
        let works = events.map(|(event, ids)| (event, write(self.clone(), subscriber.clone(), event, ids)));
        let swept = sweep::each(self.permits(), works.collect::<Vec<_>>()).await;
        swept.skipped.into_iter().next().map_or(Ok(()), |(_, error)| Err(error))
    }

    /// Finds free facts of a subscriber after this one, the oldest first, grouped by event.
    async fn free_facts(
        &self,
        subscriber: &SubscriberName,
        now: Timestamp,
        after: i64,
        limit: usize,
    ) -> Result<BTreeMap<EventId, Vec<i64>>, StoreError> {
        let mut free: BTreeMap<EventId, Vec<i64>> = BTreeMap::new();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = self.query(FREE).bind(subscriber.as_str()).bind(now.as_micros()).bind(limit).bind(after);
        let found = self.database().fetch_all(found).await?;
        let found = each(&found, |row| Ok((row.uuid("event")?, row.int("id")?)))?;
        for (event, id) in found {
            free.entry(EventId::from_uuid(event)).or_default().push(id);
        }
        Ok(free)
    }

    /// Claims facts of one event, and returns the claimed ones.
    async fn claim_facts(
        &self,
        subscriber: &SubscriberName,
        event: EventId,
        ids: Vec<i64>,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<ClaimedFact>, StoreError> {
        let claim = || {
            self.query(CLAIM)
                .bind(subscriber.as_str())
                .bind(event.as_uuid())
                .bind(ids.clone())
                .bind(now.as_micros())
                .bind(until.as_micros())
        };
        each(&self.write_returning(claim).await?, |row| tiketi_sql::claimed_fact(row))
    }

    /// Deletes the facts of removed subscribers, and then the subscribers.
    ///
    /// A running batch may still add facts for a removed subscriber; a later call deletes them.
    async fn delete_removed(&self, now: Timestamp) -> Result<(), StoreError> {
        let removed = self.database().fetch_all(self.query(REMOVED)).await?;
        for subscriber in each(&removed, |row| row.int("id"))? {
            let delete = || self.query(DELETE_FACTS).bind(subscriber).bind(DELETED_AT_ONCE);
            while self.write(delete).await? >= DELETED_AT_ONCE.unsigned_abs() {}
        }
        self.write(|| self.query(FORGET_REMOVED).bind(now.before(LONGEST_COMMIT).as_micros())).await?;
        Ok(())
    }
}
