//! The log of what staff did.

use std::sync::LazyLock;

use async_trait::async_trait;
use rusqlite::params;
use tiketi_core::{
    BuyerId, StoreError, Timestamp,
    id::LogEntryId,
    staff_log::{LogEntry, LogOutcome},
    store::{LogQuery, StaffLog},
};
use tiketi_sql::{LogPath, LogRow, columns};

use crate::load::all;
use crate::statement::Statement;
use crate::store::SqliteStore;
use crate::write;

static BEGIN: LazyLock<Statement> = LazyLock::new(|| Statement::insert::<LogRow<'_>>(""));
const END: &str = "UPDATE staff_log SET ended_at = ?2, result = ?3, code = ?4, before = ?5, after = ?6, reason = ?7, \
    subject_kind = coalesce(?8, subject_kind), subject = coalesce(?9, subject) \
    WHERE id = ?1 AND ended_at IS NULL";

/// Expands to a page that is found by the index of the first condition.
macro_rules! page {
    ($found_by:literal) => {
        concat!(
            "SELECT ",
            columns!(log),
            " FROM staff_log WHERE ",
            $found_by,
            "(at, id) < (?1, ?2) AND at >= ?3 AND (?5 IS NULL OR actor = ?5) AND (?6 IS NULL OR subject = ?6) \
            AND (?7 IS NULL OR action = ?7) ORDER BY at DESC, id DESC LIMIT ?4"
        )
    };
}

/// Returns the statement of a page.
const fn page_by(path: LogPath) -> &'static str {
    match path {
        LogPath::Actor => page!("actor = ?5 AND "),
        LogPath::Subject => page!("subject = ?6 AND "),
        LogPath::Action => page!("action = ?7 AND "),
        LogPath::Time => page!(""),
    }
}

#[async_trait]
impl StaffLog for SqliteStore {
    async fn begin_action(&self, entry: LogEntry) -> Result<(), StoreError> {
        entry.check_texts()?;
        self.write(move |set| BEGIN.run_one(set.connection(), &LogRow::of(&entry))).await
    }

    async fn end_action(&self, id: LogEntryId, outcome: LogOutcome) -> Result<bool, StoreError> {
        outcome.check_texts()?;
        self.write(move |set| {
            let LogOutcome { at, result, subject, before, after, reason } = &outcome;
            let (kind, subject) = subject.as_ref().map(|subject| (&subject.kind, subject.id)).unzip();
            let (at, word, code) = (at.as_micros(), result.word(), result.code());
            let values = params![id.as_uuid(), at, word, code, before, after, reason, kind, subject];
            Ok(write::run(set.connection(), END, values)? == 1)
        })
        .await
    }

    async fn log_entries(&self, query: LogQuery) -> Result<Vec<LogEntry>, StoreError> {
        self.read(move |connection| {
            let (at, id) = (query.before.at.as_micros(), query.before.id.as_uuid());
            let from = query.from.map_or(i64::MIN, Timestamp::as_micros);
            let actor = query.actor.map(BuyerId::as_uuid);
            let values = params![at, id, from, query.limit, actor, query.subject, query.action];
            all(connection, page_by(LogPath::of(&query)), values, |row| LogRow::read(row)?.entry())
        })
        .await
    }
}
