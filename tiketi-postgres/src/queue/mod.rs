//! One queue and one worker for each event with commands: the commands wait in the queue, and are committed in
//! batches.
//!
//! A batch locks the event, loads what its commands read, decides them, writes all changes, and commits once.

pub(crate) mod permits;
pub(crate) mod plans;
pub(crate) mod retry;
pub(crate) mod sweep;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use sqlx::postgres::PgPool;
use tiketi_core::decide::coalesce_facts;
use tiketi_core::{EventId, StoreError, StoreErrorKind, broadcast::CommitPublisher};
use tiketi_sql::{
    BatchCommand, BatchReadSet, BatchStore, Reply, StoreMetrics, answer_all, closed, panicked, pending,
    queue_is_full,
};
use tokio::time::Instant;

use crate::error::lock_timed_out;
use crate::queue::permits::{LOCK_PATIENCE, MAX_WAITERS, MAX_WRITERS, Permits};
use crate::queue::plans::{Begin, PlanCacheMode};
use crate::queue::retry::pause;
use crate::sql::schema::Schema;
use crate::sql::session::{Pool, Session};
use crate::working_set::load::{self, Places};
use crate::working_set::write;
use crate::working_set::{BatchClock, WorkingSet};

/// Most commands that share one commit.
pub const MAX_BATCH: usize = 256;
/// Most waiting commands of one event; one more is refused at once, so that a slow database does not fill the
/// memory.
pub const MAX_QUEUE: usize = 16_384;
/// How many times a worker yields to callers, at most, while more commands arrive.
const MAX_YIELDS: u32 = 16;

/// Names the working set type of this store's batches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Postgres;

impl BatchStore for Postgres {
    type WorkingSet<'s> = WorkingSet;
}

/// A command in a queue.
pub(crate) type QueuedCommand = Box<dyn tiketi_sql::QueuedCommand<Postgres>>;

/// The event queues of a store. An event has a worker task only while it has commands.
pub(crate) struct EventQueues {
    pub(crate) writer: BatchWriter,
    queues: Mutex<HashMap<EventId, VecDeque<QueuedCommand>>>,
}

impl EventQueues {
    /// Creates queues whose batches have separate connections, with the settings of a pool.
    pub(crate) fn new(pool: &PgPool, schema: Arc<Schema>, options: BatchOptions) -> Self {
        Self { writer: BatchWriter::new(pool, schema, options), queues: Mutex::default() }
    }

    /// Executes a command in a batch of its event, and answers after the commit.
    pub(crate) async fn run<W: BatchCommand<Postgres>>(
        self: &Arc<Self>,
        event: EventId,
        work: W,
    ) -> Reply<Postgres, W> {
        let (job, answer) = pending(work);
        self.queue(event, job)?;
        answer.await.map_err(|_| closed())?
    }

    fn queue(self: &Arc<Self>, event: EventId, job: QueuedCommand) -> Result<(), StoreError> {
        let mut queues = self.lock();
        if let Some(queue) = queues.get_mut(&event) {
            if queue.len() >= MAX_QUEUE {
                return Err(queue_is_full());
            }
            queue.push_back(job);
            return Ok(());
        }
        queues.insert(event, VecDeque::from([job]));
        // A separate task, so that a caller that drops its future does not stop a transaction.
        tokio::spawn(serve(EventWorker { queues: Arc::clone(self), event, is_open: true }));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<EventId, VecDeque<QueuedCommand>>> {
        // A panic cannot leave the map in an inconsistent state.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task that serves one event's queue.
struct EventWorker {
    queues: Arc<EventQueues>,
    event: EventId,
    is_open: bool,
}

impl EventWorker {
    /// Takes the waiting commands, up to a batch; closes the queue if there are none.
    fn take(&mut self) -> Option<Vec<QueuedCommand>> {
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
    /// Lets tasks that are ready, such as the callers just answered, send their next commands. It yields and does
    /// not sleep.
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
        commit_batch(&worker.queues.writer, worker.event, &mut cached, jobs).await;
    }
}

impl fmt::Debug for EventQueues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventQueues").field("open", &self.lock().len()).finish_non_exhaustive()
    }
}

/// Most rows that a busy worker caches from one batch to the next.
const MAX_CACHED_ROWS: usize = 50_000;

/// How the batches of a store run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchOptions {
    /// How far the time of a command may be ahead of the database's clock.
    pub(crate) clock_lead: Duration,
    pub(crate) plan_cache_mode: PlanCacheMode,
}

