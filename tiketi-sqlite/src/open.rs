//! Opening the file: one process, one writer, several readers.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::error::OpenError;
use crate::migrate::migrate;

/// Most prepared statements cached on each connection; the store has fewer.
const PREPARED: usize = 128;

/// Returns how a new file is made: only its owner may read it, because it has password hashes and what buyers own.
///
/// SQLite gives its journals the mode of the file.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Returns the operating system's reason why a file cannot be opened, because SQLite does not report it.
pub(crate) fn probe(path: &Path, options: &OpenOptions) -> io::Result<()> {
    if options.open(path)?.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(())
}

/// Locks the file against other processes until the lock is dropped.
///
/// The lock is on a file next to the database, because SQLite's own locks end with each transaction.
pub(crate) fn lock(path: &Path) -> Result<File, OpenError> {
    let unreadable = |source| OpenError::Unreadable { path: path.to_owned(), source };
    match probe(path, OpenOptions::new().read(true).write(true)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unreadable(error)),
        _ => {}
    }
    let lock = private().create(true).truncate(false).open(lock_path(path)).map_err(unreadable)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(unreadable(source)),
    }
}

/// Returns the path of the lock of a file.
pub(crate) fn lock_path(path: &Path) -> PathBuf {
    beside(path, ".lock")
}

/// Returns the path of the write-ahead log of a file.
pub(crate) fn log_path(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

/// Opens the connection that writes, and migrates the schema.
pub(crate) fn writer(path: &Path) -> Result<Connection, OpenError> {
    match private().create_new(true).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(OpenError::Unreadable { path: path.to_owned(), source: error });
        }
        _ => {}
    }
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    migrate(&mut connection, path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    Ok(connection)
}

/// Opens a connection that only reads.
pub(crate) fn reader(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails without the pragma, and with NORMAL: SQLite then syncs its log at checkpoints only.
    #[test]
    fn a_commit_waits_for_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let connection = writer(&folder.path().join("tiketi.db")).unwrap();
        let set = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u8>(0)).unwrap();
        assert_eq!((set("synchronous"), set("foreign_keys")), (2, 1), "FULL, and checked");
        let journal: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(journal, "wal");
    }
}
