//! Background jobs: one call does all that is due and says when to call it again.

use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use crate::box_office::admit::Admitted;
use crate::box_office::relay::{Delivered, Subscriber, Undelivered};
use crate::box_office::tidy::{EXPIRE_BATCH, HousekeepingError, LEFTOVER_BATCH};
use crate::box_office::together::caught;
use crate::box_office::{BoxOffice, Reconciled};
use crate::error::StoreError;
use crate::id::EventId;
use crate::notifier::SubscriberName;
use crate::store::Swept;

/// Most batches of facts delivered to a subscriber in one run.
const RELAY_BATCHES: usize = 16;
/// Most payments that providers are asked about in one run.
const RECONCILE_BATCH: usize = 16;
/// Most reservations of cancelled events processed in one run.
const CALL_OFF_BATCH: usize = 256;
/// Period of the jobs that delete old records.
const FORGET_EVERY: Duration = Duration::from_mins(1);

/// A background job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Job {
    /// Ends reservations whose hold has ended: [`Jobs::expire_once`].
    Expire,
    /// Announces events whose status changed: [`Jobs::announce_statuses_once`].
    Announce,
    /// Delivers committed facts to a subscriber, a run for each: [`Jobs::relay_once`].
    Relay,
    /// Calls the next buyers of waiting rooms: [`Jobs::admit_once`].
    Admit,
    /// Ends or refunds reservations of cancelled events: [`Jobs::call_off_once`].
    CallOff,
    /// Asks providers about unknown outcomes of payments and refunds: [`Jobs::reconcile_once`].
    Reconcile,
    /// Processes webhooks of the inbox: [`Jobs::work_inbox_once`].
    Inbox,
    /// Deletes the keys of old commands: [`Jobs::forget_once`].
    ForgetCommands,
    /// Deletes seats of events that were not finished or were deleted: [`Jobs::remove_leftovers_once`].
    RemoveLeftovers,
    /// Deletes the names of old webhooks: [`Jobs::forget_deliveries_once`].
    ForgetDeliveries,
    /// Archives events that are long over: [`Jobs::archive_once`].
    Archive,
    /// Counts earlier reservations for the figures: [`Jobs::count_figures_once`].
    CountFigures,
    /// Removes subscribers that no server has any more: [`Jobs::forget_subscribers_once`].
    ForgetSubscribers,
    /// Deletes old answers to requests; a job of the crate `tiketi-http`, which saves them.
    ForgetAnswers,
    /// Saves how often notices were read; a job of the crate `tiketi-http`, which counts that.
    SaveViews,
    /// Deletes sessions that have ended; a job of the crate `tiketi-http`, which makes them.
    ForgetSessions,
}

impl Job {
    /// The jobs of a box office, in the order in which one call starts them.
    pub(super) const OWN: [Self; 13] = [
        Self::Expire,
        Self::Admit,
        Self::Announce,
        Self::Relay,
        Self::CallOff,
        Self::Reconcile,
        Self::Inbox,
        Self::ForgetCommands,
        Self::RemoveLeftovers,
        Self::ForgetDeliveries,
        Self::ForgetSubscribers,
        Self::Archive,
        Self::CountFigures,
    ];

    /// Returns the pause after a run that did not fail and left nothing over.
    pub(super) fn period(self, jobs_every: Duration) -> Duration {
        match self {
            Self::Expire
            | Self::Admit
            | Self::Announce
            | Self::Relay
            | Self::CallOff
            | Self::Reconcile
            | Self::Inbox => jobs_every,
            Self::ForgetCommands
            | Self::RemoveLeftovers
            | Self::ForgetDeliveries
            | Self::ForgetSubscribers
            | Self::Archive
            | Self::CountFigures
            | Self::ForgetAnswers
            | Self::SaveViews
            | Self::ForgetSessions => FORGET_EVERY.max(jobs_every),
        }
    }

