//! The task that serves one event's queue.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};
use tiketi_core::EventId;
use tokio::sync::Notify;

use crate::queue::ahead::{Before, Committed, DecidedBatch, decide_ahead};
use crate::queue::{CachedWorkingSet, EventQueues, MAX_BATCH, QueuedCommand, commit_batch};

/// How many times a worker yields to callers, at most, while more commands arrive.
const MAX_YIELDS: u32 = 16;
/// From how many commands on, waiting and being committed, they are shared between two batches.
const LEAST_SHARED: usize = 32;
/// How many times longer than a commit all decisions must take for a second commit to be worth it: decisions and writes
/// may have to share the same cores, and then gain less from each other's waits.
const COMMITS_WORTH: u32 = 3;

/// The task that serves one event's queue.
pub(super) struct EventWorker {
    queues: Arc<EventQueues>,
    event: EventId,
    arrived: Arc<Notify>,
    is_open: bool,
}

impl EventWorker {
    pub(super) fn new(queues: Arc<EventQueues>, event: EventId, arrived: Arc<Notify>) -> Self {
        Self { queues, event, arrived, is_open: true }
    }

    /// Returns how many commands wait.
    fn waiting(&self) -> usize {
        self.queues.lock().get(&self.event).map_or(0, |queue| queue.jobs.len())
    }

    /// Takes waiting commands, up to `most`.
    fn take(&self, most: usize) -> Vec<QueuedCommand> {
        let mut queues = self.queues.lock();
        let Some(queue) = queues.get_mut(&self.event) else { return Vec::new() };
        let count = queue.jobs.len().min(most);
        let jobs: Vec<_> = queue.jobs.drain(..count).collect();
        drop(queues);
        if !jobs.is_empty() {
            self.queues.writer.counted.add(jobs.len());
        }
        jobs
    }

    /// Closes the queue if no command waits.
    fn close_if_empty(&mut self) -> bool {
        let mut queues = self.queues.lock();
        if queues.get(&self.event).is_some_and(|queue| !queue.jobs.is_empty()) {
            return false;
        }
        queues.remove(&self.event);
        self.is_open = false;
        true
    }

    /// Lets tasks that are ready, such as the callers just answered, send their next commands. It yields and does
    /// not sleep.
    async fn let_callers_come(&self) {
        let mut before = self.waiting();
        for _ in 0..MAX_YIELDS {
            tokio::task::yield_now().await;
            let now = self.waiting();
            if now == before || now >= MAX_BATCH {
                break;
            }
            before = now;
        }
    }

    /// Commits one batch that locks the event before it reads.
    async fn commit_locked(&self, mut cached: Option<CachedWorkingSet>) -> Option<CachedWorkingSet> {
        let jobs = self.take(MAX_BATCH);
        if !jobs.is_empty() {
            commit_batch(&self.queues.writer, self.event, &mut cached, jobs).await;
        }
        cached
    }

    /// Commits batches that are decided ahead, until no command waits, or until something is not as expected.
    async fn commit_ahead(&self, cached: CachedWorkingSet) -> Option<CachedWorkingSet> {
        let CachedWorkingSet { mut rows, places } = cached;
        let mut before = Before::Committed(Committed { places, commit_took: Duration::ZERO });
        let mut pace = Pace::default();
        while rows.are_worth_keeping() {
            if self.waiting() == 0 && !self.wait_during(&mut before).await {
                break;
            }
            if before.has_failed() {
                break;
            }
            self.let_callers_come().await;
            let Some(permit) = self.queues.writer.permits.try_acquire(self.event) else {
                // Other events need the connections: this one waits for its turn, with one batch at a time.
                return match before.committed().await {
                    Ok(Committed { places, .. }) => {
                        self.commit_locked(Some(CachedWorkingSet { rows, places })).await
                    }
                    Err(jobs) => self.commit_again([jobs]).await,
                };
            };
            let jobs = self.take(pace.share(self.waiting(), before.commands()));
            let decided = decide_ahead(&self.queues, self.event, &mut rows, permit, jobs).await;
            match (before.committed().await, decided) {
                (Ok(Committed { places, commit_took }), Ok(batch)) => {
                    pace = Pace { commit: commit_took, each: batch.each_took };
                    before = batch.commit(Arc::clone(&self.queues), places);
                }
                (committed, decided) => {
                    let failed = committed.err().unwrap_or_default();
                    // This returns the permit of the batch, before another one is waited for.
                    let next = decided.map_or_else(|jobs| jobs, DecidedBatch::into_jobs);
                    return self.commit_again([failed, next]).await;
                }
            }
        }
        match before.committed().await {
            Ok(Committed { places, .. }) => {
                rows.are_worth_keeping().then_some(CachedWorkingSet { rows, places })
            }
            Err(jobs) => self.commit_again([jobs]).await,
        }
    }

