//! Records of creations, by which a repeated creation is recognised.

use std::sync::LazyLock;

use tiketi_core::decide::CreationRecord;
use tiketi_core::{CommandKey, StoreError, StoreErrorKind};
use tiketi_sql::{CreationRow, columns};

use crate::error::violates;
use crate::sql::row::maybe;
use crate::sql::session::Session;
use crate::sql::statement::RowStatement;

const RECORD: &str = concat!("SELECT ", columns!(creation), " FROM tiketi.creations WHERE key = $1");
static REMEMBER: LazyLock<RowStatement> = LazyLock::new(|| RowStatement::insert::<CreationRow>(""));

/// Returns the record of the creation under a key.
pub(crate) async fn record(
    session: &mut Session,
    key: CommandKey,
) -> Result<Option<CreationRecord>, StoreError> {
    let row = session.fetch_optional(session.query(RECORD).bind(key.as_uuid())).await?;
    maybe(row, |row| Ok(CreationRow::read(row)?.record()))
}

/// Records a creation under its key; fails with contention if another server records it at the same time.
pub(crate) async fn remember(
    session: &mut Session,
    key: CommandKey,
    record: &CreationRecord,
) -> Result<(), StoreError> {
    let row = CreationRow::of(key, record);
    let remember = REMEMBER.bind(session.query(REMEMBER.sql()), &row);
    session.execute(remember).await.map(drop).map_err(raced)
}

/// Turns a duplicate key into contention: another server created the same object, and a retry finds its record.
pub(crate) fn raced(error: StoreError) -> StoreError {
    let keys = ["one_creation_a_key", "events_pkey", "layouts_pkey"];
    if keys.into_iter().any(|key| violates(&error, key)) {
        return StoreError::new(StoreErrorKind::Contention, "another server made the same").caused_by(error);
    }
    error
}
