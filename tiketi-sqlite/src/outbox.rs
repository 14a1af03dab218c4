//! The outbox: a queue of facts for each subscriber.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;
use tiketi_core::{
    StoreError, Timestamp,
    broadcast::Broadcast,
    fact::FactKey,
    notifier::SubscriberName,
    store::{ClaimedFact, OutboxStore, Release, SubscriberStatus, Subscription},
};

use crate::load::{all, exists, one};
use crate::row::first;
use crate::store::SqliteStore;
use crate::write;
use tiketi_sql::{self as rows, Row as _, stored};

const SUBSCRIBE: &str = "INSERT INTO subscribers (name, kinds, since, seen_at) VALUES (?1, ?2, ?3, ?3) \
    ON CONFLICT (name) WHERE removed_at IS NULL \
    DO UPDATE SET kinds = excluded.kinds, seen_at = max(seen_at, excluded.seen_at)";
const UNSUBSCRIBE: &str = "UPDATE subscribers SET removed_at = ?2 WHERE name = ?1 AND removed_at IS NULL";
const UNSEEN: &str = "SELECT name FROM subscribers WHERE removed_at IS NULL AND seen_at < ?1 ORDER BY name";
const SUBSCRIBERS: &str = "SELECT name, kinds, since, seen_at, \
        (SELECT count(*) FROM outbox WHERE subscriber = subscribers.id) AS waiting, \
        (SELECT at FROM outbox WHERE subscriber = subscribers.id ORDER BY id LIMIT 1) AS oldest \
    FROM subscribers WHERE removed_at IS NULL ORDER BY name";
/// Finds facts that are not claimed, or whose claim has ended.
const FREE: &str = "subscriber = (SELECT id FROM subscribers WHERE name = ?1 AND removed_at IS NULL) \
    AND (claimed_until IS NULL OR claimed_until <= ?2)";
/// Finds facts that come after another fact of the same reservation that is claimed or waits for its next try.
const EARLIER_IS_OUT: &str = "EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.subscriber = outbox.subscriber \
    AND earlier.reservation = outbox.reservation AND earlier.id < outbox.id AND earlier.claimed_until > ?2)";
const CLAIM: &str = "UPDATE outbox SET claimed_until = ?3 WHERE id = ?2 \
    AND subscriber = (SELECT id FROM subscribers WHERE name = ?1 AND removed_at IS NULL)";
const ACKNOWLEDGE: &str = "DELETE FROM outbox WHERE id = ?2 AND event = ?3 \
    AND subscriber = (SELECT id FROM subscribers WHERE name = ?1 AND removed_at IS NULL)";
const RELEASE: &str = "UPDATE outbox SET claimed_until = ?4, tries = tries + ?5 \
    WHERE id = ?2 AND event = ?6 AND claimed_until = ?3 \
    AND subscriber = (SELECT id FROM subscribers WHERE name = ?1 AND removed_at IS NULL)";
const REMOVED: &str = "SELECT id FROM subscribers WHERE removed_at IS NOT NULL LIMIT 1";
const DELETE_FACTS: &str = "DELETE FROM outbox WHERE subscriber = ?1 \
    AND id IN (SELECT id FROM outbox WHERE subscriber = ?1 ORDER BY id LIMIT ?2)";
const DELETE_SUBSCRIBER: &str = "DELETE FROM subscribers WHERE id = ?1";

/// Most facts of a removed subscriber deleted in one transaction, so that sales do not wait for long.
const DELETED_AT_ONCE: usize = 1_000;

#[async_trait]
impl OutboxStore for SqliteStore {
    fn broadcast_to(&self, broadcast: Arc<dyn Broadcast>) {
        self.writer().shared().publisher.add(broadcast);
    }

    async fn subscribe(&self, subscription: &Subscription, now: Timestamp) -> Result<(), StoreError> {
        let (name, kinds) = (subscription.subscriber.clone(), rows::kinds_text(subscription.kinds));
        self.write(move |set| {
            write::run(set.connection(), SUBSCRIBE, (name.as_str(), &kinds, now.as_micros()))?;
            set.resubscribe()
        })
        .await
    }

