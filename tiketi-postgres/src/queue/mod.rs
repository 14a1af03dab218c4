//! One lane an event: its commands wait in one queue and are served together, a batch at a time.

pub(crate) mod batch;
pub(crate) mod permits;
pub(crate) mod queued_command;
pub(crate) mod retry;
pub(crate) mod sweep;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::postgres::PgPool;
use tiketi_core::{EventId, StoreError, StoreErrorKind};

use crate::error::closed;
use crate::queue::batch::{BatchWriter, CachedWorkingSet};
use crate::queue::queued_command::{BatchCommand, Pending, QueuedCommand, Reply};
use crate::sql::schema::Schema;

/// Most commands that share one commit.
pub const MAX_BATCH: usize = 256;
/// Most commands of one event that wait; one more is refused at once, so that a slow database does not fill
/// the memory.
pub const MAX_QUEUE: usize = 16_384;
/// How often a lane steps back for callers, at most, while more of them keep coming.
const MAX_YIELDS: u32 = 16;

/// The lanes of a store. There is a task for each event that has commands waiting, and none for others.
pub(crate) struct EventQueues {
    pub(crate) writer: BatchWriter,
    queues: Mutex<HashMap<EventId, VecDeque<Box<dyn QueuedCommand>>>>,
}

impl EventQueues {
    /// Makes queues whose batches have connections of their own, made like those of a pool.
    pub(crate) fn new(pool: &PgPool, schema: Arc<Schema>, clock_lead: Duration) -> Self {
        Self { writer: BatchWriter::new(pool, schema, clock_lead), queues: Mutex::default() }
    }

    /// Has work done in a batch of its event, and answers once it is committed.
    pub(crate) async fn run<W: BatchCommand>(self: &Arc<Self>, event: EventId, work: W) -> Reply<W> {
        let (job, answer) = Pending::of(work);
        self.queue(event, job)?;
        answer.await.map_err(|_| closed())?
    }

    fn queue(self: &Arc<Self>, event: EventId, job: Box<dyn QueuedCommand>) -> Result<(), StoreError> {
        let mut queues = self.lock();
        if let Some(queue) = queues.get_mut(&event) {
            if queue.len() >= MAX_QUEUE {
                let message = "too many commands are waiting: try again shortly";
                return Err(StoreError::new(StoreErrorKind::Unavailable, message));
            }
            queue.push_back(job);
            return Ok(());
        }
        queues.insert(event, VecDeque::from([job]));
        // A task of its own, so that a caller that leaves cannot stop a transaction halfway.
        tokio::spawn(serve(EventWorker { queues: Arc::clone(self), event, is_open: true }));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<EventId, VecDeque<Box<dyn QueuedCommand>>>> {
        // Nothing is left half done under it.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one server of an event's queue.
struct EventWorker {
    queues: Arc<EventQueues>,
    event: EventId,
    is_open: bool,
}

impl EventWorker {
    /// Takes what is waiting, up to a batch; closes the lane if nothing is.
    fn take(&mut self) -> Option<Vec<Box<dyn QueuedCommand>>> {
        let mut queues = self.queues.lock();
        let queue = queues.get_mut(&self.event)?;
        if queue.is_empty() {
            queues.remove(&self.event);
            self.is_open = false;
            return None;
        }
        let count = queue.len().min(MAX_BATCH);
        Some(queue.drain(..count).collect())
    }
}

impl EventWorker {
    /// Lets those who are ready to ask, such as those just answered, do so. It yields and does not sleep.
    async fn let_callers_come(&self) {
        let waiting = || self.queues.lock().get(&self.event).map_or(0, VecDeque::len);
        let mut before = waiting();
        for _ in 0..MAX_YIELDS {
            tokio::task::yield_now().await;
            let now = waiting();
            if now == before || now >= MAX_BATCH {
                break;
            }
            before = now;
        }
    }
}

impl Drop for EventWorker {
    /// Fails the callers that wait for a worker that ended early, by a defect or with its runtime.
    fn drop(&mut self) {
        if self.is_open {
            let _unserved = self.queues.lock().remove(&self.event);
        }
    }
}

async fn serve(mut worker: EventWorker) {
    let mut cached: Option<CachedWorkingSet> = None;
    loop {
        worker.let_callers_come().await;
        let Some(jobs) = worker.take() else { break };
        worker.queues.writer.counted.add(jobs.len());
        batch::commit_batch(&worker.queues.writer, worker.event, &mut cached, jobs).await;
    }
}

impl fmt::Debug for EventQueues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventQueues").field("open", &self.lock().len()).finish_non_exhaustive()
    }
}
