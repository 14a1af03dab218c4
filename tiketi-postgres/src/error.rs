//! Maps errors of Postgres to those of the store traits.

use sqlx::Error;
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgDatabaseError, PgSeverity};
use tiketi_core::{StoreError, StoreErrorKind};
use tiketi_sql::{closed, panicked};
use tokio::task::JoinError;

/// The SQLSTATE of a lock that was not granted within `lock_timeout`.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Classifies an error that came before a commit, for the command that caused it.
pub(crate) fn failed(error: Error) -> StoreError {
    let (kind, message) = match &error {
        Error::Database(database) => of_state(&**database),
        Error::PoolTimedOut => (StoreErrorKind::Unavailable, "every connection to the database is busy"),
        Error::PoolClosed => (StoreErrorKind::Unavailable, "the pool of connections is closed"),
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => {
            (StoreErrorKind::Unavailable, "the connection to the database was lost")
        }
        Error::ColumnDecode { .. } | Error::Decode(_) => {
            (StoreErrorKind::Corrupt, "a row of the database is unreadable")
        }
        _ => (StoreErrorKind::Internal, "postgres failed"),
    };
    StoreError::new(kind, message).caused_by(error)
}

/// Classifies a failed commit: unless the server reports that it refused, the outcome is unknown.
///
/// Only SQLSTATEs by which a transaction is known to be undone are refusals. Any other may come from beyond this server:
/// a coordinator of shards reports the lost answer of a shard that committed as an internal error (`XX000`).
pub(crate) fn commit_failed(error: Error) -> StoreError {
    let refused = match &error {
        Error::Database(database) => {
            !ends_connection(&**database) && is_refusal(&database.code().unwrap_or_default())
        }
        _ => false,
    };
    if refused {
        return failed(error);
    }
    StoreError::new(StoreErrorKind::OutcomeUnknown, "it is not known whether a commit succeeded")
        .caused_by(error)
}

/// Returns whether a transaction that ends with this SQLSTATE is undone (source: PostgreSQL's manual, appendix A).
///
/// `40003` is "statement completion unknown".
fn is_refusal(state: &str) -> bool {
    let class = state.get(..2).unwrap_or_default();
    let is_of_statement =
        matches!(class, "0A" | "21" | "22" | "23" | "25" | "28" | "3F" | "42" | "44" | "53" | "54" | "55");
    is_of_statement || matches!(state, "40001" | "40P01" | "40002" | "57014")
}

/// Returns whether the server ended the connection with this error.
fn ends_connection(error: &dyn DatabaseError) -> bool {
    let severity = error.try_downcast_ref::<PgDatabaseError>().map(PgDatabaseError::severity);
    matches!(severity, None | Some(PgSeverity::Fatal | PgSeverity::Panic))
}

/// Classifies SQLSTATEs (source: PostgreSQL's manual, appendix A).
fn of_state(error: &dyn DatabaseError) -> (StoreErrorKind, &'static str) {
    let state = error.code().unwrap_or_default();
    match &*state {
        "40001" | "40P01" => (StoreErrorKind::Contention, "others kept winning the same rows"),
        LOCK_NOT_AVAILABLE => {
            (StoreErrorKind::Contention, "another session has locked the same rows for too long")
        }
        "57014" => (StoreErrorKind::Unavailable, "the database took too long"),
        "25006" => (StoreErrorKind::Unavailable, "the database takes no writes"),
        "3F000" | "42P01" | "42703" => {
            (StoreErrorKind::Unavailable, "the database has no schema of this release: migrate it first")
        }
        // 54000 is a value too long for an index; class 22 is a value that its type does not permit.
        state if state.starts_with("22") || state == "54000" => {
            (StoreErrorKind::InvalidData, "the database cannot keep a value of the command")
        }
        state if says_lost(state) => (StoreErrorKind::Unavailable, "the connection to the database was lost"),
        state if state.starts_with("53") || state.starts_with("58") => {
            (StoreErrorKind::Unavailable, "the database is out of room or broken")
        }
        state if state.starts_with("23") || state.starts_with("XX") => {
            (StoreErrorKind::Corrupt, "the database contradicts itself")
        }
        _ => (StoreErrorKind::Internal, "postgres failed"),
    }
}

/// Returns whether the server ended the connection with this SQLSTATE, or is about to.
///
/// The 25P states end a session whose transaction was idle, or open, for too long.
fn says_lost(state: &str) -> bool {
    state.starts_with("08") || state.starts_with("57P") || matches!(state, "25P03" | "25P04")
}

/// Returns whether it failed because another session's lock lasted longer than `lock_timeout`.
pub(crate) fn lock_timed_out(error: &StoreError) -> bool {
    matches!(cause(error), Some(Error::Database(database)) if database.code().as_deref() == Some(LOCK_NOT_AVAILABLE))
}

/// Returns the error of sqlx.
fn cause(error: &StoreError) -> Option<&Error> {
    std::error::Error::source(error)?.downcast_ref()
}

/// Returns the error of a task that ended without an answer: a defect, or the end of its runtime.
pub(crate) fn ended(error: JoinError) -> StoreError {
    error.try_into_panic().map_or_else(|_| closed(), |panic| panicked(&*panic))
}

/// Returns whether a connection was lost or refused before a commit.
pub(crate) fn was_lost(error: &StoreError) -> bool {
    let lost = match cause(error) {
        Some(Error::Database(database)) => database.code().is_some_and(|state| says_lost(&state)),
        Some(Error::Io(_) | Error::Protocol(_) | Error::WorkerCrashed) => true,
        _ => false,
    };
    lost && !error.may_have_applied()
}

#[cfg(test)]
mod tests {
    use super::is_refusal;

    /// Fails if every error of a live connection is a refusal.
    #[test]
    fn only_what_undoes_a_transaction_is_a_refusal() {
        for refusal in ["23505", "40001", "40P01", "55P03", "57014", "53100", "25P02", "22003"] {
            assert!(is_refusal(refusal), "{refusal}");
        }
        for unknown in ["XX000", "XX001", "40003", "08006", "08007", "57P01", "58030", "HV000", "P0001", ""] {
            assert!(!is_refusal(unknown), "{unknown}");
        }
    }
}