    async fn unsubscribe(&self, subscriber: &SubscriberName, now: Timestamp) -> Result<bool, StoreError> {
        let name = subscriber.clone();
        let removed = self
            .write(move |set| {
                let removed = write::run(set.connection(), UNSUBSCRIBE, (name.as_str(), now.as_micros()))?;
                set.resubscribe()?;
                Ok(removed > 0)
            })
            .await?;
        self.delete_removed().await?;
        Ok(removed)
    }

    async fn unsubscribe_unseen(
        &self,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<SubscriberName>, StoreError> {
        let unseen = self
            .write(move |set| {
                let unseen = all(set.connection(), UNSEEN, [before.as_micros()], |row| {
                    rows::subscriber_name(row.text("name")?)
                })?;
                for name in &unseen {
                    write::run(set.connection(), UNSUBSCRIBE, (name.as_str(), now.as_micros()))?;
                }
                set.resubscribe()?;
                Ok(unseen)
            })
            .await?;
        self.delete_removed().await?;
        Ok(unseen)
    }

    async fn subscribers(&self) -> Result<Vec<SubscriberStatus>, StoreError> {
        self.read(|connection| all(connection, SUBSCRIBERS, (), |row| rows::subscriber_status(row))).await
    }

    async fn claim_outbox(
        &self,
        subscriber: &SubscriberName,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<ClaimedFact>, StoreError> {
        // Most rounds find nothing, so a read comes first: it does not delay the writer.
        let (any, name) = (format!("SELECT 1 FROM outbox WHERE {FREE} LIMIT 1"), subscriber.clone());
        let is_any =
            move |connection: &Connection| exists(connection, &any, (name.as_str(), now.as_micros()));
        if !self.read(is_any).await? {
            return Ok(Vec::new());
        }
        let (until, name) = (now.after(lease).as_micros(), subscriber.clone());
        self.write(move |set| {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let sql = format!(
                "SELECT id, event, at, tries, body FROM outbox WHERE {FREE} AND NOT {EARLIER_IS_OUT} ORDER BY id LIMIT ?3"
            );
            let values = (name.as_str(), now.as_micros(), limit);
            let claimed = all(set.connection(), &sql, values, |row| rows::claimed_fact(row))?;
            for it in &claimed {
                write::run(set.connection(), CLAIM, (name.as_str(), stored(it.fact.id.0), until))?;
            }
            Ok(claimed)
        })
        .await
    }

    async fn ack_outbox(&self, subscriber: &SubscriberName, facts: &[FactKey]) -> Result<(), StoreError> {
        let (name, facts) = (subscriber.clone(), facts.to_vec());
        self.write(move |set| {
            for fact in &facts {
                write::run(
                    set.connection(),
                    ACKNOWLEDGE,
                    (name.as_str(), stored(fact.id.0), fact.event.as_uuid()),
                )?;
            }
            Ok(())
        })
        .await
    }

    async fn release_outbox(
        &self,
        subscriber: &SubscriberName,
        facts: &[FactKey],
        claimed_until: Timestamp,
        release: Release,
    ) -> Result<(), StoreError> {
        let (name, facts, leased) = (subscriber.clone(), facts.to_vec(), claimed_until.as_micros());
        let (until, failures) = rows::release_columns(release);
        self.write(move |set| {
            for fact in &facts {
                let values =
                    (name.as_str(), stored(fact.id.0), leased, until, failures, fact.event.as_uuid());
                write::run(set.connection(), RELEASE, values)?;
            }
            Ok(())
        })
        .await
    }
}

impl SqliteStore {
    /// Deletes removed subscribers with their facts, a limited number in each transaction.
    async fn delete_removed(&self) -> Result<(), StoreError> {
        loop {
            let more = self.write(|set| {
                let connection = set.connection();
                let Some(id) = one(connection, REMOVED, (), first::<i64>)? else { return Ok(false) };
                let limit = i64::try_from(DELETED_AT_ONCE).unwrap_or(i64::MAX);
                if write::run(connection, DELETE_FACTS, (id, limit))? < DELETED_AT_ONCE {
                    write::run(connection, DELETE_SUBSCRIBER, [id])?;
                }
                Ok(true)
            });
            if !more.await? {
                return Ok(());
            }
        }
    }
}
