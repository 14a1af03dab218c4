//! Checks of servers' clocks against the store's clock.
//!
//! A command is decided by its own `now`; the store's clock can only refuse it. A command whose `now` is too far ahead
//! would end holds that are still valid.

use std::time::Duration;

use crate::error::{StoreError, StoreErrorKind};
use crate::time::Timestamp;

/// How far a command's `now` may be ahead of the store's clock: 3 seconds.
///
/// So no server's clock can end a hold of another server earlier than by this time.
pub const MAX_CLOCK_LEAD: Duration = Duration::from_secs(3);

/// How far the clock of a ready server may differ from the store's: 2 seconds.
///
/// It is less than [`MAX_CLOCK_LEAD`], so that a server gets no more buyers before its commands are refused.
pub const MAX_CLOCK_SKEW: Duration = Duration::from_secs(2);

/// A command's `now` is too far ahead of the store's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the server's clock is {ahead:?} ahead of the store's, and at most {margin:?} are allowed: correct it"
)]
#[non_exhaustive]
pub struct ClockAhead {
    /// How far it is ahead.
    pub ahead: Duration,
    /// The allowed lead.
    pub margin: Duration,
}

/// Checks that a command's `now` is at most `margin` ahead of the store's clock.
///
/// A `now` in the past is allowed: commands wait in queues, and are sent again.
///
/// # Errors
///
/// [`ClockAhead`], which a store returns as [`StoreErrorKind::ClockAhead`].
pub fn check_clock(now: Timestamp, store_now: Timestamp, margin: Duration) -> Result<(), ClockAhead> {
    let ahead = lead(now, store_now);
    if ahead > margin { Err(ClockAhead { ahead, margin }) } else { Ok(()) }
}

/// The smallest possible difference between a server's clock and the store's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClockSkew {
    /// How far the server's clock is ahead, at least.
    pub ahead: Duration,
    /// How far it is behind, at least.
    pub behind: Duration,
}

impl ClockSkew {
    /// Compares the store's clock, read between two readings of the server's clock.
    ///
    /// The round trip may account for the whole difference, so only what exceeds it counts.
    pub fn between(before: Timestamp, store: Timestamp, after: Timestamp) -> Self {
        Self { ahead: lead(before, store), behind: lead(store, after) }
    }

    /// Returns the difference in either direction.
    pub fn size(self) -> Duration {
        self.ahead.max(self.behind)
    }

    /// Returns whether a server with this difference is ready for buyers.
    ///
    /// See [`MAX_CLOCK_SKEW`].
    pub fn is_ready(self) -> bool {
        self.size() <= MAX_CLOCK_SKEW
    }
}

/// Returns by how much one moment is later than another.
fn lead(later: Timestamp, earlier: Timestamp) -> Duration {
    let micros = later.as_micros().saturating_sub(earlier.as_micros());
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

impl From<ClockAhead> for StoreError {
    fn from(error: ClockAhead) -> Self {
        Self::new(StoreErrorKind::ClockAhead, error.to_string()).caused_by(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    const MARGIN: Duration = Duration::from_micros(100);

    #[test]
    fn a_moment_up_to_the_margin_ahead_is_fine_and_no_further() {
        for now in [i64::MIN, -1, 0, 999, 1_000, 1_100] {
            assert_eq!(check_clock(at(now), at(1_000), MARGIN), Ok(()), "{now}");
        }
        let refused = check_clock(at(1_101), at(1_000), MARGIN).unwrap_err();
        assert_eq!(refused, ClockAhead { ahead: Duration::from_micros(101), margin: MARGIN });
        assert!(check_clock(Timestamp::FAR_FUTURE, at(1_000), MARGIN).is_err());
    }

    #[test]
    fn the_failure_names_the_lead_and_may_be_tried_again() {
        let ahead = check_clock(at(301_000_000), at(0), MAX_CLOCK_LEAD).unwrap_err();
        let failed = StoreError::from(ahead);
        assert_eq!(failed.kind(), StoreErrorKind::ClockAhead);
        assert!(failed.is_retryable() && !failed.may_have_applied());
        let said = "the server's clock is 301s ahead of the store's, and at most 3s are allowed: correct it";
        assert_eq!(failed.to_string(), said);
    }

    #[test]
    fn only_what_the_round_trip_cannot_explain_is_skew() {
        let skew = |before, store, after| ClockSkew::between(at(before), at(store), at(after));
        assert_eq!(skew(100, 150, 200), ClockSkew::default());
        assert_eq!(skew(100, 100, 100), ClockSkew::default());
        assert_eq!(skew(100, 40, 200).ahead, Duration::from_micros(60));
        assert_eq!(skew(100, 230, 200).behind, Duration::from_micros(30));
    }

    #[test]
    fn a_server_is_ready_up_to_the_bound_either_way() {
        let bound = i64::try_from(MAX_CLOCK_SKEW.as_micros()).unwrap();
        for (store, ready) in [(-bound, true), (bound, true), (-bound - 1, false), (bound + 1, false)] {
            assert_eq!(ClockSkew::between(at(0), at(store), at(0)).is_ready(), ready, "{store}");
        }
        assert!(MAX_CLOCK_SKEW < MAX_CLOCK_LEAD);
    }
}
