//! Classifies errors of Redis.

use redis::{ErrorKind, RedisError, ServerErrorKind};
use tiketi_core::{StoreError, StoreErrorKind};

/// Returns the error of a command that only reads.
pub(crate) fn read_failed(error: RedisError) -> StoreError {
    let kind = if is_defect(&error) { StoreErrorKind::Internal } else { StoreErrorKind::Unavailable };
    StoreError::new(kind, "Redis does not answer").caused_by(error)
}

/// Returns the error of a command that writes: without an answer it may have been applied.
pub(crate) fn write_failed(error: RedisError) -> StoreError {
    if is_defect(&error) {
        return StoreError::new(StoreErrorKind::Internal, "Redis refuses a script").caused_by(error);
    }
    let was_not_sent = error.is_connection_refusal() || error.kind() == ErrorKind::ClusterConnectionNotFound;
    // A script that Redis answers with an error has written nothing: it does what can fail before its first write,
    // and SCRIPT KILL ends no script that has written. BUSY, LOADING, OOM, READONLY and similar errors come before
    // a script runs.
    let was_answered = matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension);
    if was_not_sent || was_answered {
        StoreError::new(StoreErrorKind::Unavailable, "Redis does not take the command").caused_by(error)
    } else {
        StoreError::new(StoreErrorKind::OutcomeUnknown, "Redis did not answer in time").caused_by(error)
    }
}

/// Returns whether the same command always fails again.
fn is_defect(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Server(kind) => {
            matches!(kind, ServerErrorKind::CrossSlot | ServerErrorKind::NoPerm)
        }
        ErrorKind::UnexpectedReturnType
        | ErrorKind::Parse
        | ErrorKind::AuthenticationFailed
        | ErrorKind::InvalidClientConfig
        | ErrorKind::RESP3NotSupported => true,
        _ => false,
    }
}
