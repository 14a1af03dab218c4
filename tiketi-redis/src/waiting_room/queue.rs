//! One queue for each event, whose waiting commands are decided together.

use std::collections::{HashMap, VecDeque};
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tiketi_core::{EventId, StoreError, StoreErrorKind};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::waiting_room::ask::{Answer, Ask};
use crate::waiting_room::batch::{Attempt, Rooms};
use crate::waiting_room::changes::Committed;

/// Most commands of one event that are decided together.
pub(crate) const MAX_BATCH: usize = 512;
/// Most waiting commands of one event in a server; one more fails at once.
pub(crate) const MAX_QUEUE: usize = 20_000;
/// How long a batch is tried again while Redis does not answer or other servers write.
const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// A command, and the channel to its caller, who may have dropped the future.
struct Job {
    ask: Ask,
    reply: oneshot::Sender<Result<Answer, StoreError>>,
}

/// The waiting commands of each event that has some or is being served.
#[derive(Default)]
pub(crate) struct Queues(Mutex<HashMap<EventId, VecDeque<Job>>>);

impl Queues {
    fn lock(&self) -> MutexGuard<'_, HashMap<EventId, VecDeque<Job>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a command and waits for its answer. If the caller drops the future, the command stays in the queue.
    pub(crate) async fn send(self: &Arc<Self>, rooms: &Arc<Rooms>, ask: Ask) -> Result<Answer, StoreError> {
        let event = ask.event();
        let (reply, answer) = oneshot::channel();
        if self.push(event, Job { ask, reply })? {
            let serving = Serving { queues: Arc::clone(self), rooms: Arc::clone(rooms), event };
            tokio::spawn(serving.run());
        }
        answer.await.unwrap_or_else(|_| {
            Err(StoreError::new(StoreErrorKind::OutcomeUnknown, "the task that serves the event has ended"))
        })
    }

    /// Adds a job, and returns whether a task must be started for the event.
    fn push(&self, event: EventId, job: Job) -> Result<bool, StoreError> {
        let mut queues = self.lock();
        if let Some(queue) = queues.get_mut(&event) {
            if queue.len() >= MAX_QUEUE {
                return Err(StoreError::new(
                    StoreErrorKind::Unavailable,
                    "too many commands of the event wait",
                ));
            }
            queue.push_back(job);
            return Ok(false);
        }
        queues.insert(event, VecDeque::from([job]));
        Ok(true)
    }

    /// Takes the next batch; if there is none, the event is no longer served.
    fn take(&self, event: EventId) -> Vec<Job> {
        let mut queues = self.lock();
        let Some(queue) = queues.get_mut(&event) else { return Vec::new() };
        let mut batch: Vec<Job> = Vec::new();
        while batch.len() < MAX_BATCH
            && let Some(job) = queue.pop_front_if(|job| job.ask.buyer().is_some() || batch.is_empty())
        {
            let is_alone = job.ask.buyer().is_none();
            batch.push(job);
            if is_alone {
                break;
            }
        }
        if batch.is_empty() {
            queues.remove(&event);
        }
        batch
    }
}

/// The task that serves one event while it has commands.
struct Serving {
    queues: Arc<Queues>,
    rooms: Arc<Rooms>,
    event: EventId,
}

impl Serving {
    async fn run(self) {
        loop {
            let batch = self.queues.take(self.event);
            if batch.is_empty() {
                return;
            }
            self.serve(batch).await;
        }
    }

    async fn serve(&self, batch: Vec<Job>) {
        match self.decide(&batch).await {
            Ok(answers) => {
                for (job, answer) in batch.into_iter().zip(answers) {
                    // If the caller has dropped its future, no answer is needed.
                    let _gone = job.reply.send(Ok(answer));
                }
            }
            Err(error) => {
                let cause = error.source().map(ToString::to_string).unwrap_or_default();
                tracing::warn!(event = %self.event, %error, cause, "a waiting room cannot be served");
                for job in batch {
                    let error = StoreError::new(error.kind(), error.to_string());
                    let _gone = job.reply.send(Err(error.caused_by(cause.clone())));
                }
            }
        }
    }

    /// Tries until the batch is written. A retry is safe: a commit applies to one state of the room, and each rule
    /// recognises a command that was applied.
    async fn decide(&self, batch: &[Job]) -> Result<Vec<Answer>, StoreError> {
        let asks: Vec<&Ask> = batch.iter().map(|job| &job.ask).collect();
        let deadline = Instant::now() + PATIENCE;
        let (mut lost, mut failed, mut may_have_applied) = (0_u32, 0_u32, false);
        loop {
            let error = match self.rooms.attempt(self.event, &asks, lost).await {
                Ok(Attempt::Done(answers)) => return Ok(answers),
                Ok(Attempt::Lost(how)) => {
                    lost = lost.saturating_add(1);
                    if how == Committed::Turn {
                        tokio::time::sleep(Duration::from_millis(rand::random_range(1..=3))).await;
                    }
                    StoreError::new(StoreErrorKind::Contention, "other servers write the room all the time")
                }
                Err(error) if error.is_retryable() => {
                    failed = failed.saturating_add(1);
                    may_have_applied |= error.may_have_applied();
                    tokio::time::sleep(pause(failed)).await;
                    error
                }
                Err(error) => return Err(error),
            };
            if Instant::now() >= deadline {
                let kind = if may_have_applied { StoreErrorKind::OutcomeUnknown } else { error.kind() };
                return Err(StoreError::new(kind, error.to_string()).caused_by(error));
            }
        }
    }
}

/// After a panic of the task, removes the event's queue, so that the next command starts another task.
impl Drop for Serving {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.queues.lock().remove(&self.event);
        }
    }
}

/// Returns a random pause that grows with each failure.
fn pause(failed: u32) -> Duration {
    let most = Duration::from_millis(10).saturating_mul(1 << failed.min(8)).min(LONGEST_PAUSE);
    most.mul_f64(rand::random_range(0.5..1.0))
}

impl std::fmt::Debug for Queues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queues").finish_non_exhaustive()
    }
}
