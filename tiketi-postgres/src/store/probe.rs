//! The probe of a database: one row is written, by the statement that reads the schema.

use std::hash::{BuildHasher, Hasher, RandomState};

use async_trait::async_trait;
use tiketi_core::{StoreError, StoreErrorKind, Timestamp, store::StoreProbe};
use tiketi_sql::Row as _;

use crate::migrate::SCHEMA;
use crate::sql::row::Row;
use crate::store::PostgresStore;

/// Slots, so that a server that freezes with the lock of its row seldom stops another one's probe.
const SLOTS: u64 = 64;

const WRITE: &str = "INSERT INTO tiketi.probes AS known (slot, written_at) VALUES ($1, $2) \
    ON CONFLICT (slot) DO UPDATE SET written_at = excluded.written_at \
    RETURNING (SELECT coalesce(max(version), 0) FROM tiketi.migrations) AS schema";

/// Chooses the slot of a store; several stores may have one.
pub(super) fn slot() -> i64 {
    i64::try_from(RandomState::new().build_hasher().finish() % SLOTS).unwrap_or(0)
}

#[async_trait]
impl StoreProbe for PostgresStore {
    async fn probe_write(&self, now: Timestamp) -> Result<(), StoreError> {
        let write = self.query(WRITE).bind(self.probe_slot).bind(now.as_micros());
        let rows = self.database().execute_returning(write).await?;
        let found = rows.first().map(|row| Row::of(row).int("schema")).transpose()?.unwrap_or(0);
        if found == i64::from(SCHEMA) {
            return Ok(());
        }
        let message = format!("the database has schema {found}, and this release needs {SCHEMA}");
        Err(StoreError::new(StoreErrorKind::Unavailable, message))
    }
}
