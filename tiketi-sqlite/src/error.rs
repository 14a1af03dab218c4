//! What SQLite says, in the words of the store traits.

use std::path::{Path, PathBuf};

use rusqlite::{Error, ErrorCode};
use tiketi_core::{StoreError, StoreErrorKind};

/// Why a file cannot be opened as a shop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has the file open.
    #[error("{} is in use by another process: stop it first, or give this one a file of its own", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file is a database of something else, or no database.
    #[error("{} is not a tiketi store: nothing in it was touched; name another file", path.display())]
    ForeignFile {
        /// The file.
        path: PathBuf,
    },
    /// A later release wrote the file.
    #[error("{} has schema {found}, and this release knows only up to {known}: use a later release", path.display())]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// The file's schema.
        found: u32,
        /// The latest schema this release knows.
        known: u32,
    },
    /// An earlier release wrote the file, and it was opened only to be read.
    #[error("{} has schema {found}, and this release needs {known}: bring it up to date first", path.display())]
    OlderSchema {
        /// The file.
        path: PathBuf,
        /// The file's schema.
        found: u32,
        /// The schema this release needs.
        known: u32,
    },
    /// The file is a shop's, and parts of it are lost or overwritten.
    #[error("{} is corrupt ({problem}): nothing in it was touched; put a backup in its place", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite finds wrong with it.
        problem: String,
    },
    /// The folder or file cannot be read or written.
    #[error("{} cannot be opened to be read and written", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// SQLite failed.
    #[error("sqlite failed to open the store")]
    Sqlite(#[from] Error),
}

impl OpenError {
    /// Names the file, where SQLite did not, and sorts what SQLite says of it.
    pub(crate) fn of(self, path: &Path) -> Self {
        let Self::Sqlite(error) = self else { return self };
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::ForeignFile { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, problem: error.to_string() },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse { path },
            Some(
                ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::SystemIoFailure
                | ErrorCode::DiskFull,
            ) => Self::Unreadable { path, source: std::io::Error::other(error) },
            _ => Self::Sqlite(error),
        }
    }
}

/// Says what a failure of SQLite means for the command that met it.
pub(crate) fn failed(error: Error) -> StoreError {
    let (kind, message) = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => (StoreErrorKind::Unavailable, "the disk is full"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (StoreErrorKind::Unavailable, "the database is busy")
        }
        Some(
            ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::SystemIoFailure | ErrorCode::OutOfMemory,
        ) => (StoreErrorKind::Unavailable, "the database cannot be read or written"),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ConstraintViolation) => {
            (StoreErrorKind::Corrupt, "the database contradicts itself")
        }
        Some(ErrorCode::TooBig | ErrorCode::TypeMismatch) => {
            (StoreErrorKind::InvalidData, "the database cannot keep a value of the command")
        }
        _ => (StoreErrorKind::Internal, "sqlite failed"),
    };
    StoreError::new(kind, message).caused_by(error)
}

/// Says what a failure to commit means: after a device error, it is unknown whether it is on disk.
pub(crate) fn commit_failed(error: Error) -> StoreError {
    if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) {
        return StoreError::new(StoreErrorKind::OutcomeUnknown, "the disk failed during a commit")
            .caused_by(error);
    }
    failed(error)
}

/// Returns whether a single command can have made a whole batch fail like this.
///
/// A full disk may have room for the others. A fault of the file concerns all of them, and trying once more for each of
/// them would keep all of them waiting.
pub(crate) fn may_be_of_one(error: &StoreError) -> bool {
    match error.kind() {
        StoreErrorKind::Corrupt | StoreErrorKind::InvalidData | StoreErrorKind::Internal => true,
        StoreErrorKind::Unavailable => {
            let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<Error>());
            cause.and_then(Error::sqlite_error_code) == Some(ErrorCode::DiskFull)
        }
        _ => false,
    }
}
