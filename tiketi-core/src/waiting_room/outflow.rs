//! Measures how fast a line moves.

use std::time::Duration;

use crate::time::Timestamp;

/// Shortest time over which a rate is measured.
const WINDOW: u64 = 5_000_000;
/// Time over which a new measurement replaces the old ones.
const MEMORY: u64 = 60_000_000;
const MINUTE: u64 = 60_000_000;

/// How many numbers a line passes in a minute, measured.
///
/// It is an exponentially weighted mean over about a minute, in integers, so that every store computes the same.
/// Numbers of buyers who left count, because the line passes them, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Outflow {
    /// Thousandths of numbers a minute; `None` before the first measurement.
    pub per_minute_milli: Option<u64>,
    /// When the present window began; `None` before the first admission.
    pub since: Option<Timestamp>,
    /// Numbers passed in the present window.
    pub passed: u64,
}

impl Outflow {
    /// Returns the measurement after an admission that passed `count` numbers at `now`.
    #[must_use]
    pub fn after(self, now: Timestamp, count: u64) -> Self {
        let passed = self.passed.saturating_add(count);
        let Some(since) = self.since else {
            // The first numbers were passed in no measured time, so they are not counted.
            let since = (count > 0).then_some(now);
            return Self { since, ..self };
        };
        let elapsed = u64::try_from(now.since(since).as_micros()).unwrap_or(u64::MAX);
        if elapsed < WINDOW {
            return Self { passed, ..self };
        }
        let measured = passed.saturating_mul(1_000).saturating_mul(MINUTE) / elapsed;
        let weight = elapsed.min(MEMORY);
        let mean = self.per_minute_milli.map_or(measured, |before| {
            let sum = before.saturating_mul(MEMORY - weight).saturating_add(measured.saturating_mul(weight));
            sum / MEMORY
        });
        Self { per_minute_milli: Some(mean), since: Some(now), passed: 0 }
    }

    /// Returns the time until `numbers` are passed; `None` if the line does not move, or was not measured.
    pub fn time_for(self, numbers: u64) -> Option<Duration> {
        let rate = self.per_minute_milli.filter(|rate| *rate > 0)?;
        let micros = u128::from(numbers) * 1_000 * u128::from(MINUTE) / u128::from(rate);
        Some(Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(per_tick: impl Fn(u64) -> u64, ticks: u64) -> Outflow {
        (0..ticks).fold(Outflow::default(), |outflow, tick| {
            outflow.after(Timestamp::EPOCH.after(Duration::from_secs(tick)), per_tick(tick))
        })
    }

    #[test]
    fn a_steady_line_is_measured_exactly() {
        let outflow = run(|_| 10, 61);
        assert_eq!(outflow.per_minute_milli, Some(600_000));
        assert_eq!(outflow.time_for(600), Some(Duration::from_mins(1)));
    }

    #[test]
    fn a_line_that_slows_down_is_measured_anew_within_minutes() {
        let outflow = run(|tick| if tick < 120 { 10 } else { 1 }, 420);
        let rate = outflow.per_minute_milli.unwrap();
        assert!((60_000..66_000).contains(&rate), "{rate}");
    }

    #[test]
    fn an_unmeasured_or_still_line_has_no_estimate() {
        assert_eq!(Outflow::default().time_for(1), None);
        assert_eq!(run(|tick| u64::from(tick == 0), 30).time_for(1), None);
    }

    #[test]
    fn the_call_at_the_opening_does_not_distort_the_estimate() {
        let outflow = run(|tick| if tick == 0 { 1_000 } else { 1 }, 31);
        assert_eq!(outflow.per_minute_milli, Some(60_000));
    }
}
