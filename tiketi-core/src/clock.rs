//! Sources of time and of new ids, replaceable in tests.

use std::fmt::Debug;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use uuid::Uuid;

use crate::simulated::refuse_if_simulated;
use crate::time::Timestamp;

/// Returns the present time.
pub trait Clock: Debug + Send + Sync + 'static {
    /// Returns the present moment.
    fn now(&self) -> Timestamp;
}

/// Waits by the same time as a [`Clock`]; provided by the host's async runtime.
#[async_trait]
pub trait Timer: Debug + Send + Sync + 'static {
    /// Returns once `length` has passed.
    ///
    /// # Cancel safety
    ///
    /// Safe: a dropped wait has no effect.
    async fn sleep(&self, length: Duration);
}

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "hosts name the only value")]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        refuse_if_simulated("the time");
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place where core asks the machine for the time"
        )]
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::EPOCH.after(since_epoch)
    }
}

/// A clock that moves only when it is set, for tests and simulations.
///
/// ```
/// use std::time::Duration;
/// use tiketi_core::{clock::ManualClock, Clock, Timestamp};
///
/// let clock = ManualClock::at(Timestamp::EPOCH);
/// clock.advance(Duration::from_secs(1));
/// assert_eq!(clock.now().as_micros(), 1_000_000);
/// ```
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Makes a clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_micros()))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.set(self.now().after(by));
    }

    /// Sets the clock, forward or back.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_micros(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Makes new ids.
pub trait IdSource: Debug + Send + Sync + 'static {
    /// Returns a UUID never returned before, by this or any other server.
    fn next(&self) -> Uuid;
}

/// Version 7 UUIDs (RFC 9562): unique across servers, and sorted roughly by time.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "hosts name the only value")]
pub struct TimeOrderedIds;

impl IdSource for TimeOrderedIds {
    fn next(&self) -> Uuid {
        refuse_if_simulated("an id");
        #[expect(clippy::disallowed_methods, reason = "the one place where core makes random ids")]
        Uuid::now_v7()
    }
}

/// Ids counted up from a seed, equal in every run, for tests and simulations.
#[derive(Debug)]
pub struct CountedIds {
    seed: u64,
    next: AtomicU64,
}

impl CountedIds {
    /// Makes a source whose ids differ from those of every other seed.
    pub fn seeded(seed: u64) -> Self {
        Self { seed, next: AtomicU64::new(1) }
    }
}

impl IdSource for CountedIds {
    fn next(&self) -> Uuid {
        Uuid::from_u64_pair(self.seed, self.next.fetch_add(1, Ordering::Relaxed))
    }
}
