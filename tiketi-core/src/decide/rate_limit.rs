//! Rate limits: whether an attempt is within its allowance.
//!
//! The rule is the generic cell rate algorithm (ITU-T I.371): an allowance is the moment at which it is full again.
//! Each attempt moves it by one interval, and an attempt that would move it further away than the period is refused.

use crate::rate_limit::{RateLimit, Take, Taken};
use crate::time::Timestamp;

/// Decides an attempt, given when the allowance is full again; `None` for a key that was not used.
///
/// A refused attempt changes nothing, so a client that tries all the time is not refused for longer.
#[must_use]
pub fn take(full_at: Option<Timestamp>, attempt: &Take) -> Taken {
    let Take { now, limit, .. } = *attempt;
    let interval = limit.interval();
    let after = full_at.map_or(now, |full_at| full_at.max(now)).after(interval);
    // The period is rounded to whole intervals, so that a full allowance has exactly its burst.
    let retry_at = after.before(interval.saturating_mul(limit.burst()));
    if retry_at > now { Taken::Exceeded { retry_at } } else { Taken::Within { full_at: after } }
}

/// Returns when an allowance is full again after one attempt was given back.
#[must_use]
pub fn give_back(full_at: Timestamp, limit: RateLimit) -> Timestamp {
    full_at.before(limit.interval())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::rate_limit::RateKey;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_secs(seconds))
    }

    fn attempt(now: Timestamp, burst: u32, seconds: u64) -> Take {
        let limit = RateLimit::new(burst, Duration::from_secs(seconds)).unwrap();
        Take { now, key: RateKey::new("test", &[]), limit }
    }

    /// Takes as often as it is within the limit, at one moment.
    fn taken_at_once(mut full_at: Option<Timestamp>, attempt: &Take) -> (u32, Option<Timestamp>) {
        let mut count = 0;
        while let Taken::Within { full_at: after } = take(full_at, attempt) {
            (count, full_at) = (count + 1, Some(after));
        }
        (count, full_at)
    }

    #[test]
    fn an_unused_allowance_has_its_burst() {
        for burst in [1, 3, 7, 1_000] {
            assert_eq!(taken_at_once(None, &attempt(at(9), burst, 60)).0, burst);
        }
    }

    #[test]
    fn attempts_come_back_one_by_one() {
        let (_, full_at) = taken_at_once(None, &attempt(at(0), 3, 60));
        assert_eq!(take(full_at, &attempt(at(19), 3, 60)), Taken::Exceeded { retry_at: at(20) });
        assert_eq!(taken_at_once(full_at, &attempt(at(20), 3, 60)).0, 1);
        assert_eq!(taken_at_once(full_at, &attempt(at(45), 3, 60)).0, 2);
        assert_eq!(taken_at_once(full_at, &attempt(at(3_600), 3, 60)).0, 3);
    }

    #[test]
    fn an_attempt_given_back_can_be_made_again() {
        let ask = attempt(at(0), 2, 60);
        let (_, full_at) = taken_at_once(None, &ask);
        let full_at = full_at.map(|full_at| give_back(full_at, ask.limit));
        assert_eq!(taken_at_once(full_at, &ask).0, 1);
    }

    #[test]
    fn a_clock_that_is_behind_refuses_and_grants_nothing_more() {
        let (_, full_at) = taken_at_once(None, &attempt(at(100), 2, 60));
        assert_eq!(taken_at_once(full_at, &attempt(at(10), 2, 60)).0, 0);
    }

    proptest! {
        /// In any time, there are at most as many attempts as the burst and what came back.
        #[test]
        fn no_more_than_the_burst_and_what_comes_back(
            burst in 1_u32..20, pauses in prop::collection::vec(0_u64..40, 1..60),
        ) {
            let (mut now, mut full_at, mut count) = (at(0), None, 0_u64);
            for pause in pauses {
                now = now.after(Duration::from_secs(pause));
                let ask = attempt(now, burst, 60);
                if let Taken::Within { full_at: after } = take(full_at, &ask) {
                    (full_at, count) = (Some(after), count + 1);
                }
                let back = now.since(at(0)).as_micros() / ask.limit.interval().as_micros();
                prop_assert!(u128::from(count) <= u128::from(burst) + back);
            }
        }
    }
}
