//! Retries after contention and lost connections.

use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use tiketi_core::{StoreError, StoreErrorKind};
use tiketi_sql::StoreMetrics;

use crate::error::was_lost;

/// How many times an operation is tried before its caller gets the failure.
const TRIES: u32 = 6;
/// Longest first wait; each later wait is up to twice as long as the one before.
const FIRST_WAIT: Duration = Duration::from_millis(8);

/// Tries until the operation succeeds, fails permanently, or has failed too many times.
pub(crate) async fn retry<T, F>(
    metrics: &StoreMetrics,
    mut attempt: impl FnMut() -> F,
) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut tried = 0;
    loop {
        match attempt().await {
            Err(error) if pause(tried, &error).await => {
                tried += 1;
                metrics.retry(&error, None);
            }
            done => return done,
        }
    }
}

/// Waits for the next try; returns false if there should be none.
///
/// Only an operation that certainly changed nothing is tried again.
pub(crate) async fn pause(tried: u32, error: &StoreError) -> bool {
    let again = error.kind() == StoreErrorKind::Contention || was_lost(error);
    if !again || tried + 1 >= TRIES {
        return false;
    }
    tokio::time::sleep(wait(tried)).await;
    true
}

/// Returns half to all of a wait that doubles with each try, so that operations that collided do not collide again.
fn wait(tried: u32) -> Duration {
    let longest = FIRST_WAIT.saturating_mul(1 << tried.min(16));
    let chance = u32::try_from(RandomState::new().build_hasher().finish() % 1_000).unwrap_or_default();
    longest / 2 + longest / 2 * chance / 1_000
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn waits_grow_and_stay_within_bounds() {
        for tried in 0..TRIES {
            let longest = FIRST_WAIT * 2_u32.pow(tried);
            assert!((longest / 2..=longest).contains(&wait(tried)));
        }
    }

    #[tokio::test]
    async fn contention_is_tried_again_but_not_for_ever() {
        let tried = Cell::new(0);
        let metrics = StoreMetrics::default();
        let failed = retry(&metrics, || async {
            tried.set(tried.get() + 1);
            Err::<(), _>(StoreError::new(StoreErrorKind::Contention, "others"))
        });
        assert_eq!(failed.await.unwrap_err().kind(), StoreErrorKind::Contention);
        assert_eq!(tried.get(), TRIES);
    }

    #[tokio::test]
    async fn what_may_have_happened_is_not_tried_again() {
        let tried = Cell::new(0);
        let metrics = StoreMetrics::default();
        let failed = retry(&metrics, || async {
            tried.set(tried.get() + 1);
            Err::<(), _>(StoreError::new(StoreErrorKind::OutcomeUnknown, "lost"))
        });
        assert!(failed.await.unwrap_err().may_have_applied());
        assert_eq!(tried.get(), 1);
    }
}
