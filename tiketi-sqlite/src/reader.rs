//! A file opened only to be looked at, beside the process that sells from it.

use std::path::{Path, PathBuf};

use tiketi_core::StoreError;

use crate::copy;
use crate::error::OpenError;
use crate::migrate::{SCHEMA, schema_of};
use crate::open;
use crate::readers::Readers;

/// A shop's file, opened for an audit or a backup and never written.
///
/// Unlike [`crate::SqliteStore`] it takes no lock: it works while another process has the store open and
/// sells. What it reads is one committed state at a time, and it blocks no writer.
#[derive(Debug)]
pub struct SqliteReader {
    readers: Readers,
    path: PathBuf,
}

impl SqliteReader {
    /// Opens a shop's file, which has to exist and be of this release's schema.
    ///
    /// # Errors
    ///
    /// [`OpenError`] naming the file and what is wrong with it: among others [`OpenError::Unreadable`] if
    /// there is none, [`OpenError::OlderSchema`] if it has to be brought up to date first.
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

    /// Returns a file's schema, without changing it: 0 if it is empty.
    ///
    /// # Errors
    ///
    /// As [`SqliteReader::open`], but any schema is right.
    pub fn schema_of(path: impl AsRef<Path>) -> Result<u32, OpenError> {
        let path = path.as_ref();
        open::probe(path, std::fs::OpenOptions::new().read(true))
            .map_err(|source| OpenError::Unreadable { path: path.to_owned(), source })?;
        let found = open::reader(path).and_then(|connection| schema_of(&connection, path));
        found.map_err(|error| error.of(path))
    }

    /// Returns the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Copies the shop to a new file; the copy is a state that once was.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Unavailable`] if the file exists or cannot be written.
    pub async fn backup(&self, to: impl AsRef<Path>) -> Result<(), StoreError> {
        copy::backup(&self.readers, to.as_ref()).await
    }

    /// Asks SQLite whether the file is sound, and returns what it finds; nothing is found in a sound file.
    pub async fn integrity_check(&self) -> Result<Vec<String>, StoreError> {
        copy::integrity_check(&self.readers).await
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.readers
    }
}
