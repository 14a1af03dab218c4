//! Runs many seeds, one world per thread.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::planted::Planted;
use crate::run::{Run, run};
use crate::setting::Setting;
use crate::tally::Tally;
use crate::world::locked;

/// What came of many runs.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Sweep {
    /// The number of runs.
    pub runs: u64,
    /// The simulated time of all runs.
    pub simulated: Duration,
    /// How often tasks ran.
    pub turns: u64,
    /// What struck and what was reached.
    pub tally: Tally,
    /// The failing run with the smallest seed.
    pub failed: Option<Run>,
}

/// Runs `count` seeds from `from` on, on `threads` threads, until one fails.
///
/// `progress` is called after every thousandth run with the sums so far.
pub fn sweep(
    from: u64,
    count: u64,
    threads: usize,
    planted: Option<Planted>,
    progress: impl Fn(&Sweep) + Sync,
) -> Sweep {
    let (next, end) = (AtomicU64::new(from), from.saturating_add(count));
    let sum = Mutex::new(Sweep::default());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let done = run(Setting::of(seed), planted, false);
                    if done.violation.is_some() {
                        next.store(end, Ordering::Relaxed);
                    }
                    let mut sum = locked(&sum);
                    sum.add(done);
                    if sum.runs % 1_000 == 0 {
                        progress(&sum);
                    }
                }
            });
        }
    });
    sum.into_inner().unwrap_or_default()
}

impl Sweep {
    fn add(&mut self, run: Run) {
        self.runs += 1;
        self.simulated += run.simulated;
        self.turns += run.turns;
        self.tally.add(&run.tally);
        if run.violation.is_some() && self.failed.as_ref().is_none_or(|known| run.seed < known.seed) {
            self.failed = Some(run);
        }
    }
}
