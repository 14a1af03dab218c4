//! Rate limits: attempts within an allowance, and when they come back.

use std::time::Duration;

use futures::future::join_all;
use tiketi_core::Timestamp;
use tiketi_core::decide::rate_limit;
use tiketi_core::rate_limit::{RateKey, RateLimit, RateLimits, Take, Taken};

use crate::handles::Handles;
use crate::shop::START;

type Limits = Handles<dyn RateLimits>;

/// Far longer than a case takes, because a store may delete by its own clock what is full again.
const HOUR: Duration = Duration::from_hours(1);

fn after(seconds: u64) -> Timestamp {
    START.parse::<Timestamp>().unwrap().after(Duration::from_secs(seconds))
}

fn attempt(now: Timestamp, key: &str, burst: u32) -> Take {
    Take { now, key: RateKey::new("case", &[key.as_bytes()]), limit: RateLimit::new(burst, HOUR).unwrap() }
}

async fn take(limits: &Limits, attempt: Take) -> Taken {
    limits.any().take(attempt).await.unwrap()
}

/// Fails if an allowance has more or fewer attempts than its burst, or a refusal does not say until when.
pub async fn an_allowance_has_its_burst(limits: Limits) {
    for used in 1..=4 {
        let full_at = after(900 * used);
        assert_eq!(take(&limits, attempt(after(0), "a", 4)).await, Taken::Within { full_at });
    }
    for _ in 0..3 {
        let retry_at = after(900);
        assert_eq!(take(&limits, attempt(after(0), "a", 4)).await, Taken::Exceeded { retry_at });
    }
}

/// Fails if a used attempt comes back a microsecond early or late, or more than one at a time.
pub async fn attempts_come_back_evenly(limits: Limits) {
    for _ in 0..4 {
        take(&limits, attempt(after(0), "a", 4)).await;
    }
    let early = after(900).before(Duration::from_micros(1));
    assert!(matches!(take(&limits, attempt(early, "a", 4)).await, Taken::Exceeded { .. }));
    let full_at = after(4_500);
    assert_eq!(take(&limits, attempt(after(900), "a", 4)).await, Taken::Within { full_at });
    let retry_at = after(1_800);
    assert_eq!(take(&limits, attempt(after(900), "a", 4)).await, Taken::Exceeded { retry_at });
    // After more than the period, the whole burst is there again.
    for _ in 0..4 {
        assert!(matches!(take(&limits, attempt(after(9_000), "a", 4)).await, Taken::Within { .. }));
    }
}

/// Fails if keys share an allowance.
pub async fn keys_are_apart(limits: Limits) {
    for key in ["a", "b", "c"] {
        assert!(matches!(take(&limits, attempt(after(0), key, 1)).await, Taken::Within { .. }));
        assert!(matches!(take(&limits, attempt(after(0), key, 1)).await, Taken::Exceeded { .. }));
    }
}

/// Fails if an attempt that was given back is missing, or an unused allowance grows.
pub async fn an_attempt_given_back_is_there_again(limits: Limits) {
    let ask = attempt(after(0), "a", 2);
    limits.any().give_back(ask).await.unwrap();
    for _ in 0..2 {
        assert!(matches!(take(&limits, ask).await, Taken::Within { .. }));
    }
    limits.any().give_back(ask).await.unwrap();
    assert!(matches!(take(&limits, ask).await, Taken::Within { .. }));
    assert!(matches!(take(&limits, ask).await, Taken::Exceeded { .. }));
}

/// Fails if an answer is another one than that of the rule, for attempts at many moments and a clock that goes back.
pub async fn every_attempt_is_decided_by_the_rule(limits: Limits) {
    let (mut full_at, mut now) = (None, 10_000_u64);
    for step in 0..200_u64 {
        now = if step % 17 == 16 { now.saturating_sub(2_000) } else { now + step * 7_919 % 400 };
        let ask = attempt(after(now), "a", 7);
        let expected = rate_limit::take(full_at, &ask);
        assert_eq!(take(&limits, ask).await, expected, "step {step}");
        if let Taken::Within { full_at: after } = expected {
            full_at = Some(after);
        }
    }
}

/// Fails if attempts at once, at several servers, are more than the burst.
pub async fn of_attempts_at_once_the_burst_is_within(limits: Limits) {
    let attempts = (0..64).map(|_| {
        let limits = limits.any();
        tokio::spawn(async move { limits.take(attempt(after(0), "a", 10)).await.unwrap() })
    });
    let taken = join_all(attempts.collect::<Vec<_>>()).await;
    let within = taken.into_iter().filter(|taken| matches!(taken, Ok(Taken::Within { .. })));
    assert_eq!(within.count(), 10);
}
