//! The store: one file, one writer, several readers.

use std::convert::Infallible;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use tiketi_core::{StoreError, Timestamp, metrics::Metrics, store::StoreClock};

use crate::copy;
use crate::error::OpenError;
use crate::open;
use crate::readers::Readers;
use crate::writer::Writer;

/// Every store trait of `tiketi-core` over one SQLite file.
///
/// Dropping it finishes what is queued and closes the file.
#[derive(Debug)]
pub struct SqliteStore {
    // Fields drop in this order: the writer empties the log last, and only then may others open the file.
    readers: Readers,
    writer: Writer,
    path: PathBuf,
    _lock: File,
}

/// Threads that read at the same time.
const READERS: usize = 4;

impl SqliteStore {
    /// Opens a shop's file, makes it if there is none, and brings its schema up to date.
    ///
    /// The file is read once as a whole, so that nothing is sold from a corrupt one.
    ///
    /// # Errors
    ///
    /// [`OpenError`] naming the file and what is wrong with it; a refused file is not touched.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref().to_owned();
        let lock = open::lock(&path)?;
        let connection = open::writer(&path).map_err(|error| error.of(&path))?;
        let readers = Readers::start(&path, READERS).map_err(|error| error.of(&path))?;
        let unreadable = |source| OpenError::Unreadable { path: path.clone(), source };
        let writer = Writer::start(connection).map_err(unreadable)?;
        Ok(Self { readers, writer, path, _lock: lock })
    }

    /// Returns the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Sends measurements of batches to a host's metrics; a second call has no effect.
    pub fn set_metrics(&self, metrics: Arc<dyn Metrics>) {
        self.writer.metrics().set(metrics);
    }

    /// Copies the shop to a new file while it goes on selling; the copy is a state that once was.
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

    /// Limits the file to so many bytes, or with `None` lifts the limit.
    ///
    /// A command that would go beyond it fails with [`tiketi_core::StoreErrorKind::Unavailable`], as if the
    /// disk were full. A file that is larger already stays as it is.
    pub async fn limit_size(&self, bytes: Option<u64>) -> Result<(), StoreError> {
        self.write(move |set| set.limit_size(bytes)).await
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }

    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&rusqlite::Connection) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        self.readers.run(work).await
    }

    /// Writes something that no rule can refuse.
    pub(crate) async fn write<T, F>(&self, mut work: F) -> Result<T, StoreError>
    where
        F: FnMut(&mut crate::working_set::WorkingSet<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let written = self.writer.run_work::<T, Infallible, _>(move |set| Ok(work(set)?));
        written.await.map_err(StoreError::from)
    }
}

/// One process sells from a file, and its clock is the only one.
#[async_trait]
impl StoreClock for SqliteStore {
    async fn store_time(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }
}
