//! The reader threads, each with its own connection.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tiketi_core::{StoreError, StoreErrorKind};
use tiketi_sql::{closed, panicked};
use tokio::sync::oneshot;

use crate::error::OpenError;
use crate::open;

/// Most waiting reads; one more is refused at once.
const MAX_QUEUE: usize = 16_384;

type Read = Box<dyn FnOnce(&mut Connection) + Send>;

/// Sends reads to the reader threads.
pub(crate) struct Readers {
    queue: Option<SyncSender<Read>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// Starts this many threads, each with its own connection to a file.
    pub(crate) fn start(path: &Path, count: usize) -> Result<Self, OpenError> {
        let (queue, reads) = mpsc::sync_channel(MAX_QUEUE);
        let reads = Arc::new(Mutex::new(reads));
        let mut threads = Vec::with_capacity(count);
        for number in 0..count {
            let connection = open::reader(path)?;
            let reads = Arc::clone(&reads);
            let thread = thread::Builder::new().name(format!("tiketi-sqlite-reader-{number}"));
            let unreadable = |source| OpenError::Unreadable { path: path.to_owned(), source };
            threads.push(thread.spawn(move || read(connection, &reads)).map_err(unreadable)?);
        }
        Ok(Self { queue: Some(queue), threads })
    }

    /// Reads from one snapshot of the database.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        self.run_outside(|connection| snapshot(connection, work)).await
    }

    /// Reads outside any transaction.
    pub(crate) async fn run_outside<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let read: Read = Box::new(move |connection| {
            // A panic drops the transaction, which ends it; the thread continues with the next read.
            let found = catch_unwind(AssertUnwindSafe(|| work(connection)));
            let found = found.unwrap_or_else(|panic| Err(panicked(&*panic)));
            // If the caller has dropped its future, no answer is needed.
            let _gone = reply.send(found);
        });
        let queue = self.queue.as_ref().ok_or_else(closed)?;
        queue.try_send(read).map_err(|error| match error {
            TrySendError::Full(_) => {
                StoreError::new(StoreErrorKind::Unavailable, "too many reads are waiting: try again shortly")
            }
            TrySendError::Disconnected(_) => closed(),
        })?;
        answer.await.map_err(|_| closed())?
    }
}

/// Runs a read in a transaction, so that all its statements see one state.
fn snapshot<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let transaction = connection.transaction().map_err(crate::error::failed)?;
    work(&transaction)
}

fn read(mut connection: Connection, reads: &Mutex<Receiver<Read>>) {
    loop {
        // The lock is released before the read begins, so that the next thread can wait for a read meanwhile.
        let next = reads.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(read) => read(&mut connection),
            Err(_) => return,
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            let _panicked = thread.join();
        }
    }
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails without `catch_unwind`: the panic then ends the only reader, and the next read is refused.
    #[tokio::test]
    async fn a_read_that_panics_fails_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        open::writer(&path).unwrap();
        let readers = Readers::start(&path, 1).unwrap();
        let failed = readers.run::<(), _>(|_| panic!("a defect in a read")).await.unwrap_err();
        assert_eq!(failed.kind(), StoreErrorKind::Internal);
        assert!(failed.to_string().contains("a defect in a read"), "{failed}");
        let one = readers
            .run(|connection| Ok(connection.query_row("SELECT 1", [], |row| row.get::<_, i64>(0)).unwrap()));
        assert_eq!(one.await.unwrap(), 1);
    }
}
