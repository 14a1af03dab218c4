//! Answers stored for idempotency keys.

use async_trait::async_trait;
use rusqlite::Connection;
use tiketi_core::{
    CommandKey, StoreError, Timestamp,
    store::{Answer, AnswerClaim, AnswerStore},
};
use tiketi_sql::{ANSWER_COLUMNS, answer_claim};
use uuid::Uuid;

use crate::load::one;
use crate::store::SqliteStore;
use crate::write;

#[async_trait]
impl AnswerStore for SqliteStore {
    async fn claim_answer(
        &self,
        key: CommandKey,
        fingerprint: u128,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<AnswerClaim, StoreError> {
        self.write(move |set| {
            let connection = set.connection();
            let claim = claim_of(connection, key, fingerprint, now)?;
            if claim == AnswerClaim::Run {
                let sql = "INSERT INTO answers (key, fingerprint, claimed_until) VALUES (?1, ?2, ?3) \
                    ON CONFLICT (key) DO UPDATE SET claimed_until = excluded.claimed_until";
                let fingerprint = Uuid::from_u128(fingerprint);
                write::run(connection, sql, (key.as_uuid(), fingerprint, until.as_micros()))?;
            }
            Ok(claim)
        })
        .await
    }

    async fn keep_answer(&self, key: CommandKey, answer: Answer, now: Timestamp) -> Result<(), StoreError> {
        answer.check_texts()?;
        self.write(move |set| {
            let sql = "UPDATE answers SET answered_at = ?2, status = ?3, content_type = ?4, body = ?5 WHERE key = ?1";
            let values = (key.as_uuid(), now.as_micros(), answer.status, &answer.content_type, &answer.body);
            write::run(set.connection(), sql, values)?;
            Ok(())
        })
        .await
    }

    async fn give_up_answer(&self, key: CommandKey) -> Result<(), StoreError> {
        self.write(move |set| {
            let sql = "DELETE FROM answers WHERE key = ?1 AND answered_at IS NULL";
            write::run(set.connection(), sql, [key.as_uuid()])?;
            Ok(())
        })
        .await
    }

    async fn forget_answers(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write(move |set| {
            let sql = "DELETE FROM answers WHERE coalesce(answered_at, claimed_until) < ?1";
            Ok(write::run(set.connection(), sql, [before.as_micros()])? as u64)
        })
        .await
    }
}

fn claim_of(
    connection: &Connection,
    key: CommandKey,
    fingerprint: u128,
    now: Timestamp,
) -> Result<AnswerClaim, StoreError> {
    let sql = format!("SELECT {ANSWER_COLUMNS} FROM answers WHERE key = ?1");
    let found = one(connection, &sql, [key.as_uuid()], |row| answer_claim(row, fingerprint, now))?;
    Ok(found.unwrap_or(AnswerClaim::Run))
}
