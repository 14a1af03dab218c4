//! A file opened for reading, while another process sells from it.

use std::path::{Path, PathBuf};

use tiketi_core::StoreError;

use crate::copy;
use crate::error::OpenError;
use crate::migrate::{SCHEMA, schema_of};
use crate::open;
use crate::readers::Readers;

/// A store's file, opened for an audit or a backup and never written.
///
/// Unlike [`crate::SqliteStore`] it takes no lock: it works while another process has the store open. Each read
/// sees one committed state and blocks no writer.
#[derive(Debug)]
pub struct SqliteReader {
    readers: Readers,
    path: PathBuf,
}

impl SqliteReader {
    /// Opens a store's file, which must exist and have this release's schema.
    ///
    /// # Errors
    ///
    /// [`OpenError`] with the file and the cause: among others [`OpenError::Unreadable`] if the file does not
    /// exist, and [`OpenError::OlderSchema`] if it must be migrated first.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref().to_owned();
        let found = Self::schema_of(&path)?;
        match found {
            SCHEMA => {
                let readers = Readers::start(&path, 1).map_err(|error| error.of(&path))?;
                Ok(Self { readers, path })
            }
            found if found > SCHEMA => Err(OpenError::NewerSchema { path, found, known: SCHEMA }),
            found => Err(OpenError::OlderSchema { path, found, known: SCHEMA }),
        }
    }

    /// Returns a file's schema without changing the file: 0 if it is empty.
    ///
    /// # Errors
    ///
    /// As [`SqliteReader::open`], except that any schema is accepted.
    pub fn schema_of(path: impl AsRef<Path>) -> Result<u32, OpenError> {
        let path = path.as_ref();
        open::probe(path, std::fs::OpenOptions::new().read(true))
            .map_err(|source| OpenError::Unreadable { path: path.to_owned(), source })?;
        let found = open::reader(path).and_then(|connection| schema_of(&connection, path));
        found.map_err(|error| error.of(path))
    }

    /// Returns the file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Copies the store to a new file; the copy has one committed state.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Unavailable`] if the file exists or cannot be written.
    pub async fn backup(&self, to: impl AsRef<Path>) -> Result<(), StoreError> {
        copy::backup(&self.readers, to.as_ref()).await
    }

    /// Runs SQLite's integrity check, and returns the problems that it finds; a sound file has none.
    pub async fn integrity_check(&self) -> Result<Vec<String>, StoreError> {
        copy::integrity_check(&self.readers).await
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.readers
    }
}
