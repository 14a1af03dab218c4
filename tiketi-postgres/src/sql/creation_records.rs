//! Records of creations, by which a repeated creation is recognized.

use tiketi_core::decide::CreationRecord;
use tiketi_core::{CommandKey, StoreError, StoreErrorKind};
use uuid::Uuid;

use crate::error::violates;
use crate::sql::row::maybe;
use crate::sql::session::Session;

const RECORD: &str = "SELECT fingerprint, made, at FROM tiketi.creations WHERE key = $1";
const REMEMBER: &str = "INSERT INTO tiketi.creations (key, fingerprint, made, at) VALUES ($1, $2, $3, $4)";

/// Returns the record of the creation under a key.
pub(crate) async fn record(
    session: &mut Session,
    key: CommandKey,
) -> Result<Option<CreationRecord>, StoreError> {
    let row = session.fetch_optional(sqlx::query(RECORD).bind(key.as_uuid())).await?;
    maybe(row, |row| tiketi_sql::creation_record(row))
}

/// Records a creation under its key; contention if another server records it at the same time.
pub(crate) async fn remember(
    session: &mut Session,
    key: CommandKey,
    record: &CreationRecord,
) -> Result<(), StoreError> {
    let remember = sqlx::query(REMEMBER)
        .bind(key.as_uuid())
        .bind(Uuid::from_u128(record.fingerprint))
        .bind(record.made)
        .bind(record.at.as_micros());
    session.execute(remember).await.map(drop).map_err(raced)
}

/// Turns a duplicate key into contention: another server created the same, and a retry finds it.
pub(crate) fn raced(error: StoreError) -> StoreError {
    let keys = ["one_creation_a_key", "events_pkey", "layouts_pkey"];
    if keys.into_iter().any(|key| violates(&error, key)) {
        return StoreError::new(StoreErrorKind::Contention, "another server made the same").caused_by(error);
    }
    error
}