    /// Returns the job's name in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expire => "end lapsed holds",
            Self::Admit => "call waiting buyers",
            Self::Announce => "announce statuses",
            Self::Relay => "deliver facts",
            Self::CallOff => "refund cancelled events",
            Self::Reconcile => "reconcile payments",
            Self::Inbox => "look into webhooks",
            Self::ForgetCommands => "forget commands",
            Self::RemoveLeftovers => "remove leftovers",
            Self::ForgetDeliveries => "forget webhooks",
            Self::Archive => "archive events",
            Self::CountFigures => "count figures",
            Self::ForgetSubscribers => "forget subscribers",
            Self::ForgetAnswers => "forget answers",
            Self::SaveViews => "save views of news",
            Self::ForgetSessions => "forget sessions",
        }
    }
}

/// Why a job did not finish; it is tried again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// The store or the notifier of a subscriber failed.
    #[error(transparent)]
    Failed(#[from] HousekeepingError),
    /// An adapter panicked.
    #[error("the job panicked")]
    Panicked,
}

/// One run of one job.
#[derive(Debug)]
#[non_exhaustive]
pub struct JobRun {
    /// The job.
    pub job: Job,
    /// The subscriber that facts were delivered to; `None` for every other job than [`Job::Relay`].
    pub subscriber: Option<SubscriberName>,
    /// How many items it processed, such as reservations ended or payments reconciled, or why it did not finish.
    pub outcome: Result<u64, JobError>,
    /// Events that it skipped, because they failed or another session has them locked; the next run tries them again.
    pub skipped: Vec<(EventId, StoreError)>,
}

impl JobRun {
    /// Records a run of a job of the host, beside those of the box office.
    pub fn new(job: Job, outcome: Result<u64, JobError>) -> Self {
        Self { job, subscriber: None, outcome, skipped: Vec::new() }
    }
}

/// What one call of [`Jobs::run_once`] did, and when to call it again.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct JobsReport {
    /// Each run of a job that was due, in the order in which the runs ended.
    pub runs: Vec<JobRun>,
    /// How long to wait before the next call; zero if a job left something over.
    pub next: Duration,
}

impl JobsReport {
    /// Returns how many items a job processed.
    pub fn count(&self, job: Job) -> u64 {
        let runs = self.runs.iter().filter(|run| run.job == job);
        runs.filter_map(|run| run.outcome.as_ref().ok()).sum()
    }

    /// Returns the events that jobs skipped, and why.
    pub fn skipped(&self) -> impl Iterator<Item = (Job, EventId, &StoreError)> {
        self.runs.iter().flat_map(|run| run.skipped.iter().map(|(event, error)| (run.job, *event, error)))
    }

    /// Returns the jobs that did not finish, and why.
    pub fn failures(&self) -> impl Iterator<Item = (Job, &JobError)> {
        self.runs.iter().filter_map(|run| Some((run.job, run.outcome.as_ref().err()?)))
    }
}

/// How much a run did, and whether it left something over.
struct Work {
    count: u64,
    more: bool,
    skipped: Vec<(EventId, StoreError)>,
    /// Why a part of it failed; the job does not pause for longer, because other parts succeeded.
    failed: Option<JobError>,
}

impl Work {
    fn some(count: usize, limit: usize) -> Self {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let more = usize::try_from(count).is_ok_and(|count| count >= limit);
        Self { count, more, skipped: Vec::new(), failed: None }
    }

    fn forgotten(count: u64) -> Self {
        Self { count, more: false, skipped: Vec::new(), failed: None }
    }

    fn swept<T>(swept: Swept<T>, limit: usize) -> Self {
        Self { skipped: swept.skipped, ..Self::some(swept.done.len(), limit) }
    }
}

/// A run in progress.
struct Running<'r> {
    work: Pin<Box<dyn Future<Output = JobRun> + Send + 'r>>,
    /// Whether it started with the call; the call starts no more runs once these have ended.
    is_of_first_round: bool,
}

/// Handle for background jobs.
///
/// [`BoxOffice::jobs`] makes it; it is cheap to make and to clone. A host calls [`Jobs::run_once`] in a loop; the other
/// methods are its parts.
#[derive(Debug, Clone)]
pub struct Jobs {
    pub(super) office: BoxOffice,
}

