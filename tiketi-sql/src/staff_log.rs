//! Entries of the log of what staff did.

use std::borrow::Cow;

use tiketi_core::{
    BuyerId, StoreError, Timestamp,
    id::LogEntryId,
    staff_log::{Actor, LogEntry, LogOutcome, LogResult, LogSubject},
    store::LogQuery,
};
use uuid::Uuid;

use crate::row::unreadable;
use crate::table::table;

table! {
    /// One row of `staff_log`.
    LogRow<'r> = "staff_log", listed by log_columns {
        key { id: Uuid }
        fixed {
            at: i64,
            actor: Option<Uuid>,
            role: Option<Cow<'r, str>>,
            action: Cow<'r, str>,
            request: Option<Cow<'r, str>>,
        }
        changing {
            subject_kind: Option<Cow<'r, str>>,
            subject: Option<Uuid>,
            ended_at: Option<i64>,
            result: Option<Cow<'r, str>>,
            code: Option<Cow<'r, str>>,
            before: Option<Cow<'r, str>>,
            after: Option<Cow<'r, str>>,
            reason: Option<Cow<'r, str>>,
        }
    }
}

/// The column by which a page of the log is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a store has a statement for each")]
pub enum LogPath {
    /// The index of subjects.
    Subject,
    /// The index of actors.
    Actor,
    /// The index of actions.
    Action,
    /// The index of times.
    Time,
}

impl LogPath {
    /// Chooses the column that selects the fewest entries.
    pub const fn of(query: &LogQuery) -> Self {
        match query {
            LogQuery { subject: Some(_), .. } => Self::Subject,
            LogQuery { actor: Some(_), .. } => Self::Actor,
            LogQuery { action: Some(_), .. } => Self::Action,
            _ => Self::Time,
        }
    }
}

impl<'r> LogRow<'r> {
    /// Writes an entry as its columns.
    pub fn of(entry: &'r LogEntry) -> Self {
        let LogEntry { id, at, actor, action, subject, request, outcome } = entry;
        let role = match actor {
            Actor::User { role, .. } => Some(role.word()),
            Actor::Operator => None,
        };
        Self {
            id: id.as_uuid(),
            at: at.as_micros(),
            actor: actor.user().map(BuyerId::as_uuid),
            role: role.map(Cow::Borrowed),
            action: action.into(),
            request: request.as_deref().map(Cow::Borrowed),
            subject_kind: subject.as_ref().map(|subject| Cow::Borrowed(&*subject.kind)),
            subject: subject.as_ref().map(|subject| subject.id),
            ended_at: outcome.as_ref().map(|outcome| outcome.at.as_micros()),
            result: outcome.as_ref().map(|outcome| outcome.result.word().into()),
            code: outcome.as_ref().and_then(|outcome| outcome.result.code().map(Cow::Borrowed)),
            before: outcome.as_ref().and_then(|outcome| outcome.before.as_deref().map(Cow::Borrowed)),
            after: outcome.as_ref().and_then(|outcome| outcome.after.as_deref().map(Cow::Borrowed)),
            reason: outcome.as_ref().and_then(|outcome| outcome.reason.as_deref().map(Cow::Borrowed)),
        }
    }

    /// Reads the entry from its columns.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] if a column does not hold what it should.
    pub fn entry(self) -> Result<LogEntry, StoreError> {
        let actor = match (self.actor, self.role.as_deref()) {
            (Some(id), Some(role)) => Actor::User {
                id: BuyerId::from_uuid(id),
                role: role.parse().map_err(|_| unreadable("role"))?,
            },
            (None, None) => Actor::Operator,
            _ => return Err(unreadable("actor")),
        };
        let subject = match (self.subject_kind, self.subject) {
            (Some(kind), Some(id)) => Some(LogSubject { kind: kind.into_owned(), id }),
            (None, None) => None,
            _ => return Err(unreadable("subject")),
        };
        let result = match (self.result.as_deref(), self.code) {
            (None, None) => None,
            (Some("done"), None) => Some(LogResult::Done),
            (Some("refused"), Some(code)) => Some(LogResult::Refused { code: code.into_owned() }),
            (Some("failed"), Some(code)) => Some(LogResult::Failed { code: code.into_owned() }),
            _ => return Err(unreadable("result")),
        };
        let outcome = match (self.ended_at, result) {
            (None, None) => None,
            (Some(at), Some(result)) => Some(LogOutcome {
                at: Timestamp::from_micros(at),
                result,
                subject: None,
                before: self.before.map(Cow::into_owned),
                after: self.after.map(Cow::into_owned),
                reason: self.reason.map(Cow::into_owned),
            }),
            _ => return Err(unreadable("outcome")),
        };
        Ok(LogEntry {
            id: LogEntryId::from_uuid(self.id),
            at: Timestamp::from_micros(self.at),
            actor,
            action: self.action.into_owned(),
            subject,
            request: self.request.map(Cow::into_owned),
            outcome,
        })
    }
}
