//! Measures how fast a line moves.

use std::time::Duration;

use crate::time::Timestamp;

/// Shortest time over which a rate is measured.
const WINDOW: u64 = 5_000_000;
/// Time over which a new measurement replaces the old ones.
const MEMORY: u64 = 60_000_000;
const MINUTE: u64 = 60_000_000;
/// Share of a burst, as one of so many, that has to be followed by others before a rate is measured.
const FEW: u64 = 10;

/// How many numbers a line passes in a minute, measured while capacity or rate holds it back.
///
/// It is the mean of the time since the line began to move, and after a minute an exponentially weighted mean over
/// about a minute; in integers, so that every store computes the same. Numbers of buyers who left count, because the
/// line passes them, too. While no buyer waits, and while admission pauses, nothing is measured: the line could be
/// faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Outflow {
    /// Thousandths of numbers a minute; `None` before the first measurement.
    pub per_minute_milli: Option<u64>,
    /// When the present window began; `None` while nothing is measured.
    pub since: Option<Timestamp>,
    /// Numbers passed in the present window.
    pub passed: u64,
    /// Numbers passed together when the line opened, until capacity or rate held it back.
    pub burst: u64,
    /// When the first of them was passed.
    pub burst_at: Option<Timestamp>,
    /// Time that was measured, up to a minute, in microseconds.
    pub measured: u64,
}

impl Outflow {
    /// Returns the measurement after an admission that passed `count` numbers at `now`.
    ///
    /// `is_held_back` says whether buyers wait whom only capacity or rate keeps from being called.
    #[must_use]
    pub fn after(self, now: Timestamp, count: u64, is_held_back: bool) -> Self {
        if !is_held_back {
            let (burst, burst_at) = self.burst_with(now, count);
            return Self { since: None, passed: 0, burst, burst_at, ..self };
        }
        let Some(since) = self.since else {
            let (burst, burst_at) = self.burst_with(now, count);
            return Self { since: Some(now), passed: 0, burst, burst_at, ..self };
        };
        let passed = self.passed.saturating_add(count);
        let elapsed = micros(now.since(since));
        if elapsed < WINDOW {
            return Self { passed, ..self };
        }
        let Some(mean) = self.per_minute_milli else { return self.first(now, passed, elapsed) };
        let span = self.measured.saturating_add(elapsed).min(MEMORY);
        let weight = elapsed.min(span);
        let sum = mean
            .saturating_mul(span - weight)
            .saturating_add(per_minute_milli(passed, elapsed).saturating_mul(weight));
        Self { per_minute_milli: Some(sum / span), since: Some(now), passed: 0, measured: span, ..self }
    }

    /// Returns the burst with numbers that are passed now; one of a while ago is over.
    fn burst_with(self, now: Timestamp, count: u64) -> (u64, Option<Timestamp>) {
        match self.burst_at {
            Some(at) if micros(now.since(at)) < WINDOW => (self.burst.saturating_add(count), Some(at)),
            _ => (count, (count > 0).then_some(now)),
        }
    }

    /// Makes the first measurement, unless too few of the burst have been followed yet.
    ///
    /// Those of the burst entered together, so at first none of them leaves, and then many do. Where they still outweigh
    /// those who followed, half of them count: over whole sessions that is the mean of such a wave (renewal theory).
    fn first(self, now: Timestamp, passed: u64, elapsed: u64) -> Self {
        if passed == 0 || passed.saturating_mul(FEW) < self.burst {
            return Self { passed, ..self };
        }
        let burst = if passed < self.burst { self.burst / 2 } else { 0 };
        Self {
            per_minute_milli: Some(per_minute_milli(passed.saturating_add(burst), elapsed)),
            since: Some(now),
            passed: 0,
            measured: elapsed.min(MEMORY),
            ..self
        }
    }

    /// Returns the time until `numbers` are passed; `None` if the line does not move, or was not measured.
    pub fn time_for(self, numbers: u64) -> Option<Duration> {
        let rate = self.per_minute_milli.filter(|rate| *rate > 0)?;
        let micros = u128::from(numbers) * 1_000 * u128::from(MINUTE) / u128::from(rate);
        Some(Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX)))
    }
}

fn per_minute_milli(passed: u64, elapsed: u64) -> u64 {
    passed.saturating_mul(1_000).saturating_mul(MINUTE) / elapsed.max(1)
}

fn micros(length: Duration) -> u64 {
    u64::try_from(length.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_secs(second))
    }

    fn run(per_tick: impl Fn(u64) -> u64, ticks: u64) -> Outflow {
        (0..ticks).fold(Outflow::default(), |outflow, tick| outflow.after(second(tick), per_tick(tick), true))
    }

    #[test]
    fn a_steady_line_is_measured_exactly() {
        let outflow = run(|_| 10, 61);
        assert_eq!(outflow.per_minute_milli, Some(600_000));
        assert_eq!(outflow.time_for(600), Some(Duration::from_mins(1)));
    }

    #[test]
    fn a_line_that_slows_down_is_measured_again_within_minutes() {
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
        let outflow = run(|tick| if tick == 0 { 3 } else { 10 }, 6);
        assert_eq!(outflow.per_minute_milli, Some(600_000));
    }

    /// 1,000 enter together, and each place is taken again after about 100 seconds: 600 a minute.
    #[test]
    fn a_crowd_that_entered_together_is_measured_right_once_it_leaves() {
        // As many leave in each second from the 50th to the 149th.
        let calls = |tick| match tick {
            0 => 1_000,
            50..150 => 10,
            _ => 0,
        };
        assert_eq!(run(calls, 55).per_minute_milli, None, "too few have left");
        for ticks in [70, 90, 120] {
            let rate = run(calls, ticks).per_minute_milli.unwrap();
            assert!((540_000..=660_000).contains(&rate), "{rate} after {ticks}");
        }
    }

    #[test]
    fn a_line_is_not_measured_while_no_buyer_waits_or_admission_pauses() {
        let moving = run(|_| 10, 31);
        let rate = moving.per_minute_milli;
        let idle = (31..300).fold(moving, |outflow, tick| outflow.after(second(tick), 0, false));
        assert_eq!(idle.per_minute_milli, rate);
        let again = (300..330).fold(idle, |outflow, tick| outflow.after(second(tick), 10, true));
        assert_eq!(again.per_minute_milli, rate, "and goes on where it stopped");
    }
}
