//! Measured durations, and the figures computed from them.

use std::time::{Duration, Instant};

/// The duration of each operation, and of the whole measurement.
#[derive(Debug, Default)]
pub(crate) struct Timings {
    each: Vec<Duration>,
    total: Duration,
}

impl Timings {
    /// Reserves space for `operations` durations, so that no allocation is measured.
    pub(crate) fn with_capacity(operations: usize) -> Self {
        Self { each: Vec::with_capacity(operations), total: Duration::ZERO }
    }

    /// Records one operation.
    pub(crate) fn record(&mut self, took: Duration) {
        self.each.push(took);
    }

    /// Adds the operations of another caller.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.each.extend(other.each);
    }

    /// Sets the duration of the whole measurement, which includes the time between operations.
    pub(crate) fn finish(&mut self, total: Duration) {
        self.total = total;
    }

    /// Returns operations per second of the whole measurement.
    pub(crate) fn per_second(&self) -> f64 {
        count(self.each.len()) / self.total.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// Returns the time, in milliseconds, within which this share (0 to 1) of the operations ended.
    pub(crate) fn percentile_ms(&mut self, share: f64) -> f64 {
        self.each.sort_unstable();
        let last = self.each.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share from 0 to 1 of a vector's length is a place in it"
        )]
        let place = (count(last) * share).round() as usize;
        self.each.get(place).map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
    }
}

/// Returns the median of the figures; zero if there are none.
pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// Returns `figure` divided by `to`, with three decimals.
pub(crate) fn ratio(figure: f64, to: f64) -> f64 {
    (figure / to.max(f64::MIN_POSITIVE) * 1_000.0).round() / 1_000.0
}

/// Reads the machine's clock.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures with the machine's clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::cast_precision_loss, reason = "no run has 2^52 operations")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_three_is_the_second() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
    }

    #[test]
    fn the_99th_percentile_of_a_hundred_is_the_99th() {
        let mut timings = Timings::with_capacity(101);
        (0..=100).for_each(|ms| timings.record(Duration::from_millis(ms)));
        assert!((timings.percentile_ms(0.99) - 99.0).abs() < f64::EPSILON);
    }
}
