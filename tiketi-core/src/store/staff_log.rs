//! Storage of the log of what staff did.

use std::fmt::Debug;

use async_trait::async_trait;
use uuid::Uuid;

use crate::clock::Clock;
use crate::error::StoreError;
use crate::id::{BuyerId, LogEntryId};
use crate::staff_log::{LogEntry, LogOutcome, LogResult};
use crate::time::Timestamp;

/// Saves what staff do.
///
/// # Contract
///
/// An entry MUST be as durable as it will ever be before its method returns: the action begins only then. No method
/// deletes an entry, or changes one after its outcome. What [`LogEntry::check_texts`] or [`LogOutcome::check_texts`]
/// refuses MUST be an error of the kind [`crate::StoreErrorKind::InvalidData`]. Time MUST come from the arguments.
#[async_trait]
pub trait StaffLog: Debug + Send + Sync + 'static {
    /// Saves what someone is about to do.
    ///
    /// # Contract
    ///
    /// An id that exists MUST be an error, and the entry under it MUST stay as it is.
    async fn begin_action(&self, entry: LogEntry) -> Result<(), StoreError>;

    /// Saves the outcome of an action, and returns whether it did.
    ///
    /// # Contract
    ///
    /// It MUST be saved only if there is such an entry and it has no outcome: of several calls for one entry, exactly one
    /// MUST return `true`, and it is the only one that changes the entry, as [`LogEntry::end`] does.
    async fn end_action(&self, id: LogEntryId, outcome: LogOutcome) -> Result<bool, StoreError>;

    /// Returns the entries that a query selects, the newest first: by time, and of one time by id.
    ///
    /// # Contract
    ///
    /// A durable adapter MUST find a page by an index of the actor, the subject or the action if the query names one, and
    /// otherwise by time.
    async fn log_entries(&self, query: LogQuery) -> Result<Vec<LogEntry>, StoreError>;
}

/// Records an action around work that is not an HTTP request: before it begins, and its outcome.
///
/// `work` returns its result with the outcome to save. If it fails, [`LogResult::Failed`] is saved.
///
/// # Errors
///
/// That of the work; or that of the store, and then the work did not begin.
pub async fn recorded<T, E: From<StoreError>>(
    log: &dyn StaffLog,
    clock: &dyn Clock,
    entry: LogEntry,
    work: impl Future<Output = Result<(T, LogOutcome), E>> + Send,
) -> Result<T, E> {
    let id = entry.id;
    log.begin_action(entry).await?;
    let (result, outcome) = match work.await {
        Ok((done, outcome)) => (Ok(done), outcome),
        Err(error) => {
            let result = LogResult::Failed { code: "FAILED".to_owned() };
            (Err(error), LogOutcome { result, ..LogOutcome::done(clock.now()) })
        }
    };
    if let Err(failure) = log.end_action(id, outcome).await {
        // The entry stays without an outcome, which shows that it is not known.
        tracing::error!(%failure, entry = %id, "the outcome of an action could not be recorded");
    }
    result
}

/// Selects entries of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogQuery {
    /// Only actions of this user; `None` for all.
    pub actor: Option<BuyerId>,
    /// Only actions on what has this id; `None` for all.
    pub subject: Option<Uuid>,
    /// Only this action; `None` for all.
    pub action: Option<String>,
    /// Only actions that began at this moment or later.
    pub from: Option<Timestamp>,
    /// Only entries that are older than this one.
    pub before: LogKey,
    /// Most entries.
    pub limit: u32,
}

/// The place of an entry in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "the key of a page, which hosts write and read")]
pub struct LogKey {
    /// When the action began.
    pub at: Timestamp,
    /// The entry's id.
    pub id: LogEntryId,
}

impl LogKey {
    /// After every entry.
    pub const END: Self = Self { at: Timestamp::FAR_FUTURE, id: LogEntryId::from_uuid(Uuid::max()) };

    /// Before every entry that began at a moment or later.
    pub const fn at(at: Timestamp) -> Self {
        Self { at, id: LogEntryId::from_uuid(Uuid::nil()) }
    }

    /// Returns the place of an entry.
    pub const fn of(entry: &LogEntry) -> Self {
        Self { at: entry.at, id: entry.id }
    }
}

impl LogQuery {
    /// Selects the newest entries, at most `limit`.
    pub const fn newest(limit: u32) -> Self {
        Self { actor: None, subject: None, action: None, from: None, before: LogKey::END, limit }
    }

    /// Returns whether it selects an entry, whatever the limit is.
    pub fn selects(&self, entry: &LogEntry) -> bool {
        self.actor.is_none_or(|actor| entry.actor.user() == Some(actor))
            && self.subject.is_none_or(|id| entry.subject.as_ref().is_some_and(|subject| subject.id == id))
            && self.action.as_ref().is_none_or(|action| *action == entry.action)
            && self.from.is_none_or(|from| from <= entry.at)
            && LogKey::of(entry) < self.before
    }
}
