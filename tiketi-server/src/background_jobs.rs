//! Background jobs: each runs again after an error or a panic.

use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use tiketi_core::decide::MAX_CLOCK_SKEW;
use tiketi_core::{BoxOffice, BoxOfficeBuilder, StoreError};
use tiketi_http::AppState;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::failure::Failure;
use crate::options::Options;

/// Most payments that one round reconciles.
const RECONCILE_BATCH: usize = 16;
/// How often the server's clock is compared with the store's.
const WATCH_CLOCK_EVERY: Duration = Duration::from_secs(30);
/// Longest pause between tries of a job that keeps failing.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Longest time until an expired hold is ended: its general-admission tickets are not available before.
const LONGEST_SWEEP: Duration = Duration::from_mins(1);
/// Most payments that may be reconciled at the same time.
const MOST_RECONCILERS: u32 = 64;

/// Least age of an event that is archived: while it is performed, staff still sell and refund.
const SHORTEST_AGE: Duration = Duration::from_hours(1);

/// How often jobs run, and how many payments they reconcile at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JobSettings {
    /// How often expired holds are ended, statuses announced, facts delivered, and due work is looked for.
    sweep_every: Duration,
    /// How many payments are reconciled at the same time.
    reconcilers: u32,
    /// How long after their beginning events are archived.
    archive_after: Option<Duration>,
}

impl JobSettings {
    /// Has events archived, if that is asked for.
    pub(crate) fn archive_by(self, builder: BoxOfficeBuilder) -> BoxOfficeBuilder {
        match self.archive_after {
            Some(age) => builder.archive_after(age),
            None => builder,
        }
    }

    /// Returns how often jobs run.
    pub(crate) fn sweep_every(self) -> Duration {
        self.sweep_every
    }

    /// Returns how many rounds of reconciliation may run at the same time.
    fn rounds(self) -> u32 {
        self.reconcilers.div_ceil(2)
    }

    /// Returns how many payments each round reconciles at the same time.
    pub(crate) fn asked_at_once(self) -> usize {
        usize::try_from(self.reconcilers / self.rounds()).unwrap_or(1)
    }

    /// Checks the options.
    pub(crate) fn of(options: &Options) -> Result<Self, Failure> {
        let (sweep_every, reconcilers) = (options.sweep_every, options.paying.reconcilers);
        if sweep_every < Duration::from_millis(10) || sweep_every > LONGEST_SWEEP {
            return Err(Failure::new("--sweep-every must be from 10ms to 1m"));
        }
        if !(1..=MOST_RECONCILERS).contains(&reconcilers) {
            return Err(Failure::new(format!("--reconcilers must be from 1 to {MOST_RECONCILERS}")));
        }
        if options.archive_after.is_some_and(|age| age < SHORTEST_AGE) {
            return Err(Failure::new("--archive-after must be at least 1h"));
        }
        Ok(Self { sweep_every, reconcilers, archive_after: options.archive_after })
    }
}

/// The background jobs of a server.
#[derive(Debug)]
pub(crate) struct BackgroundJobs {
    cancellation: CancellationToken,
    tasks: TaskTracker,
}

impl BackgroundJobs {
    /// Starts every job; they run until `cancellation`.
    pub(crate) fn start(
        shop: &BoxOffice,
        state: &AppState,
        settings: JobSettings,
        cancellation: CancellationToken,
    ) -> Self {
        let jobs = Self { cancellation, tasks: TaskTracker::new() };
        jobs.tasks.spawn(run_due_jobs(state.clone(), jobs.cancellation.clone()));
        jobs.run_every(WATCH_CLOCK_EVERY, "compare the clock", shop, compare_clock);
        // A round lasts as long as its slowest answer. Further loops start new rounds meanwhile, so that one
        // provider that does not answer does not delay all payments.
        for _ in 1..settings.rounds() {
            jobs.run_every(settings.sweep_every, "reconcile payments", shop, |shop| async move {
                shop.jobs().reconcile_once(RECONCILE_BATCH).await.map(drop)
            });
        }
        jobs
    }

