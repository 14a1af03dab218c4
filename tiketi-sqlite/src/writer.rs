//! The thread that writes: takes what is queued, decides it, commits once, answers all.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, TransactionBehavior};
use tiketi_core::{CommandError, StoreError, StoreErrorKind};
use tokio::sync::{mpsc, oneshot};

use crate::error::{closed, commit_failed, failed, may_be_of_one, panicked, shared};
use crate::working_set::{WorkingSet, WriterCache};

/// Most commands that share one commit.
pub const MAX_BATCH: usize = 256;
/// Most commands that wait; one more is refused at once, so that a slow disk does not fill the memory.
const MAX_QUEUE: usize = 16_384;

/// Sends commands to the thread that writes.
pub(crate) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn QueuedCommand>>>,
    thread: Option<JoinHandle<()>>,
}

/// What one command does within a batch, however often the batch is tried.
trait QueuedCommand: Send {
    /// Runs against the working copy; an error means that the transaction is spoilt.
    fn run(&mut self, set: &mut WorkingSet<'_>) -> Result<(), StoreError>;

    /// Answers the caller: with what `run` found, or with the failure that kept it from being committed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Pending<F, T, R> {
    work: F,
    found: Option<Result<T, CommandError<R>>>,
    reply: oneshot::Sender<Result<T, CommandError<R>>>,
}

impl<F, T, R> QueuedCommand for Pending<F, T, R>
where
    F: FnMut(&mut WorkingSet<'_>) -> Result<T, CommandError<R>> + Send,
    T: Send,
    R: Send,
{
    fn run(&mut self, set: &mut WorkingSet<'_>) -> Result<(), StoreError> {
        match (self.work)(set) {
            Err(CommandError::Store(error)) => Err(error),
            found => {
                self.found = Some(found);
                Ok(())
            }
        }
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let answer = match (committed, self.found) {
            (Ok(()), Some(found)) => found,
            (Ok(()), None) => Err(closed().into()),
            (Err(error), _) => Err(error.into()),
        };
        // A caller that has gone needs no answer; its command is committed.
        let _gone = self.reply.send(answer);
    }
}

impl Writer {
    /// Starts the thread on a connection.
    pub(crate) fn start(connection: Connection) -> Result<Self, std::io::Error> {
        let (queue, jobs) = mpsc::channel(MAX_QUEUE);
        let thread = thread::Builder::new()
            .name("tiketi-sqlite-writer".into())
            .spawn(move || write(connection, jobs))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Runs work in a batch and answers once it is on disk.
    ///
    /// The work may run more than once, each time from the beginning, when its batch fails.
    pub(crate) async fn run<T, R, F>(&self, work: F) -> Result<T, CommandError<R>>
    where
        F: FnMut(&mut WorkingSet<'_>) -> Result<T, CommandError<R>> + Send + 'static,
        T: Send + 'static,
        R: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Box<dyn QueuedCommand> = Box::new(Pending { work, found: None, reply });
        let queue = self.queue.as_ref().ok_or_else(closed)?;
        queue.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::new(
                StoreErrorKind::Unavailable,
                "too many commands are waiting: try again shortly",
            ),
            mpsc::error::TrySendError::Closed(_) => closed(),
        })?;
        answer.await.map_err(|_| closed())?
    }
}

impl Drop for Writer {
    /// Ends the thread once everything queued is done.
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

fn write(mut connection: Connection, mut jobs: mpsc::Receiver<Box<dyn QueuedCommand>>) {
    let mut cache = None;
    while let Some(first) = jobs.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < MAX_BATCH {
            match jobs.try_recv() {
                Ok(job) => batch.push(job),
                Err(_) => break,
            }
        }
        commit_batch(&mut connection, &mut cache, batch);
    }
}

/// Commits a batch as one; if one of its commands may be to blame for a failure, its halves, in their order.
///
/// One such command among 256 costs 16 more transactions, and is answered with its failure alone. Returns how many
/// transactions were begun.
fn commit_batch(
    connection: &mut Connection,
    cache: &mut Option<WriterCache>,
    batch: Vec<Box<dyn QueuedCommand>>,
) -> usize {
    let mut parts = vec![batch];
    let mut transactions = 0;
    while let Some(mut jobs) = parts.pop() {
        transactions += 1;
        match attempt(connection, cache, &mut jobs) {
            Err(error) if jobs.len() > 1 && may_be_of_one(&error) => {
                let later = jobs.split_off(jobs.len() / 2);
                parts.extend([later, jobs]);
            }
            done => answer(jobs, done),
        }
    }
    transactions
}

fn answer(jobs: Vec<Box<dyn QueuedCommand>>, done: Result<(), StoreError>) {
    let done = done.map_err(Arc::new);
    for job in jobs {
        job.answer(done.as_ref().copied().map_err(shared));
    }
}

/// Runs jobs in one transaction, and survives a panic of one of them.
///
/// A panic drops the transaction, which rolls it back, and what was known with it.
fn attempt(
    connection: &mut Connection,
    cache: &mut Option<WriterCache>,
    jobs: &mut [Box<dyn QueuedCommand>],
) -> Result<(), StoreError> {
    let committed = catch_unwind(AssertUnwindSafe(|| commit(connection, cache, jobs)));
    committed.unwrap_or_else(|panic| Err(panicked(&*panic)))
}

/// Runs jobs in one transaction, and returns once they are on disk.
///
/// What is known is kept only across commits: after a failure it is read again.
fn commit(
    connection: &mut Connection,
    cache: &mut Option<WriterCache>,
    jobs: &mut [Box<dyn QueuedCommand>],
) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let mut set = WorkingSet::new(&transaction, WriterCache::now(&transaction, cache.take())?);
    for job in jobs {
        job.run(&mut set)?;
    }
    let after = set.flush()?;
    transaction.commit().map_err(commit_failed)?;
    *cache = Some(after);
    Ok(())
}

#[cfg(test)]
mod tests;
