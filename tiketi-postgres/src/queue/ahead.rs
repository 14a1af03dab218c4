//! Batches that are decided ahead: loaded, decided and encoded while the batch before them commits, on the rows that it
//! leaves.
//!
//! Such a batch writes only once the batch before is committed, and only if the event's revision is the one that the
//! batch before left: then no other server has written to the event since its rows were read. Otherwise nothing is
//! written, and its commands are decided again under the event's lock. So nothing is answered that another commit could
//! undo.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tiketi_core::decide::coalesce_facts;
use tiketi_core::{EventId, FactBody, StoreError, StoreErrorKind};
use tiketi_sql::{answer_all, panicked};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::queue::permits::Permit;
use crate::queue::{EventQueues, QueuedCommand, Rows, read_set};
use crate::sql::session::Session;
use crate::working_set::BatchClock;
use crate::working_set::load::{self, Ahead, Places};
use crate::working_set::write::Encoded;

/// Serials taken for later batches, so that a few callers do not need one more round trip each time. Those that are left
/// when the queue is empty are used by no reservation.
const SPARE_SERIALS: i64 = 32;

/// A batch that is committed.
pub(super) struct Committed {
    /// Where it left the rows.
    pub(super) places: Places,
    /// How long its commit took, after everything was written.
    pub(super) commit_took: Duration,
}

/// The batch before another one.
pub(super) enum Before {
    Committed(Committed),
    /// It is being committed, by a task that answers its callers.
    Committing {
        task: JoinHandle<Result<Committed, Vec<QueuedCommand>>>,
        commands: usize,
    },
    /// It failed, or another server wrote to the event. The commands are to be decided again; there are none if the
    /// outcome is unknown, which its callers were told.
    Failed(Vec<QueuedCommand>),
}

impl Before {
    /// Returns how many commands are being committed.
    pub(super) fn commands(&self) -> usize {
        match self {
            Self::Committing { commands, .. } => *commands,
            Self::Committed(_) | Self::Failed(_) => 0,
        }
    }

    /// Returns whether it failed, as far as is known.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }

    /// Waits until nothing is being committed.
    pub(super) async fn wait(&mut self) {
        if let Self::Committing { task, .. } = self {
            // A task that panicked has dropped its callers, who are answered by that.
            let committed = task.await.unwrap_or_else(|_| Err(Vec::new()));
            *self = committed.map_or_else(Self::Failed, Self::Committed);
        }
    }

    /// Waits for the commit; returns the commands that are to be decided again if it failed.
    pub(super) async fn committed(mut self) -> Result<Committed, Vec<QueuedCommand>> {
        self.wait().await;
        match self {
            Self::Committed(committed) => Ok(committed),
            Self::Failed(jobs) => Err(jobs),
            Self::Committing { .. } => Err(Vec::new()),
        }
    }
}

/// A batch that is decided and not written yet.
pub(super) struct DecidedBatch {
    session: Session,
    permit: Permit,
    event: EventId,
    jobs: Vec<QueuedCommand>,
    /// `None` if every command was refused, or was applied before.
    encoded: Option<Encoded>,
    facts: Vec<FactBody>,
    /// The event's revision before the batch.
    revision: i64,
    began: Instant,
    /// How long it took to load, decide and encode each command.
    pub(super) each_took: Duration,
}

/// Decides commands on the rows that the batch before leaves, without the event's lock.
///
/// The transaction is open already, so that only the writes and the commit are left when the batch before is committed.
/// Returns the commands if they have to be decided under the lock; the rows are not valid then.
pub(super) async fn decide_ahead(
    queues: &Arc<EventQueues>,
    event: EventId,
    rows: &mut Rows,
    permit: Permit,
    mut jobs: Vec<QueuedCommand>,
) -> Result<DecidedBatch, Vec<QueuedCommand>> {
    let began = Instant::now();
    queues.writer.counted.add_transaction();
    let deciding = AssertUnwindSafe(decide(queues, event, rows, &mut jobs)).catch_unwind();
    let decided = deciding.await.unwrap_or_else(|panic| Err(panicked(&*panic)));
    match decided {
        Ok(Some(Decided { session, encoded, facts, revision })) => {
            let each_took = began.elapsed() / u32::try_from(jobs.len().max(1)).unwrap_or(u32::MAX);
            Ok(DecidedBatch { session, permit, event, jobs, encoded, facts, revision, began, each_took })
        }
        Ok(None) => Err(jobs),
        Err(error) => {
            queues.writer.metrics.retry(&error, Some(event));
            Err(jobs)
        }
    }
}

