//! The queue of mail.

use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::{
    StoreError, Timestamp,
    id::MailId,
    mail::{Mail, MailOutcome},
    store::{ClaimedMail, DeadMail, MailStore},
};
use tiketi_sql::{MailRow, columns, listed_after, settled_columns};

use crate::sql::row::each;
use crate::store::PostgresStore;

/// In the order of the ids, so that two servers that queue the same mails do not wait for each other.
const QUEUE: &str = "INSERT INTO tiketi.mails (id, content, queued_at, stage, at, tries) \
    SELECT id, content, queued_at, 'waiting', queued_at, 0 \
    FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS new (id, content, queued_at) \
    ORDER BY id ON CONFLICT DO NOTHING";
/// Claims mails that are due and not locked.
const CLAIM: &str = concat!(
    "WITH due AS MATERIALIZED (SELECT id AS due_id FROM tiketi.mails WHERE stage = 'waiting' AND at <= $1 \
        ORDER BY at, id LIMIT $3 FOR UPDATE SKIP LOCKED) \
     UPDATE tiketi.mails SET at = $2, tries = tries + 1 FROM due WHERE id = due_id RETURNING ",
    columns!(mail)
);
const SETTLE: &str = "UPDATE tiketi.mails SET stage = $3, at = $4, problem = $5 \
    WHERE id = $1 AND stage = 'waiting' AND at = $2";
const DEAD: &str = concat!(
    "SELECT ",
    columns!(mail),
    " FROM tiketi.mails WHERE stage = 'dead' AND (at, id) > ($1, $2) ORDER BY at, id LIMIT $3"
);
const RETRY: &str =
    "UPDATE tiketi.mails SET stage = 'waiting', at = $2, tries = 0 WHERE id = $1 AND stage = 'dead'";
const FORGET: &str = "DELETE FROM tiketi.mails WHERE id IN (SELECT id FROM tiketi.mails \
    WHERE (stage = 'done' AND at < $1) OR (stage = 'dead' AND at < $2) LIMIT $3)";

#[async_trait]
impl MailStore for PostgresStore {
    async fn queue_mail(&self, mails: &[Mail]) -> Result<u64, StoreError> {
        let (mut ids, mut contents, mut moments) = (Vec::new(), Vec::new(), Vec::new());
        for mail in mails {
            let MailRow { id, content, queued_at, .. } = MailRow::of(mail)?;
            ids.push(id);
            contents.push(content.into_owned());
            moments.push(queued_at);
        }
        let queue = || self.query(QUEUE).bind(ids.clone()).bind(contents.clone()).bind(moments.clone());
        self.write(queue).await
    }

    async fn claim_mail(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<ClaimedMail>, StoreError> {
        let (now, until) = (now.as_micros(), now.after(lease).as_micros());
        let claim = || self.query(CLAIM).bind(now).bind(until).bind(i64::from(limit));
        let claimed = self.write_returning(claim).await?;
        let mut claimed = each(&claimed, |row| MailRow::read(row)?.claimed())?;
        claimed.sort_by_key(|it| (it.mail.queued_at, it.mail.id));
        Ok(claimed)
    }

    async fn settle_mail(
        &self,
        id: MailId,
        claimed_until: Timestamp,
        outcome: MailOutcome,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (stage, at, problem) = settled_columns(outcome, now);
        let settle = || {
            self.query(SETTLE)
                .bind(id.as_uuid())
                .bind(claimed_until.as_micros())
                .bind(stage)
                .bind(at)
                .bind(problem.as_deref())
        };
        Ok(self.write(settle).await? == 1)
    }

    async fn dead_mail(
        &self,
        after: Option<(Timestamp, MailId)>,
        limit: u32,
    ) -> Result<Vec<DeadMail>, StoreError> {
        let (at, id) = listed_after(after);
        let dead = self.query(DEAD).bind(at).bind(id).bind(i64::from(limit));
        each(&self.database().fetch_all(dead).await?, |row| MailRow::read(row)?.dead())
    }

    async fn retry_mail(&self, id: MailId, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.write(|| self.query(RETRY).bind(id.as_uuid()).bind(now.as_micros())).await? == 1)
    }

    async fn forget_mail(&self, done: Timestamp, dead: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let forget =
            || self.query(FORGET).bind(done.as_micros()).bind(dead.as_micros()).bind(i64::from(limit));
        self.write(forget).await
    }
}
