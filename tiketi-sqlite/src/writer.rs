//! The thread that writes: takes what is queued, decides it, commits once, answers all.

use std::fmt;
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, TransactionBehavior};
use tiketi_core::{CommandError, StoreError, StoreErrorKind};
use tokio::sync::{mpsc, oneshot};

use crate::desk::{Desk, Known};
use crate::error::{closed, commit_failed, failed};

/// Most commands that share one commit.
pub const MAX_BATCH: usize = 256;
/// Most commands that wait; one more is refused at once, so that a slow disk does not fill the memory.
const MAX_QUEUE: usize = 16_384;

/// Sends commands to the thread that writes.
pub(crate) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

/// What one command does within a batch, however often the batch is tried.
trait Job: Send {
    /// Runs against the working copy; an error means that the transaction is spoilt.
    fn run(&mut self, desk: &mut Desk<'_>) -> Result<(), StoreError>;

    /// Answers the caller: with what `run` found, or with the failure that kept it from being committed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Task<F, T, R> {
    work: F,
    found: Option<Result<T, CommandError<R>>>,
    reply: oneshot::Sender<Result<T, CommandError<R>>>,
}

impl<F, T, R> Job for Task<F, T, R>
where
    F: FnMut(&mut Desk<'_>) -> Result<T, CommandError<R>> + Send,
    T: Send,
    R: Send,
{
    fn run(&mut self, desk: &mut Desk<'_>) -> Result<(), StoreError> {
        match (self.work)(desk) {
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
        // A caller that has gone needs no answer; what it asked for is done all the same.
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
        F: FnMut(&mut Desk<'_>) -> Result<T, CommandError<R>> + Send + 'static,
        T: Send + 'static,
        R: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Box<dyn Job> = Box::new(Task { work, found: None, reply });
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

fn write(mut connection: Connection, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
    let mut known = None;
    let mut batch = Vec::with_capacity(MAX_BATCH);
    while let Some(first) = jobs.blocking_recv() {
        batch.push(first);
        while batch.len() < MAX_BATCH {
            match jobs.try_recv() {
                Ok(job) => batch.push(job),
                Err(_) => break,
            }
        }
        settle(&mut connection, &mut known, &mut batch);
    }
}

/// Commits a batch as one; if it fails, its commands one by one.
fn settle(connection: &mut Connection, known: &mut Option<Known>, batch: &mut Vec<Box<dyn Job>>) {
    if batch.len() > 1 && commit(connection, known, batch).is_ok() {
        for job in batch.drain(..) {
            job.answer(Ok(()));
        }
        return;
    }
    for mut job in batch.drain(..) {
        let committed = commit(connection, known, std::slice::from_mut(&mut job));
        job.answer(committed);
    }
}

/// Runs jobs in one transaction, and returns once they are on disk.
///
/// What is known is kept only across commits: after a failure it is read again.
fn commit(
    connection: &mut Connection,
    known: &mut Option<Known>,
    jobs: &mut [Box<dyn Job>],
) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let mut desk = Desk::new(&transaction, Known::now(&transaction, known.take())?);
    for job in jobs {
        job.run(&mut desk)?;
    }
    let after = desk.flush()?;
    transaction.commit().map_err(commit_failed)?;
    *known = Some(after);
    Ok(())
}