/// What all batches of a store share.
pub(crate) struct BatchWriter {
    /// Connections for batches only, so that readers do not delay the outcomes of payments.
    pub(crate) connections: Pool,
    pub(crate) permits: Arc<Permits>,
    pub(crate) counted: Counted,
    pub(crate) metrics: StoreMetrics,
    /// Where the facts of each commit are broadcast.
    pub(crate) publisher: CommitPublisher,
    /// How far the time of a command may be ahead of the database's clock.
    clock_lead: Duration,
    begin: Begin,
}

impl BatchWriter {
    /// Opens separate connections, with the address and the settings of a pool.
    pub(crate) fn new(pool: &PgPool, schema: Arc<Schema>, options: BatchOptions) -> Self {
        let own = pool.options().clone().min_connections(0).max_connections(MAX_WRITERS + MAX_WAITERS);
        // A lost connection shows at the batch's first statement, and the batch is tried again. A test before each
        // batch would cost a round trip.
        let own = own.test_before_acquire(false);
        let own = own.connect_lazy_with(pool.connect_options().as_ref().clone());
        Self {
            connections: Pool::of(own, schema, "write"),
            permits: Arc::new(Permits::new()),
            counted: Counted::default(),
            metrics: StoreMetrics::default(),
            publisher: CommitPublisher::default(),
            clock_lead: options.clock_lead,
            begin: Begin::of(options.plan_cache_mode),
        }
    }
}

/// Counters of the batches that a store has executed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Batches {
    /// Number of batches.
    pub count: u64,
    /// Number of commands in all batches.
    pub commands: u64,
    /// Number of commands in the largest batch.
    pub largest: u64,
    /// Number of transactions: one for each batch, and more for retries and for halves.
    pub transactions: u64,
}

/// Counts batches as they are taken from their queues.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    count: AtomicU64,
    commands: AtomicU64,
    largest: AtomicU64,
    transactions: AtomicU64,
}

impl Counted {
    pub(crate) fn add(&self, commands: usize) {
        let commands = commands as u64;
        self.count.fetch_add(1, Ordering::Relaxed);
        self.commands.fetch_add(commands, Ordering::Relaxed);
        self.largest.fetch_max(commands, Ordering::Relaxed);
    }

