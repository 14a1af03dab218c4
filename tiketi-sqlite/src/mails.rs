//! The queue of mail.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;
use tiketi_core::{
    StoreError, Timestamp,
    id::MailId,
    mail::{Mail, MailOutcome},
    store::{ClaimedMail, DeadMail, MailStore},
};
use tiketi_sql::{MailRow, columns, listed_after, settled_columns};

use crate::load::{all, exists};
use crate::statement::Statement;
use crate::store::SqliteStore;
use crate::write;

static INSERT: LazyLock<Statement> =
    LazyLock::new(|| Statement::insert::<MailRow<'_>>("ON CONFLICT DO NOTHING"));
const IS_ANY_DUE: &str = "SELECT 1 FROM mails WHERE stage = 'waiting' AND at <= ?1 LIMIT 1";
const DUE: &str = concat!(
    "SELECT ",
    columns!(mail),
    " FROM mails WHERE stage = 'waiting' AND at <= ?1 ORDER BY at, id LIMIT ?2"
);
const CLAIM: &str = "UPDATE mails SET at = ?2, tries = tries + 1 WHERE id = ?1";
const SETTLE: &str = "UPDATE mails SET stage = ?3, at = ?4, problem = ?5 \
    WHERE id = ?1 AND stage = 'waiting' AND at = ?2";
const DEAD: &str = concat!(
    "SELECT ",
    columns!(mail),
    " FROM mails WHERE stage = 'dead' AND (at, id) > (?1, ?2) ORDER BY at, id LIMIT ?3"
);
const RETRY: &str = "UPDATE mails SET stage = 'waiting', at = ?2, tries = 0 WHERE id = ?1 AND stage = 'dead'";
const FORGET: &str = "DELETE FROM mails WHERE id IN (SELECT id FROM mails \
    WHERE (stage = 'done' AND at < ?1) OR (stage = 'dead' AND at < ?2) LIMIT ?3)";

#[async_trait]
impl MailStore for SqliteStore {
    async fn queue_mail(&self, mails: &[Mail]) -> Result<u64, StoreError> {
        let mails = mails.to_vec();
        self.write(move |set| {
            let mut new = 0;
            for mail in &mails {
                new += INSERT.run(set.connection(), &MailRow::of(mail)?)? as u64;
            }
            Ok(new)
        })
        .await
    }

    async fn claim_mail(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<ClaimedMail>, StoreError> {
        // Most rounds find nothing, so a read comes first: it does not delay the writer.
        let is_due = move |connection: &Connection| exists(connection, IS_ANY_DUE, [now.as_micros()]);
        if !self.read(is_due).await? {
            return Ok(Vec::new());
        }
        let until = now.after(lease).as_micros();
        self.write(move |set| {
            let connection = set.connection();
            let mut claimed =
                all(connection, DUE, (now.as_micros(), limit), |row| MailRow::read(row)?.claimed())?;
            for it in &mut claimed {
                write::run(connection, CLAIM, (it.mail.id.as_uuid(), until))?;
                it.tries = it.tries.saturating_add(1);
            }
            Ok(claimed)
        })
        .await
    }

    async fn settle_mail(
        &self,
        id: MailId,
        claimed_until: Timestamp,
        outcome: MailOutcome,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |set| {
            let (stage, at, problem) = settled_columns(outcome.clone(), now);
            let values = (id.as_uuid(), claimed_until.as_micros(), stage, at, problem);
            Ok(write::run(set.connection(), SETTLE, values)? == 1)
        })
        .await
    }

    async fn dead_mail(
        &self,
        after: Option<(Timestamp, MailId)>,
        limit: u32,
    ) -> Result<Vec<DeadMail>, StoreError> {
        let (at, id) = listed_after(after);
        self.read(move |connection| all(connection, DEAD, (at, id, limit), |row| MailRow::read(row)?.dead()))
            .await
    }

    async fn retry_mail(&self, id: MailId, now: Timestamp) -> Result<bool, StoreError> {
        self.write(move |set| Ok(write::run(set.connection(), RETRY, (id.as_uuid(), now.as_micros()))? == 1))
            .await
    }

    async fn forget_mail(&self, done: Timestamp, dead: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.write(move |set| {
            let values = (done.as_micros(), dead.as_micros(), limit);
            Ok(write::run(set.connection(), FORGET, values)? as u64)
        })
        .await
    }
}
