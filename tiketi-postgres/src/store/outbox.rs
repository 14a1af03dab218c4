//! The outbox.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::{
    EventId, Fact, StoreError, Timestamp,
    fact::FactId,
    store::{OutboxStore, Swept},
};
use tiketi_sql::{Row as _, stored};

use crate::queue::sweep;
use crate::sql::row::each;
use crate::store::PostgresStore;

/// Finds facts without a claim, or whose claim has run out.
const FREE: &str = "SELECT event, id FROM tiketi.outbox \
    WHERE id > $3 AND (claimed_until IS NULL OR claimed_until <= $1) ORDER BY id LIMIT $2";
/// Claims the facts of one event that are free and not locked.
///
/// An earlier fact of a reservation that is not among them is somebody else's, and holds the later ones back. A later
/// one is never seen without the earlier, for both were numbered under the lock of their event. `OFFSET 0` keeps that
/// a look-up by its key, whatever the planner thinks of the table.
const CLAIM: &str = "WITH mine AS MATERIALIZED (SELECT id, reservation FROM tiketi.outbox \
        WHERE event = $1 AND id = ANY($2) AND (claimed_until IS NULL OR claimed_until <= $3) \
        ORDER BY id FOR UPDATE SKIP LOCKED) \
    UPDATE tiketi.outbox AS fact SET claimed_until = $4 FROM mine \
    WHERE fact.event = $1 AND fact.id = mine.id AND NOT EXISTS (SELECT 1 FROM tiketi.outbox AS earlier \
        WHERE earlier.event = $1 AND earlier.reservation = mine.reservation AND earlier.id < mine.id \
            AND earlier.id NOT IN (SELECT id FROM mine) OFFSET 0) \
    RETURNING fact.id, event, at, body";
const ACKNOWLEDGE: &str = "DELETE FROM tiketi.outbox WHERE id = ANY($1)";

#[async_trait]
impl OutboxStore for PostgresStore {
    async fn claim_outbox(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Fact>, StoreError> {
        let until = now.after(lease);
        let mut seen = 0;
        // What is held back, or claimed by others in between, is passed by until the next call.
        loop {
            let free = self.free_facts(now, seen, limit).await?;
            let Some(latest) = free.values().flatten().max() else { return Ok(Vec::new()) };
            seen = *latest;
            let works = free.into_iter().map(|(event, ids)| {
                let store = self.clone();
                (event, async move { store.claim_facts(event, ids, now, until).await })
            });
            let Swept { done, skipped } = sweep::each(self.permits(), works).await;
            let mut claimed: Vec<Fact> = done.into_iter().flatten().collect();
            if !claimed.is_empty() {
                claimed.sort_unstable_by_key(|fact| fact.id);
                return Ok(claimed);
            }
            if let Some((_, error)) = skipped.into_iter().next() {
                return Err(error);
            }
        }
    }

    async fn ack_outbox(&self, facts: &[FactId]) -> Result<(), StoreError> {
        let mut ids: Vec<i64> = facts.iter().map(|fact| stored(fact.0)).collect();
        ids.sort_unstable();
        self.write(|| self.query(ACKNOWLEDGE).bind(ids.clone())).await?;
        Ok(())
    }
}

impl PostgresStore {
    /// Finds facts after one that are free, the oldest first, by their event.
    async fn free_facts(
        &self,
        now: Timestamp,
        after: i64,
        limit: usize,
    ) -> Result<BTreeMap<EventId, Vec<i64>>, StoreError> {
        let mut free: BTreeMap<EventId, Vec<i64>> = BTreeMap::new();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found =
            self.database().fetch_all(self.query(FREE).bind(now.as_micros()).bind(limit).bind(after)).await?;
        let found = each(&found, |row| Ok((row.uuid("event")?, row.int("id")?)))?;
        for (event, id) in found {
            free.entry(EventId::from_uuid(event)).or_default().push(id);
        }
        Ok(free)
    }

    /// Claims facts of one event, and returns those that it got.
    async fn claim_facts(
        &self,
        event: EventId,
        ids: Vec<i64>,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Fact>, StoreError> {
        let claim = || {
            self.query(CLAIM)
                .bind(event.as_uuid())
                .bind(ids.clone())
                .bind(now.as_micros())
                .bind(until.as_micros())
        };
        each(&self.write_returning(claim).await?, |row| tiketi_sql::fact(row))
    }
}
