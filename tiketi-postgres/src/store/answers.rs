//! Answers stored for idempotency keys.

use std::sync::LazyLock;

use async_trait::async_trait;
use tiketi_core::{
    CommandKey, StoreError, Timestamp,
    store::{Answer, AnswerClaim, AnswerStore, ClaimAnswer},
};
use tiketi_sql::{ANSWER_COLUMNS, answer_claim};
use uuid::Uuid;

use crate::sql::row::maybe;
use crate::store::PostgresStore;
use crate::store::slices::slice_before;

/// Claims a key that is new, whose claim by the same request has ended, or whose answer is replayed no more.
const CLAIM: &str = "INSERT INTO tiketi.answers AS kept (key, fingerprint, claimed_until) VALUES ($1, $2, $3) \
    ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint, claimed_until = excluded.claimed_until, \
        answered_at = NULL, status = NULL, content_type = NULL, body = NULL \
    WHERE kept.answered_at < $5 OR (kept.fingerprint = excluded.fingerprint AND kept.answered_at IS NULL \
        AND kept.claimed_until <= $4)";
const RENEW: &str = "UPDATE tiketi.answers SET claimed_until = $3 \
    WHERE key = $1 AND claimed_until = $2 AND answered_at IS NULL";
static ONE: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {ANSWER_COLUMNS} FROM tiketi.answers WHERE key = $1"));
const KEEP: &str =
    "UPDATE tiketi.answers SET answered_at = $2, status = $3, content_type = $4, body = $5 WHERE key = $1";
const GIVE_UP: &str = "DELETE FROM tiketi.answers WHERE key = $1 AND answered_at IS NULL";
const FORGET: &str = slice_before!("tiketi.answers", "coalesce(answered_at, claimed_until)");

#[async_trait]
impl AnswerStore for PostgresStore {
    async fn claim_answer(&self, claim: ClaimAnswer) -> Result<AnswerClaim, StoreError> {
        let take = || {
            self.query(CLAIM)
                .bind(claim.key.as_uuid())
                .bind(Uuid::from_u128(claim.fingerprint))
                .bind(claim.until.as_micros())
                .bind(claim.now.as_micros())
                .bind(claim.replay_from.as_micros())
        };
        loop {
            if self.write(take).await? > 0 {
                return Ok(AnswerClaim::Run);
            }
            let row = self.database().fetch_optional(self.query(&ONE).bind(claim.key.as_uuid())).await?;
            let kept = maybe(row, |row| answer_claim(row, &claim))?;
            match kept {
                // The key has become free meanwhile, so it is claimed again.
                None | Some(AnswerClaim::Run) => {}
                Some(verdict) => return Ok(verdict),
            }
        }
    }

    async fn renew_claim(
        &self,
        key: CommandKey,
        ends: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let renew = || self.query(RENEW).bind(key.as_uuid()).bind(ends.as_micros()).bind(until.as_micros());
        Ok(self.write(renew).await? > 0)
    }

    async fn keep_answer(&self, key: CommandKey, answer: Answer, now: Timestamp) -> Result<(), StoreError> {
        answer.check_texts()?;
        let keep = || {
            self.query(KEEP)
                .bind(key.as_uuid())
                .bind(now.as_micros())
                .bind(i64::from(answer.status))
                .bind(&*answer.content_type)
                .bind(&*answer.body)
        };
        self.write(keep).await?;
        Ok(())
    }

    async fn give_up_answer(&self, key: CommandKey) -> Result<(), StoreError> {
        self.write(|| self.query(GIVE_UP).bind(key.as_uuid())).await?;
        Ok(())
    }

    async fn forget_answers(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.delete_before(FORGET, before).await
    }
}
