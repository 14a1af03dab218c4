//! Answers stored for idempotency keys.

use async_trait::async_trait;
use rusqlite::Connection;
use tiketi_core::{
    CommandKey, StoreError, Timestamp,
    store::{Answer, AnswerClaim, AnswerStore, ClaimAnswer},
};
use tiketi_sql::{ANSWER_COLUMNS, answer_claim};
use uuid::Uuid;

use crate::load::one;
use crate::slices::slice_before;
use crate::store::SqliteStore;
use crate::write;

const FORGET: &str = slice_before!("answers", "coalesce(answered_at, claimed_until)");

#[async_trait]
impl AnswerStore for SqliteStore {
    async fn claim_answer(&self, claim: ClaimAnswer) -> Result<AnswerClaim, StoreError> {
        self.write(move |set| {
            let connection = set.connection();
            let verdict = verdict_on(connection, &claim)?;
            if verdict == AnswerClaim::Run {
                // An answer that is replayed no more is replaced whole.
                let sql =
                    "INSERT OR REPLACE INTO answers (key, fingerprint, claimed_until) VALUES (?1, ?2, ?3)";
                let fingerprint = Uuid::from_u128(claim.fingerprint);
                write::run(connection, sql, (claim.key.as_uuid(), fingerprint, claim.until.as_micros()))?;
            }
            Ok(verdict)
        })
        .await
    }

    async fn renew_claim(
        &self,
        key: CommandKey,
        ends: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |set| {
            let sql = "UPDATE answers SET claimed_until = ?3 \
                WHERE key = ?1 AND claimed_until = ?2 AND answered_at IS NULL";
            let values = (key.as_uuid(), ends.as_micros(), until.as_micros());
            Ok(write::run(set.connection(), sql, values)? > 0)
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
        self.delete_before(FORGET, before).await
    }
}

fn verdict_on(connection: &Connection, claim: &ClaimAnswer) -> Result<AnswerClaim, StoreError> {
    let sql = format!("SELECT {ANSWER_COLUMNS} FROM answers WHERE key = ?1");
    let found = one(connection, &sql, [claim.key.as_uuid()], |row| answer_claim(row, claim))?;
    Ok(found.unwrap_or(AnswerClaim::Run))
}
