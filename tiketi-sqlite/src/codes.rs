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

use crate::load::one;
use crate::statement::Statement;
use crate::store::SqliteStore;
use crate::write;

static INSERT: LazyLock<Statement> = LazyLock::new(|| Statement::insert::<CodeRow<'_>>(""));
const BY_ID: &str = concat!("SELECT ", columns!(code), " FROM codes WHERE id = ?1");
const ISSUE: &str = "UPDATE codes SET hash = ?2 WHERE id = ?1";
const TAKE_TRY: &str = concat!(
    "UPDATE codes SET tries_left = tries_left - 1 WHERE id = ?1 AND tries_left > 0 AND expires_at > ?2 RETURNING ",
    columns!(code)
);
const FORGET: &str = "DELETE FROM codes WHERE id IN \
    (SELECT id FROM codes WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";

#[async_trait]
impl CodeStore for SqliteStore {
    async fn put_code(&self, code: MailedCode) -> Result<(), StoreError> {
        code.check_texts()?;
        self.write(move |set| INSERT.run_one(set.connection(), &CodeRow::of(&code)?)).await
    }

    async fn code(&self, id: CodeId) -> Result<Option<MailedCode>, StoreError> {
        self.read(move |connection| one(connection, BY_ID, [id.as_uuid()], |row| CodeRow::read(row)?.code()))
            .await
    }

    async fn issue_code(&self, id: CodeId, hash: CodeHash) -> Result<bool, StoreError> {
        self.write(move |set| Ok(write::run(set.connection(), ISSUE, (id.as_uuid(), hash.to_string()))? == 1))
            .await
    }

    async fn take_try(&self, id: CodeId, now: Timestamp) -> Result<Option<MailedCode>, StoreError> {
        self.write(move |set| {
            let values = (id.as_uuid(), now.as_micros());
            one(set.connection(), TAKE_TRY, values, |row| CodeRow::read(row)?.code())
        })
        .await
    }

    async fn use_code(&self, id: CodeId) -> Result<bool, StoreError> {
        self.write(move |set| {
            Ok(write::run(set.connection(), "DELETE FROM codes WHERE id = ?1", [id.as_uuid()])? == 1)
        })
        .await
    }

    async fn forget_codes(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.write(move |set| Ok(write::run(set.connection(), FORGET, (now.as_micros(), limit))? as u64))
            .await
    }
}
