//! The thread that writes: takes the queued commands, decides them, commits once, and answers all.

use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, TransactionBehavior};
use tiketi_core::{CommandError, StoreError, broadcast::CommitPublisher};
use tiketi_sql::{
    BatchCommand, BatchStore, Reply, StoreMetrics, answer_all, closed, panicked, pending, queue_is_full,
};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::time::Instant;

use crate::error::{commit_failed, failed, may_be_of_one};
use crate::working_set::{WorkingSet, WriterCache};

/// Most commands that share one commit.
pub const MAX_BATCH: usize = 256;
/// Most waiting commands; one more is refused at once, so that a slow disk does not fill the memory.
const MAX_QUEUE: usize = 16_384;

/// Sends commands to the thread that writes.
pub(crate) struct Writer {
    queue: Option<mpsc::Sender<QueuedCommand>>,
    shared: Arc<WriterShared>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread and the store share.
#[derive(Debug, Default)]
pub(crate) struct WriterShared {
    /// Metrics of batches.
    pub(crate) metrics: StoreMetrics,
    /// Where the facts of each commit are broadcast.
    pub(crate) publisher: CommitPublisher,
}

/// Names the working set type of this store's batches.
pub(crate) struct Sqlite;

impl BatchStore for Sqlite {
    type WorkingSet<'s> = WorkingSet<'s>;
}

/// A command in the queue.
type QueuedCommand = Box<dyn tiketi_sql::QueuedCommand<Sqlite>>;

/// A function as a command of a batch; it loads the rows that it reads itself.
struct Work<F, T, R> {
    decide: F,
    found: PhantomData<fn() -> (T, R)>,
}

impl<F, T, R> BatchCommand<Sqlite> for Work<F, T, R>
where
    F: FnMut(&mut WorkingSet<'_>) -> Result<T, CommandError<R>> + Send + 'static,
    T: Send + 'static,
    R: Send + 'static,
{
    type Found = T;
    type Refused = R;

    fn decide(&mut self, set: &mut WorkingSet<'_>) -> Result<T, CommandError<R>> {
        (self.decide)(set)
    }
}

impl Writer {
    /// Starts the thread on a connection.
    pub(crate) fn start(connection: Connection) -> Result<Self, std::io::Error> {
        let (queue, jobs) = mpsc::channel(MAX_QUEUE);
        let shared = Arc::<WriterShared>::default();
        let of_thread = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("tiketi-sqlite-writer".into())
            .spawn(move || write(connection, jobs, &of_thread))?;
        Ok(Self { queue: Some(queue), shared, thread: Some(thread) })
    }

    /// Returns what the thread and the store share.
    pub(crate) fn shared(&self) -> &WriterShared {
        &self.shared
    }

    /// Runs a command in a batch, and answers after the commit.
    pub(crate) async fn run<W: BatchCommand<Sqlite>>(&self, command: W) -> Reply<Sqlite, W> {
        let (job, answer) = pending(command);
        let queue = self.queue.as_ref().ok_or_else(closed)?;
        queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => queue_is_full(),
            TrySendError::Closed(_) => closed(),
        })?;
        answer.await.map_err(|_| closed())?
    }

    /// Runs a function as a command.
    pub(crate) async fn run_work<T, R, F>(&self, decide: F) -> Result<T, CommandError<R>>
    where
        F: FnMut(&mut WorkingSet<'_>) -> Result<T, CommandError<R>> + Send + 'static,
        T: Send + 'static,
        R: Send + 'static,
    {
        self.run(Work { decide, found: PhantomData }).await
    }
}

impl Drop for Writer {
    /// Ends the thread after all queued commands.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

fn write(mut connection: Connection, mut jobs: mpsc::Receiver<QueuedCommand>, shared: &WriterShared) {
    let mut cache = None;
    while let Some(first) = jobs.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < MAX_BATCH {
            match jobs.try_recv() {
                Ok(job) => batch.push(job),
                Err(_) => break,
            }
        }
        let (commands, began) = (batch.len(), Instant::now());
        let transactions = commit_batch(&mut connection, &mut cache, batch, shared);
        shared.metrics.batch(commands, transactions, began.elapsed());
    }
}

/// Commits a batch in one transaction. If one of its commands may have caused a failure, commits its halves, in
/// order.
///
/// One such command among 256 costs 16 more transactions, and only its caller gets the failure. Returns the number
/// of transactions.
fn commit_batch(
    connection: &mut Connection,
    cache: &mut Option<WriterCache>,
    batch: Vec<QueuedCommand>,
    shared: &WriterShared,
) -> usize {
    let mut parts = vec![batch];
    let mut transactions = 0;
    while let Some(mut jobs) = parts.pop() {
        transactions += 1;
        match attempt(connection, cache, &mut jobs, &shared.publisher) {
            Err(error) if jobs.len() > 1 && may_be_of_one(&error) => {
                shared.metrics.retry(&error, None);
                let later = jobs.split_off(jobs.len() / 2);
                parts.extend([later, jobs]);
            }
            done => answer_all(jobs, done),
        }
    }
    transactions
}

/// Runs commands in one transaction, and catches a panic.
///
/// A panic drops the transaction, which rolls it back, and the cache with it.
fn attempt(
    connection: &mut Connection,
    cache: &mut Option<WriterCache>,
    jobs: &mut [QueuedCommand],
    publisher: &CommitPublisher,
) -> Result<(), StoreError> {
    let committed = catch_unwind(AssertUnwindSafe(|| commit(connection, cache, jobs, publisher)));
    committed.unwrap_or_else(|panic| Err(panicked(&*panic)))
}

/// Runs commands in one transaction, and returns after the commit.
///
/// After a failure nothing stays cached, and rows are read again.
fn commit(
    connection: &mut Connection,
    cache: &mut Option<WriterCache>,
    jobs: &mut [QueuedCommand],
    publisher: &CommitPublisher,
) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let mut set = WorkingSet::new(&transaction, WriterCache::now(&transaction, cache.take())?, publisher);
    for job in jobs {
        job.decide(&mut set)?;
    }
    let (after, facts) = set.flush()?;
    transaction.commit().map_err(commit_failed)?;
    *cache = Some(after);
    for (event, body) in facts {
        publisher.publish(event, [body]);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