impl Jobs {
    /// Runs every job that is due, and says when to call it again.
    ///
    /// This is the one loop that a host needs:
    ///
    /// ```
    /// # use tiketi_core::BoxOffice;
    /// async fn run_jobs(shop: BoxOffice) {
    ///     loop {
    ///         let report = shop.jobs().run_once().await;
    ///         for (job, error) in report.failures() {
    ///             eprintln!("{} is tried again: {error}", job.name());
    ///         }
    ///         tokio::time::sleep(report.next).await;
    ///     }
    /// }
    /// ```
    ///
    /// Each [`Job`] runs about every second ([`crate::BoxOfficeBuilder::jobs_every`]), those that delete old records
    /// every minute. A run does a bounded amount of work, and is repeated at once if it left something over. Jobs run
    /// concurrently: one that fails, panics or waits does not delay the others, and is tried again after a pause that
    /// doubles, up to 30 seconds.
    ///
    /// Each subscriber has a separate run that delivers its facts. If a notifier fails, the report names its subscriber,
    /// and the facts of the failed call are tried again after 1 second, which doubles with each try, up to 1 minute;
    /// later facts of their reservations wait for them, and no others. Facts that failed are sent in smaller calls, so
    /// that one that cannot be delivered is soon alone. A subscriber whose notifier only fails is called again after a
    /// pause that doubles, up to 30 seconds. The facts that a crashed server had claimed stay claimed for at most
    /// [`CLAIM_LEASE`](crate::box_office::CLAIM_LEASE).
    ///
    /// A call ends when its jobs have ended, which takes as long as a payment provider takes to answer. With a timer
    /// ([`crate::BoxOfficeBuilder::timer`]) the other jobs run again in the meantime. Without one, run the loop in two
    /// tasks: a call skips the jobs that another call of this process is running.
    ///
    /// Any number of servers may run it.
    ///
    /// # Cancel safety
    ///
    /// Safe: a job that was interrupted is due at once, and continues from what is committed. A lookup that was
    /// interrupted is repeated when its claim ends, after [`crate::Terms::pause`].
    pub async fn run_once(&self) -> JobsReport {
        let mut report = JobsReport::default();
        let mut running = Vec::new();
        self.office.start_due(&mut running, true);
        while !running.is_empty() {
            let may_start = running.iter().any(|run| run.is_of_first_round);
            match &self.office.inner.timer {
                Some(timer) if may_start => {
                    let another_round = timer.sleep(self.office.inner.jobs.every());
                    run_until(&mut running, &mut report.runs, another_round).await;
                    if running.iter().any(|run| run.is_of_first_round) {
                        self.office.start_due(&mut running, false);
                    }
                }
                Some(_) | None => run_until(&mut running, &mut report.runs, pending()).await,
            }
        }
        report.next = self.office.inner.jobs.next(self.office.now());
        report
    }
}

