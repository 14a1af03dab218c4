//! Spreads admissions evenly over time.

use std::time::Duration;

use crate::time::Timestamp;

/// Longest time of which unused admissions are called at once later.
const BURST: Duration = Duration::from_secs(2);
const MINUTE: u64 = 60_000_000;

/// Spreads admissions evenly over the minute.
///
/// It is the virtual scheduling of the generic cell rate algorithm (ITU-T I.371): each admission moves the moment of
/// the next one by the interval of the rate. In any time `t`, at most `rate × (t + 2 seconds) + 1` are admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Pace {
    /// From when on the next admission is due.
    pub next: Timestamp,
}

impl Default for Pace {
    fn default() -> Self {
        Self { next: Timestamp::EPOCH }
    }
}

impl Pace {
    /// Returns how many buyers may be admitted at `now`, at a rate in buyers a minute; `None` is no limit.
    pub fn allowed(self, per_minute: Option<u32>, now: Timestamp) -> u32 {
        let Some(rate) = per_minute else { return u32::MAX };
        let Some(interval) = interval(rate) else { return 0 };
        let next = self.next_at(now, interval);
        if now < next {
            return 0;
        }
        let due = micros(now.since(next)) / interval + 1;
        u32::try_from(due).unwrap_or(u32::MAX)
    }

    /// Returns the pace after `count` admissions at `now`.
    #[must_use]
    pub fn after(self, per_minute: Option<u32>, now: Timestamp, count: u32) -> Self {
        let Some(interval) = per_minute.and_then(interval) else { return self };
        if count == 0 {
            return self;
        }
        let next = self.next_at(now, interval);
        Self { next: next.after(Duration::from_micros(interval.saturating_mul(u64::from(count)))) }
    }

    /// Returns from when on the next admission counts.
    ///
    /// An admission that was late by no more than the burst, because the line is served in ticks, leaves the moments of
    /// the later ones unchanged. After a longer pause only whole intervals of the burst are made up for.
    fn next_at(self, now: Timestamp, interval: u64) -> Timestamp {
        if self.next >= now.before(BURST) { self.next } else { now.before(burst(interval)) }
    }
}

/// Returns the time between two admissions, in microseconds; `None` for a rate of zero.
fn interval(per_minute: u32) -> Option<u64> {
    MINUTE.checked_div(u64::from(per_minute)).map(|interval| interval.max(1))
}

/// Returns how far back unused admissions count: whole intervals within [`BURST`].
fn burst(interval: u64) -> Duration {
    Duration::from_micros(micros(BURST) / interval * interval)
}

fn micros(length: Duration) -> u64 {
    u64::try_from(length.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_micros(1_000_000_000_000).after(Duration::from_millis(millis))
    }

    /// Takes all that is allowed at each moment, and returns how many that were.
    fn take(rate: u32, moments: impl IntoIterator<Item = u64>) -> Vec<u32> {
        let mut pace = Pace::default();
        let moments = moments.into_iter().map(|millis| {
            let allowed = pace.allowed(Some(rate), at(millis));
            pace = pace.after(Some(rate), at(millis), allowed);
            allowed
        });
        moments.collect()
    }

    #[test]
    fn sixty_a_minute_are_one_a_second() {
        assert_eq!(take(60, [0, 0, 500, 999, 1_000, 1_001, 2_000]), [3, 0, 0, 0, 1, 0, 1]);
    }

    #[test]
    fn one_a_minute_is_admitted_at_once_and_then_each_minute() {
        assert_eq!(take(1, [0, 30_000, 59_999, 60_000, 119_999, 120_000]), [1, 0, 0, 1, 0, 1]);
    }

    #[test]
    fn a_slow_line_that_is_served_once_a_second_keeps_its_rate() {
        let ten_minutes = (0..600).map(|second| second * 1_000);
        assert_eq!(take(26, ten_minutes).into_iter().sum::<u32>(), 260);
    }

    #[test]
    fn a_pause_is_made_up_for_by_two_seconds_at_most() {
        assert_eq!(take(600, [0, 3_600_000]), [21, 21]);
    }

    #[test]
    fn no_rate_is_no_limit_and_a_rate_of_zero_admits_no_one() {
        assert_eq!(Pace::default().allowed(None, at(0)), u32::MAX);
        assert_eq!(Pace::default().allowed(Some(0), at(0)), 0);
    }

    proptest! {
        #[test]
        fn no_minute_has_more_than_the_rate_and_a_burst(
            rate in 1_u32..10_000,
            steps in prop::collection::vec(1_u64..5_000, 1..100),
        ) {
            let mut millis = 0;
            let moments: Vec<u64> = steps.iter().map(|step| { millis += step; millis }).collect();
            let taken = take(rate, moments.iter().copied());
            for (start, from) in moments.iter().enumerate() {
                let within = moments.iter().zip(&taken).skip(start).take_while(|(at, _)| **at < from + 60_000);
                let total: u64 = within.map(|(_, count)| u64::from(*count)).sum();
                prop_assert!(total <= u64::from(rate) * 62 / 60 + 2, "{total} at {rate} a minute");
            }
        }

        #[test]
        fn a_line_that_is_served_often_gets_its_whole_rate(rate in 1_u32..10_000) {
            let total: u64 = take(rate, (0..600).map(|tick| tick * 100)).into_iter().map(u64::from).sum();
            prop_assert!(total >= u64::from(rate), "{total} at {rate} a minute");
        }
    }
}
