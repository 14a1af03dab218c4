//! The outbox.

use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::{Fact, FactId, OutboxStore, StoreError, Timestamp};
use tiketi_rows::{Row as _, stored};

use crate::error::failed;
use crate::row::each;
use crate::store::PostgresStore;

/// Finds what nobody has claimed, or whose claim has run out, but not what is claimed just now.
const FREE: &str = "SELECT id FROM tiketi.outbox WHERE (claimed_until IS NULL OR claimed_until <= $1) \
    AND id <> ALL($3) ORDER BY id LIMIT $2";
/// Claims what is still free once its lock is had; the order of ids is the order of locks.
const CLAIM: &str = "UPDATE tiketi.outbox SET claimed_until = $2 \
    WHERE id = ANY($3) AND (claimed_until IS NULL OR claimed_until <= $1) RETURNING id, event, at, body";
const ACKNOWLEDGE: &str = "DELETE FROM tiketi.outbox WHERE id = ANY($1)";

#[async_trait]
impl OutboxStore for PostgresStore {
    async fn claim_outbox(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Fact>, StoreError> {
        let until = now.after(lease).as_micros();
        let mut claimed: Vec<Fact> = Vec::new();
        while claimed.len() < limit {
            let missing = i64::try_from(limit - claimed.len()).unwrap_or(i64::MAX);
            let mine: Vec<i64> = claimed.iter().map(|fact| stored(fact.id.0)).collect();
            let free = sqlx::query(FREE).bind(now.as_micros()).bind(missing).bind(mine);
            let free = free.fetch_all(self.pool()).await;
            let free = each(&free.map_err(failed)?, |row| row.int("id"))?;
            if free.is_empty() {
                break;
            }
            let claim = || sqlx::query(CLAIM).bind(now.as_micros()).bind(until).bind(free.clone());
            // What another server claimed in between is left out, and others are looked for instead.
            claimed.extend(each(&self.write_returning(claim).await?, |row| tiketi_rows::fact(row))?);
        }
        claimed.sort_unstable_by_key(|fact| fact.id);
        Ok(claimed)
    }

    async fn ack_outbox(&self, facts: &[FactId]) -> Result<(), StoreError> {
        let mut ids: Vec<i64> = facts.iter().map(|fact| stored(fact.0)).collect();
        ids.sort_unstable();
        self.write(|| sqlx::query(ACKNOWLEDGE).bind(ids.clone())).await?;
        Ok(())
    }
}