    /// Waits for a command while a batch commits; returns false if there is none when it is committed.
    async fn wait_during(&self, before: &mut Before) -> bool {
        while self.waiting() == 0 {
            let arrived = std::pin::pin!(self.arrived.notified());
            let committed = std::pin::pin!(before.wait());
            if let Either::Right(_) = select(arrived, committed).await {
                self.let_callers_come().await;
                return self.waiting() > 0;
            }
        }
        true
    }

    /// Commits commands whose decisions are not valid, under the lock and on rows that are read again.
    async fn commit_again<const N: usize>(
        &self,
        batches: [Vec<QueuedCommand>; N],
    ) -> Option<CachedWorkingSet> {
        let mut cached = None;
        for jobs in batches.into_iter().filter(|jobs| !jobs.is_empty()) {
            commit_batch(&self.queues.writer, self.event, &mut cached, jobs).await;
        }
        // Another server may write to the event, so that the next batch must see first that none did.
        cached.map(|mut cached| {
            cached.rows.is_alone = false;
            cached
        })
    }
}

/// How long the last batches took.
#[derive(Debug, Clone, Copy, Default)]
struct Pace {
    /// The commit, whatever is in the batch.
    commit: Duration,
    /// Each command, until it was decided and encoded.
    each: Duration,
}

impl Pace {
    /// Returns how many of the waiting commands the next batch takes while others are being committed.
    ///
    /// Callers that are answered come back: if one batch took them all, none would be left to decide while it commits. Two
    /// batches have two commits, so they are worth it only if all the decisions take far longer than a commit.
    fn share(self, waiting: usize, committing: usize) -> usize {
        let all = waiting + committing;
        let deciding = self.each * u32::try_from(all).unwrap_or(u32::MAX);
        let is_shared = all >= LEAST_SHARED && deciding > self.commit * COMMITS_WORTH;
        let share = if is_shared { all.div_ceil(2) } else { waiting };
        share.min(MAX_BATCH)
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

/// Commits the commands of an event's queue until there are none.
pub(super) async fn serve(mut worker: EventWorker) {
    let mut cached: Option<CachedWorkingSet> = None;
    loop {
        worker.let_callers_come().await;
        if worker.close_if_empty() {
            break;
        }
        cached = match cached.take() {
            Some(known) if known.rows.is_alone => worker.commit_ahead(known).await,
            before => worker.commit_locked(before).await,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Pace = Pace { commit: Duration::from_millis(1), each: Duration::from_micros(20) };
    const SLOW: Pace = Pace { commit: Duration::from_millis(8), ..QUICK };

    #[test]
    fn few_commands_stay_together_and_many_are_shared_between_two_batches() {
        assert_eq!((QUICK.share(1, 0), QUICK.share(20, 5)), (1, 20));
        assert_eq!((QUICK.share(256, 0), QUICK.share(128, 128), QUICK.share(255, 1)), (128, 128, 128));
        assert_eq!(QUICK.share(5_000, MAX_BATCH), MAX_BATCH);
    }

    #[test]
    fn a_commit_that_takes_longer_than_all_decisions_is_shared_by_all() {
        assert_eq!((SLOW.share(256, 0), SLOW.share(255, 1)), (256, 255));
        assert_eq!((SLOW.share(5_000, 0), SLOW.share(5_000, MAX_BATCH)), (MAX_BATCH, MAX_BATCH));
    }
}
