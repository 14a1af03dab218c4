//! One queue and one worker for each event with commands: the commands wait in the queue, and are committed in
//! batches.
//!
//! A batch locks the event, loads what its commands read, decides them, writes all changes, and commits once. While only
//! this server writes to an event, a batch is decided ahead, and locks the event when the batch before is committed; see
//! [`ahead`].

mod ahead;
pub(crate) mod permits;
pub(crate) mod plans;
pub(crate) mod retry;
pub(crate) mod sweep;
mod worker;

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
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::error::lock_timed_out;
use crate::queue::permits::{LOCK_PATIENCE, MAX_WAITERS, MAX_WRITERS, Permits};
use crate::queue::plans::{Begin, PlanCacheMode};
use crate::queue::retry::pause;
use crate::queue::worker::EventWorker;
use crate::sql::schema::Schema;
use crate::sql::session::{Pool, Session};
use crate::working_set::load::{self, Places};
use crate::working_set::write::{self, Encoded};
use crate::working_set::{BatchClock, WorkingSet};

/// Most commands that share one commit.
pub const MAX_BATCH: usize = 256;
/// Most waiting commands of one event; one more is refused at once, so that a slow database does not fill the
/// memory.
pub const MAX_QUEUE: usize = 16_384;

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
    queues: Mutex<HashMap<EventId, EventQueue>>,
}

/// The waiting commands of an event.
struct EventQueue {
    jobs: VecDeque<QueuedCommand>,
    /// Wakes the worker, which may wait for a command while a batch commits.
    arrived: Arc<Notify>,
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
            if queue.jobs.len() >= MAX_QUEUE {
                return Err(queue_is_full());
            }
            queue.jobs.push_back(job);
            queue.arrived.notify_one();
            return Ok(());
        }
        let arrived = Arc::<Notify>::default();
        queues.insert(event, EventQueue { jobs: VecDeque::from([job]), arrived: Arc::clone(&arrived) });
        // A separate task, so that a caller that drops its future does not stop a transaction.
        tokio::spawn(worker::serve(EventWorker::new(Arc::clone(self), event, arrived)));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<EventId, EventQueue>> {
        // A panic cannot leave the map in an inconsistent state.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
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

/// An event's rows after its batches so far, valid for the next one if no other server wrote in between.
pub(crate) struct Rows {
    set: WorkingSet,
    /// The event's revision once these batches are committed.
    revision: i64,
    /// Whether no other server has written to the event, as far as the last batch could see.
    is_alone: bool,
}

impl Rows {
    /// Returns whether the rows are worth keeping for the next batch.
    fn are_worth_keeping(&self) -> bool {
        // A missing event has no row that could be checked again, and the next batch may create it.
        self.set.snapshot().is_some() && self.set.size() <= MAX_CACHED_ROWS
    }
}

/// An event's rows after one committed batch, and where the database has those that every batch changes.
pub(crate) struct CachedWorkingSet {
    rows: Rows,
    places: Places,
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
    let CachedWorkingSet { mut rows, mut places } = open(&mut session, event, before, writer).await?;
    writer.permits.note_free(event);
    let reads = read_set(jobs);
    if rows.set.snapshot().is_some() {
        load::commands(&mut session, event, &mut rows.set, &reads).await?;
        load::rows(&mut session, event, &mut rows.set, &reads, 0).await?;
    }
    for job in jobs {
        job.decide(&mut rows.set)?;
    }
    let moves_ticket_types = rows.set.writes().moves_ticket_types();
    if rows.set.writes().is_empty() {
        session.rollback().await?;
    } else {
        let facts = coalesce_facts(rows.set.take_facts());
        write::catalog(&mut session, event, &rows.set, &mut places).await?;
        if rows.set.snapshot().is_some() {
            let encoded = Encoded::of(&session, event, rows.revision, &rows.set, &facts)?;
            if !encoded.write(&mut session, &mut places).await? {
                return Err(StoreError::corrupt("a locked event was changed"));
            }
        }
        session.commit().await?;
        writer.publisher.publish(event, facts.into_iter().map(|(_, body)| body));
        rows.revision += 1;
    }
    rows.set.begin_next();
    let is_worth_keeping = rows.are_worth_keeping() && !moves_ticket_types;
    *cached = is_worth_keeping.then_some(CachedWorkingSet { rows, places });
    Ok(())
}

/// Returns the rows that commands read.
fn read_set(jobs: &[QueuedCommand]) -> BatchReadSet {
    let mut reads = BatchReadSet::default();
    for job in jobs {
        job.read_set(&mut reads);
    }
    reads
}

/// Locks an event against every other server, and loads it unless the cached rows are current.
async fn open(
    session: &mut Session,
    event: EventId,
    cached: Option<CachedWorkingSet>,
    writer: &BatchWriter,
) -> Result<CachedWorkingSet, StoreError> {
    // If other servers write too, the row moves each time, so that the known place would be useless.
    let place = cached.as_ref().filter(|cached| cached.rows.is_alone).map(|cached| &*cached.places.event);
    let Some(locked) = load::lock(session, event, place).await? else {
        let rows = Rows { set: WorkingSet::new(None), revision: 0, is_alone: false };
        return Ok(CachedWorkingSet { rows, places: Places::default() });
    };
    let clock = BatchClock { store_now: locked.store_now, margin: writer.clock_lead };
    let broadcast = writer.publisher.wanted(event);
    let is_first = cached.is_none();
    if let Some(mut cached) = cached
        && cached.rows.revision == locked.revision
    {
        cached.places.event = locked.place;
        cached.rows.set.set_clock(clock);
        cached.rows.set.set_wanted(locked.wanted, broadcast);
        cached.rows.is_alone = true;
        return Ok(cached);
    }
    let (revision, wanted) = (locked.revision, locked.wanted);
    let (snapshot, places) = load::event(session, locked).await?;
    let mut set = WorkingSet::new(Some(snapshot));
    set.set_clock(clock);
    set.set_wanted(wanted, broadcast);
    Ok(CachedWorkingSet { rows: Rows { set, revision, is_alone: is_first }, places })
}

#[cfg(test)]
mod tests;
