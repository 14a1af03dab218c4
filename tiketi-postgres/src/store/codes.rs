//! Codes that are sent by mail.

use std::sync::LazyLock;

use async_trait::async_trait;
use tiketi_core::{
    StoreError, Timestamp,
    account::{CodeHash, MailedCode},
    id::CodeId,
    store::CodeStore,
};
use tiketi_sql::{CodeRow, columns};

use crate::sql::row::{each, maybe};
use crate::sql::statement::RowStatement;
use crate::store::PostgresStore;

static INSERT: LazyLock<RowStatement> = LazyLock::new(|| RowStatement::insert::<CodeRow<'_>>(""));
const BY_ID: &str = concat!("SELECT ", columns!(code), " FROM tiketi.codes WHERE id = $1");
const ISSUE: &str = "UPDATE tiketi.codes SET hash = $2 WHERE id = $1";
/// The lock of the row orders tries at once, so that each of them counts.
const TAKE_TRY: &str = concat!(
    "UPDATE tiketi.codes SET tries_left = tries_left - 1 \
     WHERE id = $1 AND tries_left > 0 AND expires_at > $2 RETURNING ",
    columns!(code)
);
const USE: &str = "DELETE FROM tiketi.codes WHERE id = $1";
const FORGET: &str = "DELETE FROM tiketi.codes WHERE id IN \
    (SELECT id FROM tiketi.codes WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";

#[async_trait]
impl CodeStore for PostgresStore {
    async fn put_code(&self, code: MailedCode) -> Result<(), StoreError> {
        code.check_texts()?;
        let row = CodeRow::of(&code)?;
        self.write(|| INSERT.bind(self.query(INSERT.sql()), &row)).await.map(drop)
    }

    async fn code(&self, id: CodeId) -> Result<Option<MailedCode>, StoreError> {
        let row = self.database().fetch_optional(self.query(BY_ID).bind(id.as_uuid())).await?;
        maybe(row, |row| CodeRow::read(row)?.code())
    }

    async fn issue_code(&self, id: CodeId, hash: CodeHash) -> Result<bool, StoreError> {
        let hash = hash.to_string();
        Ok(self.write(|| self.query(ISSUE).bind(id.as_uuid()).bind(hash.as_str())).await? == 1)
    }

    async fn take_try(&self, id: CodeId, now: Timestamp) -> Result<Option<MailedCode>, StoreError> {
        let take = || self.query(TAKE_TRY).bind(id.as_uuid()).bind(now.as_micros());
        let taken = self.write_returning(take).await?;
        Ok(each(&taken, |row| CodeRow::read(row)?.code())?.pop())
    }

    async fn use_code(&self, id: CodeId) -> Result<bool, StoreError> {
        Ok(self.write(|| self.query(USE).bind(id.as_uuid())).await? == 1)
    }

    async fn forget_codes(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.write(|| self.query(FORGET).bind(now.as_micros()).bind(i64::from(limit))).await
    }
}