impl BoxOffice {
    /// Adds a run of every job that is due and that this process is not running.
    fn start_due<'s>(&'s self, running: &mut Vec<Running<'s>>, is_of_first_round: bool) {
        for unit in self.inner.jobs.units() {
            let Some(turn) = self.inner.jobs.take(*unit, self.now()) else { continue };
            let subscriber = unit.subscriber.and_then(|at| self.inner.subscribers.get(at));
            let work = Box::pin(async move {
                let run = caught(self.run_job(unit.job, subscriber)).await;
                let outcome = run.unwrap_or(Err(JobError::Panicked));
                let more = outcome.as_ref().is_ok_and(|work| work.more);
                turn.end(self.now(), outcome.is_ok(), more);
                let (outcome, skipped) = match outcome {
                    Ok(Work { failed: Some(error), skipped, .. }) => (Err(error), skipped),
                    Ok(Work { count, skipped, .. }) => (Ok(count), skipped),
                    Err(error) => (Err(error), Vec::new()),
                };
                let subscriber = subscriber.map(|subscriber| subscriber.name().clone());
                JobRun { job: unit.job, subscriber, outcome, skipped }
            });
            running.push(Running { work, is_of_first_round });
        }
    }

    async fn run_job(&self, job: Job, subscriber: Option<&Subscriber>) -> Result<Work, JobError> {
        let work = match job {
            Job::Expire => Work::swept(self.jobs().expire_once().await.map_err(failed)?, EXPIRE_BATCH),
            Job::Announce => {
                Work::swept(self.jobs().announce_statuses_once().await.map_err(failed)?, usize::MAX)
            }
            Job::Admit => {
                let Admitted { swept, more } = self.admit_some().await.map_err(failed)?;
                Work { more, ..Work::swept(swept, usize::MAX) }
            }
            Job::Relay => match subscriber {
                Some(subscriber) => self.relay_some(subscriber).await?,
                None => Work::forgotten(0),
            },
            Job::CallOff => {
                Work::some(self.jobs().call_off_once(CALL_OFF_BATCH).await.map_err(failed)?, CALL_OFF_BATCH)
            }
            Job::Reconcile => {
                let Reconciled { settled, open, postponed, skipped: _ } =
                    self.jobs().reconcile_once(RECONCILE_BATCH).await.map_err(failed)?;
                let looked_at = settled.saturating_add(open).saturating_add(postponed);
                Work { more: looked_at >= RECONCILE_BATCH, ..Work::some(settled, usize::MAX) }
            }
            Job::Inbox => {
                let done = self.jobs().work_inbox_once().await.map_err(failed)?;
                Work { more: done > 0, ..Work::some(done, usize::MAX) }
            }
            Job::ForgetCommands => Work::forgotten(self.jobs().forget_once().await.map_err(failed)?),
            Job::RemoveLeftovers => {
                Work::some(self.jobs().remove_leftovers_once().await.map_err(failed)?, LEFTOVER_BATCH)
            }
            Job::ForgetDeliveries => {
                Work::forgotten(self.jobs().forget_deliveries_once().await.map_err(failed)?)
            }
            Job::ForgetSubscribers => {
                Work::some(self.jobs().forget_subscribers_once().await.map_err(failed)?.len(), usize::MAX)
            }
            Job::Archive => {
                let (swept, more) = self.archive_some().await.map_err(failed)?;
                Work { more, ..Work::swept(swept, usize::MAX) }
            }
            Job::CountFigures => {
                let count = self.jobs().count_figures_once().await?;
                Work { more: count > 0, ..Work::forgotten(count) }
            }
            Job::ForgetAnswers | Job::ForgetSessions | Job::SaveViews => Work::forgotten(0),
        };
        Ok(work)
    }

    /// Delivers facts to a subscriber until none is left or a call fails, or for a fixed number of batches.
    async fn relay_some(&self, subscriber: &Subscriber) -> Result<Work, JobError> {
        let mut count = 0;
        for _ in 0..RELAY_BATCHES {
            let Delivered { facts, failed } = self.deliver(subscriber).await?;
            count += facts;
            let failed = match failed {
                Some(Undelivered::Panicked) => JobError::Panicked,
                Some(why) => JobError::Failed(subscriber.failed(why)),
                None if facts == 0 => return Ok(Work::some(count, usize::MAX)),
                None => continue,
            };
            // Only a subscriber that takes nothing has longer pauses.
            return if count == 0 {
                Err(failed)
            } else {
                Ok(Work { failed: Some(failed), ..Work::some(count, usize::MAX) })
            };
        }
        Ok(Work { more: true, ..Work::some(count, usize::MAX) })
    }
}

fn failed(error: impl Into<HousekeepingError>) -> JobError {
    JobError::Failed(error.into())
}

/// Runs jobs concurrently until all have ended or `limit` has, and moves the ended ones to `ended`.
async fn run_until(running: &mut Vec<Running<'_>>, ended: &mut Vec<JobRun>, limit: impl Future<Output = ()>) {
    let mut limit = pin!(limit);
    poll_fn(|context| {
        running.retain_mut(|run| match run.work.as_mut().poll(context) {
            Poll::Ready(output) => {
                ended.push(output);
                false
            }
            Poll::Pending => true,
        });
        if running.is_empty() { Poll::Ready(()) } else { limit.as_mut().poll(context) }
    })
    .await;
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}
