//! The store: one file, one writer, several readers.

use std::convert::Infallible;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use tiketi_core::{
    StoreError, Timestamp,
    metrics::Metrics,
    store::{StoreClock, StoreProbe},
};

use crate::copy;
use crate::error::OpenError;
use crate::open;
use crate::probe::{self, OpenFiles};
use crate::readers::Readers;
use crate::writer::Writer;

/// Implements every store trait of `tiketi-core` on one SQLite file.
///
/// Dropping it executes the queued commands and closes the file.
#[derive(Debug)]
pub struct SqliteStore {
    // Fields are dropped in this order: the writer truncates the log last, and only then another process may open
    // the file.
    readers: Readers,
    writer: Writer,
    path: PathBuf,
    files: OpenFiles,
    _lock: File,
}

/// Number of reader threads.
const READERS: usize = 4;

impl SqliteStore {
    /// Opens a store's file, creates it if it does not exist, and migrates its schema.
    ///
    /// The whole file is checked once, so that nothing is sold from a corrupt one.
    ///
    /// # Errors
    ///
    /// [`OpenError`] with the file and the cause; a refused file is not changed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref().to_owned();
        let lock = open::lock(&path)?;
        let connection = open::writer(&path).map_err(|error| error.of(&path))?;
        let readers = Readers::start(&path, READERS).map_err(|error| error.of(&path))?;
        let unreadable = |source| OpenError::Unreadable { path: path.clone(), source };
        let writer = Writer::start(connection).map_err(unreadable)?;
        let files = OpenFiles::of(&path, &lock)
            .map_err(|source| OpenError::Unreadable { path: path.clone(), source })?;
        Ok(Self { readers, writer, path, files, _lock: lock })
    }

    /// Returns the file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Sends measurements of batches to a host's metrics; a second call has no effect.
    pub fn set_metrics(&self, metrics: Arc<dyn Metrics>) {
        self.writer.shared().metrics.set(metrics);
    }

    /// Copies the store to a new file during sales; the copy has one committed state.
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

    /// Limits the size of the file in bytes; `None` removes the limit.
    ///
    /// A command that exceeds the limit fails with [`tiketi_core::StoreErrorKind::Unavailable`], as on a full disk.
    /// A file that is larger already keeps its size.
    pub async fn limit_size(&self, bytes: Option<u64>) -> Result<(), StoreError> {
        self.write(move |set| set.limit_size(bytes)).await
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Returns the reader threads.
    pub(crate) fn readers(&self) -> &Readers {
        &self.readers
    }

    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&rusqlite::Connection) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        self.readers.run(work).await
    }

    /// Runs a write that no rule can refuse.
    pub(crate) async fn write<T, F>(&self, mut work: F) -> Result<T, StoreError>
    where
        F: FnMut(&mut crate::working_set::WorkingSet<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let written = self.writer.run_work::<T, Infallible, _>(move |set| Ok(work(set)?));
        written.await.map_err(StoreError::from)
    }
}

/// Only one process sells from a file, so its clock is the only one.
#[async_trait]
impl StoreClock for SqliteStore {
    async fn store_time(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }
}

#[async_trait]
impl StoreProbe for SqliteStore {
    async fn probe_write(&self, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |set| probe::write(set.connection(), now)).await??;
        self.files.check()?;
        self.files.check_space()
    }
}
