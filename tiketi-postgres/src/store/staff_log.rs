//! The log of what staff did.

use std::sync::LazyLock;

use async_trait::async_trait;
use tiketi_core::{
    BuyerId, StoreError, Timestamp,
    id::LogEntryId,
    staff_log::{LogEntry, LogOutcome},
    store::{LogQuery, StaffLog},
    text::can_be_kept,
};
use tiketi_sql::{LogPath, LogRow, columns};

use crate::sql::row::each;
use crate::sql::statement::RowStatement;
use crate::store::PostgresStore;

static BEGIN: LazyLock<RowStatement> = LazyLock::new(|| RowStatement::insert::<LogRow<'_>>(""));
const END: &str = "UPDATE tiketi.staff_log SET ended_at = $2, result = $3, code = $4, before = $5, after = $6, \
    reason = $7, subject_kind = coalesce($8, subject_kind), subject = coalesce($9, subject) \
    WHERE id = $1 AND ended_at IS NULL";

/// Expands to a page that is found by the index of the first condition.
macro_rules! page {
    ($found_by:literal) => {
        concat!(
            "SELECT ",
            columns!(log),
            " FROM tiketi.staff_log WHERE ",
            $found_by,
            "(at, id) < ($1, $2) AND at >= $3 AND ($5::uuid IS NULL OR actor = $5) \
            AND ($6::uuid IS NULL OR subject = $6) AND ($7::text IS NULL OR action = $7) \
            ORDER BY at DESC, id DESC LIMIT $4"
        )
    };
}

/// Returns the statement of a page.
const fn page_by(path: LogPath) -> &'static str {
    match path {
        LogPath::Actor => page!("actor = $5 AND "),
        LogPath::Subject => page!("subject = $6 AND "),
        LogPath::Action => page!("action = $7 AND "),
        LogPath::Time => page!(""),
    }
}

#[async_trait]
impl StaffLog for PostgresStore {
    async fn begin_action(&self, entry: LogEntry) -> Result<(), StoreError> {
        entry.check_texts()?;
        let row = LogRow::of(&entry);
        self.write(|| BEGIN.bind(self.query(BEGIN.sql()), &row)).await.map(drop)
    }

    async fn end_action(&self, id: LogEntryId, outcome: LogOutcome) -> Result<bool, StoreError> {
        outcome.check_texts()?;
        let LogOutcome { at, result, subject, before, after, reason } = &outcome;
        let (kind, subject) = subject.as_ref().map(|subject| (&*subject.kind, subject.id)).unzip();
        let end = || {
            let ended = self.query(END).bind(id.as_uuid()).bind(at.as_micros());
            let ended = ended.bind(result.word()).bind(result.code()).bind(before.as_deref());
            ended.bind(after.as_deref()).bind(reason.as_deref()).bind(kind).bind(subject)
        };
        Ok(self.write(end).await? == 1)
    }

    async fn log_entries(&self, query: LogQuery) -> Result<Vec<LogEntry>, StoreError> {
        let action = query.action.as_deref();
        if action.is_some_and(|action| !can_be_kept(action)) {
            return Ok(Vec::new());
        }
        let page = self.query(page_by(LogPath::of(&query)));
        let page = page.bind(query.before.at.as_micros()).bind(query.before.id.as_uuid());
        let page = page.bind(query.from.map_or(i64::MIN, Timestamp::as_micros)).bind(i64::from(query.limit));
        let page = page.bind(query.actor.map(BuyerId::as_uuid)).bind(query.subject).bind(action);
        let found = self.database().fetch_all(page).await?;
        each(&found, |row| LogRow::read(row)?.entry())
    }
}
