//! The probe of a file: a write, the space left, and whether the open files are still those of the path.

use std::fs::{self, File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rusqlite::Connection;
use tiketi_core::{StoreError, StoreErrorKind, Timestamp};

use crate::error::failed;
use crate::migrate::{SCHEMA, applied};
use crate::open;

/// Least space on the disk: some thousand sales, and the next checkpoint of the log.
#[cfg(unix)]
const LEAST_SPACE: u64 = 4 << 20;
/// Space that the file must be able to take, in bytes: a batch takes less.
const LEAST_PAGES: u32 = 64 << 10;

/// Takes the pages of a small batch, so that a file at its limit is noticed, and gives them back.
const TAKE_PAGES: &str = "UPDATE probe SET space = zeroblob(?1)";
const WRITE: &str = "UPDATE probe SET written_at = ?1";

/// The identities of the files that a store has open.
#[derive(Debug)]
pub(crate) struct OpenFiles {
    file: (PathBuf, Identity),
    lock: (PathBuf, Identity),
    /// The write-ahead log, which SQLite creates with the first read or write.
    log: (PathBuf, OnceLock<Identity>),
}

/// What stays the same while a file is renamed, and differs for another file of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity(u64, u64);

impl Identity {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(metadata.dev(), metadata.ino())
    }

    /// Elsewhere the standard library shows no identity, so that only a missing file is noticed.
    #[cfg(not(unix))]
    fn of(_metadata: &Metadata) -> Self {
        Self(0, 0)
    }
}

impl OpenFiles {
    /// Remembers the files of a store that was just opened.
    pub(crate) fn of(path: &Path, lock: &File) -> std::io::Result<Self> {
        Ok(Self {
            file: (path.to_owned(), Identity::of(&fs::metadata(path)?)),
            lock: (open::lock_path(path), Identity::of(&lock.metadata()?)),
            log: (open::log_path(path), OnceLock::new()),
        })
    }

    /// Fails if a new process would open another file: sales would go into one that no one finds again.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        for (path, opened) in [&self.file, &self.lock] {
            same(path, *opened)?;
        }
        let (path, seen) = &self.log;
        let found = identity(path)?;
        same_as(path, *seen.get_or_init(|| found), found)
    }

    /// Fails if the disk is almost full: the log may reuse its own space while nothing else fits any more.
    #[cfg(unix)]
    pub(crate) fn check_space(&self) -> Result<(), StoreError> {
        let (path, _) = &self.file;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let disk =
            rustix::fs::statvfs(folder).map_err(|error| unusable("cannot be read", path, error.into()))?;
        let left = disk.f_bavail.saturating_mul(disk.f_frsize);
        if left < LEAST_SPACE {
            let message = format!("the disk is full: {left} bytes are left for {}", path.display());
            return Err(StoreError::new(StoreErrorKind::Unavailable, message));
        }
        Ok(())
    }

    #[cfg(not(unix))]
    pub(crate) fn check_space(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

fn identity(path: &Path) -> Result<Identity, StoreError> {
    let metadata = fs::metadata(path).map_err(|error| unusable("was moved or deleted", path, error))?;
    Ok(Identity::of(&metadata))
}

fn same(path: &Path, opened: Identity) -> Result<(), StoreError> {
    same_as(path, opened, identity(path)?)
}

fn same_as(path: &Path, opened: Identity, found: Identity) -> Result<(), StoreError> {
    if opened == found {
        return Ok(());
    }
    let message = format!("{} was replaced by another file while it was open", path.display());
    Err(StoreError::new(StoreErrorKind::Unavailable, message))
}

fn unusable(what: &str, path: &Path, error: std::io::Error) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, format!("{} {what}", path.display())).caused_by(error)
}

/// Takes and gives back pages, and writes the moment. The outer error is one of the whole batch.
pub(crate) fn write(connection: &Connection, now: Timestamp) -> Result<Result<(), StoreError>, StoreError> {
    let found = applied(connection).map_err(failed)?;
    if found != SCHEMA {
        let message = format!("the file has schema {found}, and this release needs {SCHEMA}");
        return Ok(Err(StoreError::new(StoreErrorKind::Unavailable, message)));
    }
    connection.execute_batch("SAVEPOINT probe").map_err(failed)?;
    let taken = connection.execute(TAKE_PAGES, [LEAST_PAGES]).map_err(failed);
    if taken.is_err() && connection.is_autocommit() {
        // SQLite has ended the whole transaction.
        return taken.map(|_| Ok(()));
    }
    connection.execute_batch("ROLLBACK TO probe; RELEASE probe").map_err(failed)?;
    if let Err(error) = taken {
        return Ok(Err(error));
    }
    connection.execute(WRITE, [now.as_micros()]).map_err(failed)?;
    Ok(Ok(()))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// `/proc` is a file system without free space.
    #[test]
    fn a_disk_without_space_is_noticed_and_the_file_is_named() {
        let path = Path::new("/proc/tiketi.db");
        let files = OpenFiles {
            file: (path.to_owned(), Identity(0, 0)),
            lock: (open::lock_path(path), Identity(0, 0)),
            log: (open::log_path(path), OnceLock::new()),
        };
        let error = files.check_space().unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert_eq!(error.to_string(), "the disk is full: 0 bytes are left for /proc/tiketi.db");
    }
}
