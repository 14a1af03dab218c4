//! Concurrent work without tasks.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use crate::clock::Timer;
use crate::error::{StoreError, StoreErrorKind};

/// Longest time that a job waits for an event that another server may have locked; then the job skips it.
pub(super) const EVENT_DEADLINE: Duration = Duration::from_secs(3);

/// Runs futures concurrently, at most `at_once` of them.
///
/// It returns their outputs in the order in which they end.
///
/// They run in the task that awaits this future, because core starts no tasks.
pub(super) async fn together<F: Future>(
    futures: impl IntoIterator<Item = F>,
    at_once: usize,
) -> Vec<F::Output> {
    let mut waiting = futures.into_iter().fuse();
    let mut running: Vec<Pin<Box<F>>> = Vec::new();
    let mut ended = Vec::new();
    poll_fn(move |context| {
        loop {
            let free = at_once.max(1).saturating_sub(running.len());
            running.extend(waiting.by_ref().take(free).map(Box::pin));
            let before = running.len();
            running.retain_mut(|future| match future.as_mut().poll(context) {
                Poll::Ready(output) => {
                    ended.push(output);
                    false
                }
                Poll::Pending => true,
            });
            // A future that ended makes room for others, which have not been polled yet.
            if before == 0 {
                return Poll::Ready(std::mem::take(&mut ended));
            } else if running.len() == before {
                return Poll::Pending;
            }
        }
    })
    .await
}

/// Returns the output of the work; `None` if it panicked.
pub(super) async fn caught<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| {
        let polled = AssertUnwindSafe(|| work.as_mut().poll(context).map(Some));
        catch_unwind(polled).unwrap_or(Poll::Ready(None))
    })
    .await
}

/// Drops work after a time limit; without a timer, the store alone limits it.
pub(super) async fn in_time<T, E: From<StoreError>>(
    timer: Option<&dyn Timer>,
    limit: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let Some(timer) = timer else { return work.await };
    let (mut work, mut end) = (pin!(work), timer.sleep(limit));
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Pending => end.as_mut().poll(context).map(|()| {
            Err(StoreError::new(StoreErrorKind::Contention, "the event was not free in time").into())
        }),
        done @ Poll::Ready(_) => done,
    })
    .await
}

/// Returns `None` if an event was locked for too long: the job did not fail, and tries again later.
pub(super) fn unless_locked<T>(done: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(error) if error.kind() == StoreErrorKind::Contention => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::pending;

    use async_trait::async_trait;

    use super::*;

    #[tokio::test]
    async fn all_are_done_and_never_more_at_once_than_allowed() {
        for at_once in [1, 3, 100] {
            let (running, most) = (Cell::new(0), Cell::new(0));
            let works = (0..50).map(|number| {
                let (running, most) = (&running, &most);
                async move {
                    running.set(running.get() + 1);
                    most.set(running.get().max(most.get()));
                    for _ in 0..number % 4 {
                        tokio::task::yield_now().await;
                    }
                    running.set(running.get() - 1);
                    number
                }
            });
            let mut done = together(works, at_once).await;
            done.sort_unstable();
            assert_eq!(done, (0..50).collect::<Vec<_>>());
            assert_eq!(most.get(), at_once.min(37), "37 of 50 are not done when first polled");
        }
    }

    #[tokio::test]
    async fn nothing_to_do_is_done_at_once() {
        assert_eq!(together(Vec::<std::future::Ready<()>>::new(), 4).await, []);
    }

    /// A timer whose waits end at once.
    #[derive(Debug)]
    struct Late;

    #[async_trait]
    impl Timer for Late {
        async fn sleep(&self, _length: Duration) {}
    }

    #[tokio::test]
    async fn work_that_hangs_ends_at_its_limit_and_work_that_is_done_is_not_cut_off() {
        let limit = Duration::from_secs(1);
        let hangs = in_time(Some(&Late), limit, pending::<Result<(), StoreError>>()).await;
        assert_eq!(hangs.unwrap_err().kind(), StoreErrorKind::Contention);
        in_time(Some(&Late), limit, async { Ok::<(), StoreError>(()) }).await.unwrap();
    }
}
