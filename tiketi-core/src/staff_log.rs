//! The log of what staff did: one entry for each administrative action.
//!
//! An entry is written twice: before the action with who does what, and after it with the outcome. An entry without
//! an outcome is of an action that still runs, or of a process that died.

use crate::account::Role;
use crate::id::{BuyerId, LogEntryId};
use crate::limits::{MAX_KEY_CHARS, MAX_LOG_VALUE_CHARS, MAX_NOTE_CHARS};
use crate::text::{TextError, check_line, check_lines};
use crate::time::Timestamp;
use uuid::Uuid;

/// One action of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct LogEntry {
    /// Id of the entry.
    pub id: LogEntryId,
    /// When the action began.
    pub at: Timestamp,
    /// Who acted.
    pub actor: Actor,
    /// What was done: the id of an operation of the OpenAPI document, or a command of the server.
    pub action: String,
    /// What it was done to, if it existed before.
    pub subject: Option<LogSubject>,
    /// The id of the HTTP request.
    pub request: Option<String>,
    /// The outcome; `None` if it is not known.
    pub outcome: Option<LogOutcome>,
}

/// Who acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a row: each store reads and writes every case")]
pub enum Actor {
    /// A member of staff.
    User {
        /// Who.
        id: BuyerId,
        /// The role of that moment.
        role: Role,
    },
    /// The operator of the server: a command, or an option at its start.
    Operator,
}

/// What an action was done to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct LogSubject {
    /// What it is, in the words of the paths: `events`, `layouts`, `payments` …
    pub kind: String,
    /// Its id.
    pub id: Uuid,
}

/// The outcome of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct LogOutcome {
    /// When it ended.
    pub at: Timestamp,
    /// How it ended.
    pub result: LogResult,
    /// What was created; replaces the entry's subject, and is `None` in an outcome that is read.
    pub subject: Option<LogSubject>,
    /// What changed, as it was before: a JSON object.
    pub before: Option<String>,
    /// What changed, as it is now: a JSON object.
    pub after: Option<String>,
    /// Why, in the words of who acted.
    pub reason: Option<String>,
}

/// How an action ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a row: each store reads and writes every case")]
pub enum LogResult {
    /// It was done.
    Done,
    /// It was refused, and changed nothing.
    Refused {
        /// The code of the refusal.
        code: String,
    },
    /// It failed, and may have taken effect.
    Failed {
        /// The code of the failure.
        code: String,
    },
}

impl Actor {
    /// Returns the user who acted; `None` for the operator.
    pub const fn user(self) -> Option<BuyerId> {
        match self {
            Self::User { id, .. } => Some(id),
            Self::Operator => None,
        }
    }
}

impl LogSubject {
    /// Names something by its kind and its id.
    pub fn new(kind: impl Into<String>, id: Uuid) -> Self {
        Self { kind: kind.into(), id }
    }

    fn check_texts(&self) -> Result<(), TextError> {
        check_line("kind", &self.kind, 1..=MAX_KEY_CHARS)
    }
}

impl LogEntry {
    /// Begins an entry of an action of the operator.
    pub fn of_operator(id: LogEntryId, at: Timestamp, action: impl Into<String>) -> Self {
        Self {
            id,
            at,
            actor: Actor::Operator,
            action: action.into(),
            subject: None,
            request: None,
            outcome: None,
        }
    }

    /// Checks every text; stores call it before they save an entry.
    ///
    /// # Errors
    ///
    /// [`TextError`] naming the field.
    pub fn check_texts(&self) -> Result<(), TextError> {
        let Self { id: _, at: _, actor: _, action, subject, request, outcome } = self;
        check_line("action", action, 1..=MAX_KEY_CHARS)?;
        subject.iter().try_for_each(LogSubject::check_texts)?;
        check_line("request", request.as_deref().unwrap_or_default(), 0..=MAX_KEY_CHARS)?;
        outcome.iter().try_for_each(LogOutcome::check_texts)
    }

    /// Adds the outcome of the action.
    pub fn end(&mut self, mut outcome: LogOutcome) {
        if let Some(made) = outcome.subject.take() {
            self.subject = Some(made);
        }
        self.outcome = Some(outcome);
    }
}

impl LogOutcome {
    /// Describes an action that was done.
    pub const fn done(at: Timestamp) -> Self {
        Self { at, result: LogResult::Done, subject: None, before: None, after: None, reason: None }
    }

    /// Checks every text; stores call it before they save an outcome.
    ///
    /// # Errors
    ///
    /// [`TextError`] naming the field.
    pub fn check_texts(&self) -> Result<(), TextError> {
        let Self { at: _, result, subject, before, after, reason } = self;
        check_line("code", result.code().unwrap_or_default(), 0..=MAX_KEY_CHARS)?;
        subject.iter().try_for_each(LogSubject::check_texts)?;
        check_line("before", before.as_deref().unwrap_or_default(), 0..=MAX_LOG_VALUE_CHARS)?;
        check_line("after", after.as_deref().unwrap_or_default(), 0..=MAX_LOG_VALUE_CHARS)?;
        check_lines("reason", reason.as_deref().unwrap_or_default(), 0..=MAX_NOTE_CHARS)
    }
}

impl LogResult {
    /// Returns the code of a refusal or a failure.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Done => None,
            Self::Refused { code } | Self::Failed { code } => Some(code),
        }
    }

    /// Returns the result's word: `done`, `refused` or `failed`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused { .. } => "refused",
            Self::Failed { .. } => "failed",
        }
    }
}
