//! Checks of what the server depends on: each runs at most once a second, however many ask.

use std::fmt::{self, Debug};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tiketi_core::{StoreError, StoreErrorKind};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use crate::error::ApiError;

/// How long an outcome counts.
const FRESH: Duration = Duration::from_secs(1);

/// Checks something that the server depends on, besides its store.
#[async_trait]
pub trait DependencyCheck: Debug + Send + Sync + 'static {
    /// Returns whether it answers.
    ///
    /// # Errors
    ///
    /// [`StoreError`] with the cause, for the log.
    async fn check(&self) -> Result<(), StoreError>;
}

/// The checks of a server, and whether it takes part in the shop.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    /// Whether the server was told to stop.
    stopping: AtomicBool,
    pub(crate) store: SharedCheck,
    pub(crate) clock: SharedCheck,
    pub(crate) redis: SharedCheck,
}

impl Readiness {
    /// From now on the server is not ready.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Returns whether the server was told to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

type Outcome = Result<(), ApiError>;

/// A check whose outcome its callers share.
#[derive(Default)]
pub(crate) struct SharedCheck {
    last: Mutex<Option<Run>>,
}

/// The last run of a check; it may still be under way.
#[derive(Clone)]
struct Run {
    began: Instant,
    task: AbortHandle,
    outcome: Shared<BoxFuture<'static, Outcome>>,
}

impl SharedCheck {
    /// Returns the outcome of a run that began within the last second, or starts a run.
    ///
    /// While a run is under way, no other one starts. It ends after `patience`, also if no caller waits for it.
    pub(crate) async fn outcome<F>(&self, patience: Duration, check: impl FnOnce() -> F) -> Outcome
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let run = self.run(patience, check);
        run.outcome.await
    }

    fn run<F>(&self, patience: Duration, check: impl FnOnce() -> F) -> Run
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        // Nothing in here panics between two writes.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(run) = &*last
            && (!run.task.is_finished() || run.began.elapsed() < FRESH)
        {
            return run.clone();
        }
        // A task of its own: a caller that leaves must not leave a connection that no one polls.
        let task = tokio::spawn(timeout(patience, check()));
        let handle = task.abort_handle();
        let outcome = async move {
            match task.await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(_)) => Err(late()),
                Err(error) => Err(ApiError::internal(error)),
            }
        };
        let run = Run { began: Instant::now(), task: handle, outcome: outcome.boxed().shared() };
        last.insert(run).clone()
    }
}

fn late() -> ApiError {
    StoreError::new(StoreErrorKind::Unavailable, "it took too long to answer a health check").into()
}

impl Debug for SharedCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedCheck").finish_non_exhaustive()
    }
}

/// Checks Redis, or whatever else the host depends on.
pub(crate) async fn dependency(check: Arc<dyn DependencyCheck>) -> Outcome {
    Ok(check.check().await?)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use futures::future::join_all;

    use super::*;

    /// Seen to fail with each caller running the check.
    #[tokio::test(start_paused = true)]
    async fn a_thousand_callers_share_one_run_a_second() {
        let (check, runs) = (SharedCheck::default(), AtomicU32::new(0));
        for second in 1..=3 {
            let callers = (0..1_000).map(|_| {
                check.outcome(Duration::from_secs(2), || {
                    runs.fetch_add(1, Ordering::Relaxed);
                    async { Ok(()) }
                })
            });
            assert!(join_all(callers).await.iter().all(Result::is_ok));
            assert_eq!(runs.load(Ordering::Relaxed), second);
            tokio::time::advance(FRESH).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_hangs_is_not_started_again_and_ends() {
        let check = SharedCheck::default();
        let first = check.outcome(Duration::from_mins(1), std::future::pending);
        let gone = timeout(Duration::from_secs(5), first).await;
        assert!(gone.is_err(), "the first caller left");
        let second = check.outcome(Duration::from_mins(1), || async { panic!("it was started again") });
        assert!(second.await.is_err());
        assert!(check.outcome(Duration::from_mins(1), || async { Ok(()) }).await.is_ok());
    }

    #[tokio::test]
    async fn a_check_that_panics_is_a_failure() {
        let check = SharedCheck::default();
        assert!(check.outcome(Duration::from_mins(1), || async { panic!("a defect") }).await.is_err());
    }
}
