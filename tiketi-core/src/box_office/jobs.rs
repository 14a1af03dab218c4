//! Background jobs: one call does all that is due and says when to call it again.

use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use crate::box_office::admit::Admitted;
use crate::box_office::tidy::{EXPIRE_BATCH, HousekeepingError};
use crate::box_office::{BoxOffice, Reconciled};
use crate::error::StoreError;
use crate::id::EventId;
use crate::store::Swept;

/// Most batches of facts delivered in one run.
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
    /// Delivers committed facts to the notifier: [`Jobs::relay_once`].
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
    /// Deletes the names of old webhooks: [`Jobs::forget_deliveries_once`].
    ForgetDeliveries,
    /// Deletes old answers to requests; a job of the crate `tiketi-http`, which saves them.
    ForgetAnswers,
}

impl Job {
    /// The jobs of a box office, in the order in which one call starts them.
    pub(super) const OWN: [Self; 9] = [
        Self::Expire,
        Self::Admit,
        Self::Announce,
        Self::Relay,
        Self::CallOff,
        Self::Reconcile,
        Self::Inbox,
        Self::ForgetCommands,
        Self::ForgetDeliveries,
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
            Self::ForgetCommands | Self::ForgetDeliveries | Self::ForgetAnswers => {
                FORGET_EVERY.max(jobs_every)
            }
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
            Self::ForgetDeliveries => "forget webhooks",
            Self::ForgetAnswers => "forget answers",
        }
    }
}

/// Why a job did not finish; it is tried again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// The store or the notifier failed.
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
    /// How many items it processed, such as reservations ended or payments reconciled, or why it did not finish.
    pub outcome: Result<u64, JobError>,
    /// Events that it skipped, because they failed or another session has them locked; the next run tries them again.
    pub skipped: Vec<(EventId, StoreError)>,
}

impl JobRun {
    /// Records a run of a job of the host, beside those of the box office.
    pub fn new(job: Job, outcome: Result<u64, JobError>) -> Self {
        Self { job, outcome, skipped: Vec::new() }
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
}

impl Work {
    fn some(count: usize, limit: usize) -> Self {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        Self { count, more: usize::try_from(count).is_ok_and(|count| count >= limit), skipped: Vec::new() }
    }

    fn forgotten(count: u64) -> Self {
        Self { count, more: false, skipped: Vec::new() }
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
    /// A call ends when its jobs have ended, which takes as long as a payment provider takes to answer. With a timer
    /// ([`crate::BoxOfficeBuilder::timer`]) the other jobs run again in the meantime. Without one, run the loop in two
    /// tasks: a call skips the jobs that another call of this process is running.
    ///
    /// Any number of servers may run it.
    ///
    /// # Cancel safety
    ///
    /// Safe: a job that was interrupted is due at once, and continues from what is committed. A provider that was being
    /// asked is asked again when the claim ends, after [`crate::Terms::pause`].
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
        for job in Job::OWN {
            let Some(turn) = self.inner.jobs.take(job, self.now()) else { continue };
            let work = Box::pin(async move {
                let outcome = caught(self.run_job(job)).await;
                let more = outcome.as_ref().is_ok_and(|work| work.more);
                turn.end(self.now(), outcome.is_ok(), more);
                match outcome {
                    Ok(Work { count, skipped, .. }) => JobRun { job, outcome: Ok(count), skipped },
                    Err(error) => JobRun::new(job, Err(error)),
                }
            });
            running.push(Running { work, is_of_first_round });
        }
    }

    async fn run_job(&self, job: Job) -> Result<Work, JobError> {
        let work = match job {
            Job::Expire => Work::swept(self.jobs().expire_once().await.map_err(failed)?, EXPIRE_BATCH),
            Job::Announce => {
                Work::swept(self.jobs().announce_statuses_once().await.map_err(failed)?, usize::MAX)
            }
            Job::Admit => {
                let Admitted { swept, more } = self.admit_some().await.map_err(failed)?;
                Work { more, ..Work::swept(swept, usize::MAX) }
            }
            Job::Relay => self.relay_some().await?,
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
            Job::ForgetDeliveries => {
                Work::forgotten(self.jobs().forget_deliveries_once().await.map_err(failed)?)
            }
            Job::ForgetAnswers => Work::forgotten(0),
        };
        Ok(work)
    }

    /// Delivers facts until none is left, or for a fixed number of batches.
    async fn relay_some(&self) -> Result<Work, JobError> {
        let mut count = 0;
        for _ in 0..RELAY_BATCHES {
            match self.jobs().relay_once().await? {
                0 => return Ok(Work::some(count, usize::MAX)),
                facts => count += facts,
            }
        }
        Ok(Work { more: true, ..Work::some(count, usize::MAX) })
    }
}

fn failed(error: impl Into<HousekeepingError>) -> JobError {
    JobError::Failed(error.into())
}

/// Turns a panic of an adapter into an error, so that the other jobs continue.
async fn caught<T>(work: impl Future<Output = Result<T, JobError>>) -> Result<T, JobError> {
    let mut work = pin!(work);
    poll_fn(|context| {
        let polled = std::panic::AssertUnwindSafe(|| work.as_mut().poll(context));
        std::panic::catch_unwind(polled).unwrap_or(Poll::Ready(Err(JobError::Panicked)))
    })
    .await
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