    /// Returns the jobs' tasks, to wait for their end.
    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Starts a job that runs every `period`.
    fn run_every<F, E>(
        &self,
        period: Duration,
        name: &'static str,
        shop: &BoxOffice,
        job: impl Fn(BoxOffice) -> F + Send + 'static,
    ) where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + Send + 'static,
    {
        let shop = shop.clone();
        self.tasks.spawn(repeat(name, period, self.cancellation.clone(), move || job(shop.clone())));
    }
}

/// Warns if the server's clock differs from the store's.
pub(crate) async fn compare_clock(shop: BoxOffice) -> Result<(), StoreError> {
    let skew = shop.clock_skew().await?.unwrap_or_default();
    if !skew.is_ready() {
        let (ahead, behind) = (skew.ahead, skew.behind);
        tracing::warn!(?ahead, ?behind, most = ?MAX_CLOCK_SKEW, "the clock differs from the store's; the server is not ready until it is corrected");
    }
    Ok(())
}

/// Runs the due jobs and sleeps until the next are due, until `stop` is cancelled.
async fn run_due_jobs(state: AppState, stop: CancellationToken) {
    let mut wait = Duration::ZERO;
    while stop.run_until_cancelled(sleep(wait)).await.is_some() {
        let report = state.run_jobs_once().await;
        for (job, event, error) in report.skipped() {
            let error: &dyn std::error::Error = error;
            tracing::warn!(job = job.name(), %event, error, "an event was skipped and will be tried again");
        }
        for (job, error) in report.failures() {
            let error: &dyn std::error::Error = error;
            tracing::error!(job = job.name(), error, "a job failed and will be tried again");
        }
        wait = report.next;
    }
}

/// Runs a job every `period`, less often while it fails; neither an error nor a panic ends it.
async fn repeat<F, E>(name: &'static str, period: Duration, stop: CancellationToken, job: impl Fn() -> F)
where
    F: Future<Output = Result<(), E>>,
    E: Display,
{
    let mut failures = 0_u32;
    while stop.run_until_cancelled(sleep(pause(period, failures))).await.is_some() {
        let problem = match AssertUnwindSafe(job()).catch_unwind().await {
            Ok(Ok(())) => {
                failures = 0;
                continue;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "panicked".to_owned(),
        };
        failures = failures.saturating_add(1);
        tracing::error!(job = name, failures, error = problem, "a job failed and will be tried again");
    }
}

/// Returns the pause: it doubles with each failure in a row, up to a limit.
fn pause(period: Duration, failures: u32) -> Duration {
    let factor = 1_u32.checked_shl(failures).unwrap_or(u32::MAX);
    period.saturating_mul(factor).min(LONGEST_PAUSE.max(period))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn the_pause_doubles_up_to_its_limit() {
        let pauses =
            [0, 1, 2, 3, 10, u32::MAX].map(|failures| pause(Duration::from_secs(1), failures).as_secs());
        assert_eq!(pauses, [1, 2, 4, 8, 30, 30]);
        let minute = Duration::from_mins(1);
        assert_eq!(pause(minute, 3), minute);
    }

    #[tokio::test]
    async fn a_job_that_fails_or_panics_runs_again_until_it_is_stopped() {
        let (runs, stop) = (Arc::new(AtomicU32::new(0)), CancellationToken::new());
        let (counted, stopper) = (Arc::clone(&runs), stop.clone());
        let job = move || {
            let run = counted.fetch_add(1, Ordering::SeqCst);
            let stopper = stopper.clone();
            async move {
                match run {
                    0 => Err("the store is down"),
                    1 => panic!("a defect"),
                    _ => {
                        stopper.cancel();
                        Ok(())
                    }
                }
            }
        };
        let repeated = repeat("test", Duration::from_millis(1), stop, job);
        tokio::time::timeout(Duration::from_secs(10), repeated).await.expect("the job did not stop");
        assert_eq!(runs.load(Ordering::SeqCst), 3);
    }
}
