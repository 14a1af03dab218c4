//! Records of creations, by which a repeated creation is recognised.

use std::sync::LazyLock;

use tiketi_core::decide::CreationRecord;
use tiketi_core::{CommandKey, StoreError, StoreErrorKind};
use tiketi_sql::{CreationRow, columns};

use crate::sql::row::maybe;
use crate::sql::session::Session;
use crate::sql::statement::RowStatement;

const RECORD: &str = concat!("SELECT ", columns!(creation), " FROM tiketi.creations WHERE key = $1");
static REMEMBER: LazyLock<RowStatement> =
    LazyLock::new(|| RowStatement::insert::<CreationRow>("ON CONFLICT DO NOTHING"));

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
    unless_raced(session.execute(remember).await?)
}

/// Fails with contention if an insert made no row: another server made the same, and a retry finds its record.
///
/// The names of constraints do not tell, because shards have names of their own.
pub(crate) fn unless_raced(inserted: u64) -> Result<(), StoreError> {
    if inserted == 0 {
        return Err(StoreError::new(StoreErrorKind::Contention, "another server made the same"));
    }
    Ok(())
}
