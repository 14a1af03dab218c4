//! Rate limits, in memory.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use foldhash::fast::RandomState;

use crate::decide::rate_limit;
use crate::error::StoreError;
use crate::rate_limit::{RateKey, RateLimits, Take, Taken};
use crate::time::Timestamp;

/// Most keys by default: about 20 MB.
const MOST_KEYS: usize = 200_000;
/// Most allowances that are full again which one attempt deletes.
const DELETED: usize = 4;

/// Rate limits in memory, for one process.
///
/// It keeps a bounded number of keys. Once there are more, the allowance that is full again first is deleted: a client
/// with many addresses pushes out its own unused ones, and not an allowance that is used up.
pub struct MemoryRateLimits {
    table: Mutex<Table>,
    most: usize,
}

#[derive(Default)]
struct Table {
    full_at: HashMap<RateKey, Timestamp, RandomState>,
    order: BTreeSet<(Timestamp, RateKey)>,
}

impl Default for MemoryRateLimits {
    /// At most 200,000 keys, which take about 20 MB.
    fn default() -> Self {
        Self::with_most_keys(MOST_KEYS)
    }
}

impl MemoryRateLimits {
    /// Makes limits of at most this many keys, at least one.
    pub fn with_most_keys(most: usize) -> Self {
        Self { table: Mutex::default(), most: most.max(1) }
    }

    /// Returns how many keys there are.
    pub fn keys(&self) -> usize {
        self.lock().full_at.len()
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // Nothing in here panics between two writes.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn put(&mut self, key: RateKey, full_at: Timestamp, most: usize) {
        if let Some(before) = self.full_at.insert(key, full_at) {
            self.order.remove(&(before, key));
        }
        self.order.insert((full_at, key));
        while self.full_at.len() > most && self.delete_first() {}
    }

    fn delete_full(&mut self, now: Timestamp) {
        for _ in 0..DELETED {
            let is_full = self.order.first().is_some_and(|(full_at, _)| *full_at <= now);
            if !is_full || !self.delete_first() {
                return;
            }
        }
    }

    fn delete_first(&mut self) -> bool {
        let Some((_, key)) = self.order.pop_first() else { return false };
        self.full_at.remove(&key).is_some()
    }
}

#[async_trait]
impl RateLimits for MemoryRateLimits {
    async fn take(&self, attempt: Take) -> Result<Taken, StoreError> {
        let mut table = self.lock();
        table.delete_full(attempt.now);
        let taken = rate_limit::take(table.full_at.get(&attempt.key).copied(), &attempt);
        if let Taken::Within { full_at } = taken {
            table.put(attempt.key, full_at, self.most);
        }
        Ok(taken)
    }

    async fn give_back(&self, attempt: Take) -> Result<(), StoreError> {
        let mut table = self.lock();
        if let Some(full_at) = table.full_at.get(&attempt.key).copied() {
            table.put(attempt.key, rate_limit::give_back(full_at, attempt.limit), self.most);
        }
        Ok(())
    }
}

impl fmt::Debug for MemoryRateLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRateLimits").field("most", &self.most).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::rate_limit::RateLimit;

    fn attempt(key: u64, seconds: u64) -> Take {
        let now = Timestamp::EPOCH.after(Duration::from_secs(seconds));
        let key = RateKey::new("test", &[&key.to_be_bytes()]);
        Take { now, key, limit: RateLimit::new(3, Duration::from_mins(1)).unwrap() }
    }

    async fn is_within(limits: &MemoryRateLimits, attempt: Take) -> bool {
        matches!(limits.take(attempt).await.unwrap(), Taken::Within { .. })
    }

    /// Seen to fail with the key that came first deleted, and with no limit for the keys of a full table.
    #[tokio::test]
    async fn a_flood_of_keys_does_not_reset_an_allowance_that_is_used_up() {
        let limits = MemoryRateLimits::with_most_keys(100);
        for _ in 0..3 {
            assert!(is_within(&limits, attempt(0, 0)).await);
        }
        for key in 1..10_000 {
            assert!(is_within(&limits, attempt(key, 1)).await);
        }
        assert!(!is_within(&limits, attempt(0, 2)).await);
        assert_eq!(limits.keys(), 100);
    }

    #[tokio::test]
    async fn allowances_that_are_full_again_are_deleted() {
        let limits = MemoryRateLimits::default();
        for key in 0..40 {
            limits.take(attempt(key, 0)).await.unwrap();
        }
        for key in 100..110 {
            limits.take(attempt(key, 60)).await.unwrap();
        }
        assert_eq!(limits.keys(), 10);
    }
}
