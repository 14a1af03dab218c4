//! Limits that servers count together, and each alone while they cannot.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::StoreError;
use tiketi_core::memory::MemoryRateLimits;
use tiketi_core::rate_limit::{RateLimits, Take, Taken};
use tokio::time::{Instant, timeout};

/// Longest wait for the shared store: a request must not be much slower for its limit.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long the shared store is not asked after it failed.
const PAUSE: Duration = Duration::from_secs(5);

/// Counts in a shared store; in the process while that fails.
///
/// So a Redis that is down neither lifts the limits nor slows every request down.
#[derive(Debug)]
pub(crate) struct SharedLimits {
    shared: Arc<dyn RateLimits>,
    own: MemoryRateLimits,
    since: Instant,
    /// Until when the shared store is not asked, in milliseconds since the start.
    paused_until: AtomicU64,
}

impl SharedLimits {
    pub(crate) fn over(shared: Arc<dyn RateLimits>) -> Self {
        let (own, paused_until) = (MemoryRateLimits::default(), AtomicU64::new(0));
        Self { shared, own, since: Instant::now(), paused_until }
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Asks the shared store, unless it has just failed.
    async fn ask<T>(&self, asked: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
        if self.elapsed() < self.paused_until.load(Ordering::Relaxed) {
            return None;
        }
        if let Ok(Ok(answer)) = timeout(PATIENCE, asked).await {
            return Some(answer);
        }
        let pause = u64::try_from(PAUSE.as_millis()).unwrap_or(u64::MAX);
        let until = self.elapsed().saturating_add(pause);
        let before = self.paused_until.swap(until, Ordering::Relaxed);
        if before < self.elapsed() {
            tracing::warn!(pause = ?PAUSE, "the store of limits fails; this server counts alone meanwhile");
        }
        None
    }
}

#[async_trait]
impl RateLimits for SharedLimits {
    async fn take(&self, attempt: Take) -> Result<Taken, StoreError> {
        match self.ask(self.shared.take(attempt)).await {
            Some(taken) => Ok(taken),
            None => self.own.take(attempt).await,
        }
    }

    async fn give_back(&self, attempt: Take) -> Result<(), StoreError> {
        match self.ask(self.shared.give_back(attempt)).await {
            Some(()) => Ok(()),
            None => self.own.give_back(attempt).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use tiketi_core::rate_limit::{RateKey, RateLimit};
    use tiketi_core::{StoreErrorKind, Timestamp};

    use super::*;

    /// A store that never answers, or always fails.
    #[derive(Debug, Default)]
    struct Broken {
        is_silent: bool,
        asked: AtomicU32,
    }

    #[async_trait]
    impl RateLimits for Broken {
        async fn take(&self, _: Take) -> Result<Taken, StoreError> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            if self.is_silent {
                std::future::pending::<()>().await;
            }
            Err(StoreError::new(StoreErrorKind::Unavailable, "gone"))
        }

        async fn give_back(&self, _: Take) -> Result<(), StoreError> {
            Err(StoreError::new(StoreErrorKind::Unavailable, "gone"))
        }
    }

    /// Seen to fail with the error passed on, which limits no one.
    #[tokio::test(start_paused = true)]
    async fn a_shared_store_that_fails_neither_lifts_the_limit_nor_delays_each_request() {
        for is_silent in [false, true] {
            let broken = Arc::new(Broken { is_silent, asked: AtomicU32::new(0) });
            let limits = SharedLimits::over(Arc::<Broken>::clone(&broken));
            let limit = RateLimit::new(3, Duration::from_mins(1)).unwrap();
            let attempt = Take { now: Timestamp::EPOCH, key: RateKey::new("test", &[]), limit };
            let began = Instant::now();
            let mut within = 0;
            for _ in 0..100 {
                if matches!(limits.take(attempt).await.unwrap(), Taken::Within { .. }) {
                    within += 1;
                }
            }
            assert_eq!((within, broken.asked.load(Ordering::Relaxed)), (3, 1));
            assert!(began.elapsed() <= PATIENCE);
            tokio::time::advance(PAUSE).await;
            limits.take(attempt).await.unwrap();
            assert_eq!(broken.asked.load(Ordering::Relaxed), 2, "it is asked again");
        }
    }
}