    pub(crate) fn add_transaction(&self) {
        self.transactions.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn so_far(&self) -> Batches {
        Batches {
            count: self.count.load(Ordering::Relaxed),
            commands: self.commands.load(Ordering::Relaxed),
            largest: self.largest.load(Ordering::Relaxed),
            transactions: self.transactions.load(Ordering::Relaxed),
        }
    }
}

/// An event's rows after one batch, valid for the next one if no other server wrote in between.
pub(crate) struct CachedWorkingSet {
    set: WorkingSet,
    revision: i64,
    places: Places,
    /// Whether no other server has written to the event, as far as the last batch could see.
    is_alone: bool,
}

/// Commits a batch in one transaction. If one of its commands may have caused a failure, commits its halves, in
/// order.
///
/// One such command among 256 costs 16 more transactions, and only its caller gets the failure.
pub(crate) async fn commit_batch(
    writer: &BatchWriter,
    event: EventId,
    cached: &mut Option<CachedWorkingSet>,
    jobs: Vec<QueuedCommand>,
) {
    let (commands, began) = (jobs.len(), Instant::now());
    let mut transactions = 0;
    let mut parts = vec![jobs];
    while let Some(mut jobs) = parts.pop() {
        match attempts(writer, event, cached, &mut jobs, &mut transactions).await {
            Err(error) if jobs.len() > 1 && may_be_of_one(&error) => {
                writer.metrics.retry(&error, Some(event));
                let later = jobs.split_off(jobs.len() / 2);
                parts.extend([later, jobs]);
            }
            done => answer_all(jobs, done),
        }
    }
    writer.metrics.batch(commands, transactions, began.elapsed());
}

/// Returns whether a single command can have made its whole batch fail with this error.
fn may_be_of_one(error: &StoreError) -> bool {
    matches!(error.kind(), StoreErrorKind::Corrupt | StoreErrorKind::InvalidData | StoreErrorKind::Internal)
}

/// Runs commands until they are committed, fail permanently, have failed too many times, or waited too long for a
/// lock.
///
/// No permit is held between tries, so that an event that another session has locked does not delay other events.
async fn attempts(
    writer: &BatchWriter,
    event: EventId,
    cached: &mut Option<CachedWorkingSet>,
    jobs: &mut [QueuedCommand],
    transactions: &mut usize,
) -> Result<(), StoreError> {
    let deadline = Instant::now() + LOCK_PATIENCE;
    let mut tried = 0;
    loop {
        let permit = writer.permits.acquire(event, deadline).await?;
        let begin = if permit.is_waiter() { writer.begin.waiting } else { writer.begin.first };
        writer.counted.add_transaction();
        *transactions += 1;
        // A panic drops the session, which rolls the transaction back; the cached rows are dropped with it.
        let attempt = AssertUnwindSafe(attempt(writer, begin, event, cached, jobs)).catch_unwind().await;
        let done = attempt.unwrap_or_else(|panic| Err(panicked(&*panic)));
        drop(permit);
        match done {
            Err(error) if lock_timed_out(&error) => {
                writer.permits.note_locked(event);
                if Instant::now() >= deadline {
                    return Err(error);
                }
                writer.metrics.retry(&error, Some(event));
            }
            Err(error) if pause(tried, &error).await => {
                tried += 1;
                writer.metrics.retry(&error, Some(event));
            }
            done => return done,
        }
    }
}

/// Runs commands in one transaction, and returns after the commit.
///
/// After a failure nothing stays cached, and rows are read again.
async fn attempt(
    writer: &BatchWriter,
    begin: &'static str,
    event: EventId,
    cached: &mut Option<CachedWorkingSet>,
    jobs: &mut [QueuedCommand],
) -> Result<(), StoreError> {
    let before = cached.take();
    let mut session = writer.connections.begin_in_task(begin).await?;
    let CachedWorkingSet { mut set, revision, mut places, is_alone } =
        open(&mut session, event, before, writer).await?;
    writer.permits.note_free(event);
    let mut reads = BatchReadSet::default();
    for job in jobs.iter() {
        job.read_set(&mut reads);
    }
    load::rows(&mut session, event, &mut set, &reads).await?;
    for job in jobs {
        job.decide(&mut set)?;
    }
    let mut revision = revision;
    if set.writes().is_empty() {
        session.rollback().await?;
    } else {
        let facts = coalesce_facts(set.take_facts());
        write::all(&mut session, event, &set, &facts, &mut places).await?;
        session.commit().await?;
        writer.publisher.publish(event, facts.into_iter().map(|(_, body)| body));
        revision += 1;
    }
    // A missing event has no row that could be checked again, and the next batch may create it.
    let exists = set.snapshot().is_some();
    let is_worth_keeping = exists && set.size() <= MAX_CACHED_ROWS && !set.writes().moves_ticket_types();
    set.committed();
    *cached = is_worth_keeping.then_some(CachedWorkingSet { set, revision, places, is_alone });
    Ok(())
}

/// Locks an event against every other server, and loads it unless the cached rows are current.
async fn open(
    session: &mut Session,
    event: EventId,
    cached: Option<CachedWorkingSet>,
    writer: &BatchWriter,
) -> Result<CachedWorkingSet, StoreError> {
    // If other servers write too, the row moves each time, so that the known place would be useless.
    let place = cached.as_ref().filter(|cached| cached.is_alone).map(|cached| &*cached.places.event);
    let Some(locked) = load::lock(session, event, place).await? else {
        let (set, places) = (WorkingSet::new(None), Places::default());
        return Ok(CachedWorkingSet { set, revision: 0, places, is_alone: false });
    };
    let clock = BatchClock { store_now: locked.store_now, margin: writer.clock_lead };
    let broadcast = writer.publisher.wanted(event);
    let is_first = cached.is_none();
    if let Some(mut cached) = cached
        && cached.revision == locked.revision
    {
        cached.places.event = locked.place;
        cached.set.set_clock(clock);
        cached.set.set_wanted(locked.wanted, broadcast);
        return Ok(CachedWorkingSet { is_alone: true, ..cached });
    }
    let (revision, wanted) = (locked.revision, locked.wanted);
    let (snapshot, places) = load::event(session, locked).await?;
    let mut set = WorkingSet::new(Some(snapshot));
    set.set_clock(clock);
    set.set_wanted(wanted, broadcast);
    Ok(CachedWorkingSet { set, revision, places, is_alone: is_first })
}

#[cfg(test)]
mod tests;