struct Decided {
    session: Session,
    encoded: Option<Encoded>,
    facts: Vec<FactBody>,
    revision: i64,
}

/// Returns `None` if the commands change what needs the lock.
async fn decide(
    queues: &EventQueues,
    event: EventId,
    rows: &mut Rows,
    jobs: &mut [QueuedCommand],
) -> Result<Option<Decided>, StoreError> {
    let writer = &queues.writer;
    let mut session = writer.connections.begin_in_task(writer.begin.first).await?;
    let (reads, set) = (read_set(jobs), &mut rows.set);
    let Ahead { store_now, wanted } = load::commands_ahead(&mut session, event, set, &reads).await?;
    set.set_clock(BatchClock { store_now, margin: writer.clock_lead });
    set.set_wanted(wanted, writer.publisher.wanted(event));
    load::rows(&mut session, event, set, &reads, SPARE_SERIALS).await?;
    for job in jobs {
        job.decide(set)?;
    }
    if set.writes().changes_catalog() {
        return Ok(None);
    }
    let revision = rows.revision;
    let mut decided = Decided { session, encoded: None, facts: Vec::new(), revision };
    if !set.writes().is_empty() {
        let facts = coalesce_facts(set.take_facts());
        decided.encoded = Some(Encoded::of(&decided.session, event, revision, set, &facts)?);
        decided.facts = facts.into_iter().map(|(_, body)| body).collect();
        rows.revision += 1;
    }
    set.begin_next();
    Ok(Some(decided))
}

impl DecidedBatch {
    /// Commits the batch in a task of its own, and answers its callers.
    pub(super) fn commit(self, queues: Arc<EventQueues>, places: Places) -> Before {
        let commands = self.jobs.len();
        Before::Committing { task: tokio::spawn(self.write_and_answer(queues, places)), commands }
    }

    /// Returns the commands, and rolls the transaction back.
    pub(super) fn into_jobs(self) -> Vec<QueuedCommand> {
        self.jobs
    }

    /// Returns the commands if nothing was written. Whoever decides them again needs a permit, and this one is returned
    /// before.
    async fn write_and_answer(
        self,
        queues: Arc<EventQueues>,
        places: Places,
    ) -> Result<Committed, Vec<QueuedCommand>> {
        let Self { session, permit, event, jobs, encoded, facts, revision, began, each_took: _ } = self;
        let writer = &queues.writer;
        // A panic drops the session, which rolls the transaction back.
        let writing = AssertUnwindSafe(write(session, event, encoded, revision, places)).catch_unwind();
        let written = writing.await.unwrap_or_else(|panic| Err(panicked(&*panic)));
        drop(permit);
        match written {
            Ok(Some(committed)) => {
                writer.publisher.publish(event, facts);
                let commands = jobs.len();
                answer_all(jobs, Ok(()));
                writer.metrics.batch(commands, 1, began.elapsed());
                Ok(committed)
            }
            Err(error) if error.may_have_applied() => {
                answer_all(jobs, Err(error));
                Err(Vec::new())
            }
            nothing_written => {
                let error = nothing_written.err().unwrap_or_else(changed);
                writer.metrics.retry(&error, Some(event));
                Err(jobs)
            }
        }
    }
}

/// Writes a batch and commits it; returns `None` if another server has written to the event.
async fn write(
    mut session: Session,
    event: EventId,
    encoded: Option<Encoded>,
    revision: i64,
    mut places: Places,
) -> Result<Option<Committed>, StoreError> {
    let Some(encoded) = encoded else {
        // Refusals are answered only if what they were decided on is what is committed.
        let is_current = load::is_current(&mut session, event, &places.event, revision).await?;
        session.rollback().await?;
        return Ok(is_current.then_some(Committed { places, commit_took: Duration::ZERO }));
    };
    if !encoded.write(&mut session, &mut places).await? {
        session.rollback().await?;
        return Ok(None);
    }
    let began = Instant::now();
    session.commit().await?;
    Ok(Some(Committed { places, commit_took: began.elapsed() }))
}

/// Returns why a batch is decided again.
fn changed() -> StoreError {
    StoreError::new(StoreErrorKind::Contention, "another server has written to the event")
}
