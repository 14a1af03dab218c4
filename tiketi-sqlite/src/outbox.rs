//! The outbox.

use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::{Fact, StoreError, Timestamp, fact::FactId, store::OutboxStore};

use crate::load::{all, exists};
use crate::store::SqliteStore;
use crate::write;
use tiketi_sql::{self as rows, stored};

/// Finds facts without a claim, or whose claim has run out.
const FREE: &str = "(claimed_until IS NULL OR claimed_until <= ?1)";

/// Finds what another caller has not finished telling an earlier fact of the same reservation for.
const EARLIER_IS_OUT: &str = "EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.reservation = outbox.reservation \
    AND earlier.id < outbox.id AND earlier.claimed_until > ?1)";

#[async_trait]
impl OutboxStore for SqliteStore {
    async fn claim_outbox(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Fact>, StoreError> {
        // Most rounds find nothing, and finding nothing should not take the writer's time.
        let any = format!("SELECT 1 FROM outbox WHERE {FREE} LIMIT 1");
        if !self.read(move |connection| exists(connection, &any, [now.as_micros()])).await? {
            return Ok(Vec::new());
        }
        let until = now.after(lease);
        self.write(move |set| {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let sql = format!(
                "SELECT id, event, at, body FROM outbox WHERE {FREE} AND NOT {EARLIER_IS_OUT} ORDER BY id LIMIT ?2"
            );
            let facts = all(set.connection(), &sql, (now.as_micros(), limit), |row| rows::fact(row))?;
            for fact in &facts {
                let sql = "UPDATE outbox SET claimed_until = ?2 WHERE id = ?1";
                write::run(set.connection(), sql, (stored(fact.id.0), until.as_micros()))?;
            }
            Ok(facts)
        })
        .await
    }

    async fn ack_outbox(&self, facts: &[FactId]) -> Result<(), StoreError> {
        let facts = facts.to_vec();
        self.write(move |set| {
            for fact in &facts {
                write::run(set.connection(), "DELETE FROM outbox WHERE id = ?1", [stored(fact.0)])?;
            }
            Ok(())
        })
        .await
    }
}
