//! Concurrent callers that each run one operation after another until the time is up.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::figures::{Timings, now};

/// No time limit: the measurement ends when no work is left.
pub(crate) const NO_LIMIT: Duration = Duration::from_hours(1);

/// Whether there is more work.
pub(crate) enum More {
    /// The operation was done and counts.
    Yes,
    /// No work is left.
    No,
}

/// Runs `work` from `callers` tasks until the time is up or no work is left; each call gets a different number.
pub(crate) async fn run<F, W>(callers: u32, time: Duration, work: W) -> Result<Timings, Box<dyn Error>>
where
    F: Future<Output = Result<More, String>> + Send,
    W: Fn(usize) -> F + Send + Sync + 'static,
{
    let (work, next) = (Arc::new(work), Arc::new(AtomicUsize::new(0)));
    let started = now();
    let callers = (0..callers).map(|_| {
        let (work, next) = (Arc::clone(&work), Arc::clone(&next));
        tokio::spawn(async move {
            let mut timings = Timings::default();
            while started.elapsed() < time {
                let before = now();
                match work(next.fetch_add(1, Ordering::Relaxed)).await? {
                    More::Yes => timings.record(before.elapsed()),
                    More::No => break,
                }
            }
            Ok::<_, String>(timings)
        })
    });
    let mut timings = Timings::default();
    for caller in callers.collect::<Vec<_>>() {
        timings.absorb(caller.await??);
    }
    timings.finish(started.elapsed());
    Ok(timings)
}
