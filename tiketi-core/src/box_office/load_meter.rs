//! Measures how fast this process holds tickets, for adaptive admission.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::decide::HoldRefused;
use crate::error::{CommandError, StoreErrorKind};
use crate::time::Timestamp;
use crate::waiting_room::LoadSample;

/// Shortest time over which holds are counted for one sample.
const WINDOW: Duration = Duration::from_secs(5);
/// Classes of latency: four for each power of two, in microseconds.
const BUCKETS: usize = 128;

/// Counts holds by their latency and their failures.
///
/// It counts only after an admission to an event with an adaptive rate, so that it costs other shops nothing.
#[derive(Debug)]
pub(super) struct LoadMeter {
    is_wanted: AtomicBool,
    latencies: [AtomicU32; BUCKETS],
    contended: AtomicU32,
    unavailable: AtomicU32,
    latest: Mutex<(Timestamp, LoadSample)>,
}

impl Default for LoadMeter {
    fn default() -> Self {
        Self {
            is_wanted: AtomicBool::new(false),
            latencies: [const { AtomicU32::new(0) }; BUCKETS],
            contended: AtomicU32::new(0),
            unavailable: AtomicU32::new(0),
            latest: Mutex::new((Timestamp::EPOCH, LoadSample::default())),
        }
    }
}

impl LoadMeter {
    /// Returns whether holds are to be measured.
    pub(super) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed)
    }

    /// Counts a hold that took `latency`; a refusal is an answer like any other.
    pub(super) fn record(&self, latency: Duration, error: Option<&CommandError<HoldRefused>>) {
        if let Some(count) = self.latencies.get(bucket(latency)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let Some(CommandError::Store(error)) = error else { return };
        match error.kind() {
            StoreErrorKind::Contention | StoreErrorKind::OutcomeUnknown => {
                self.contended.fetch_add(1, Ordering::Relaxed);
            }
            StoreErrorKind::Unavailable => {
                self.unavailable.fetch_add(1, Ordering::Relaxed);
            }
            StoreErrorKind::ClockAhead
            | StoreErrorKind::Corrupt
            | StoreErrorKind::InvalidData
            | StoreErrorKind::Internal => {}
        }
    }

    /// Returns the sample of the latest complete window.
    pub(super) fn sample(&self, now: Timestamp) -> LoadSample {
        self.is_wanted.store(true, Ordering::Relaxed);
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, sample) = &mut *latest;
        if now.since(*since) >= WINDOW || now < *since {
            (*since, *sample) = (now, self.take());
        }
        *sample
    }

    fn take(&self) -> LoadSample {
        let counts = self.latencies.each_ref().map(|count| count.swap(0, Ordering::Relaxed));
        let holds = counts.iter().fold(0_u32, |sum, count| sum.saturating_add(*count));
        LoadSample {
            holds,
            latency: percentile_95(&counts, holds),
            contended: self.contended.swap(0, Ordering::Relaxed),
            unavailable: self.unavailable.swap(0, Ordering::Relaxed),
            is_saturated: false,
        }
    }
}

/// Returns the class of a latency.
fn bucket(latency: Duration) -> usize {
    let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
    // The class is the position of the highest bit and the two bits below it.
    let shift = 61_u32.saturating_sub(micros.leading_zeros());
    let class = u64::from(shift) * 4 + (micros >> shift);
    usize::try_from(class).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// Returns the longest latency of a class.
fn longest(bucket: usize) -> Duration {
    let (shift, bits) = if bucket < 8 { (0, bucket) } else { (bucket / 4 - 1, bucket % 4 + 4) };
    let micros = u64::try_from(bits + 1).unwrap_or(1) << shift.min(56);
    Duration::from_micros(micros - 1)
}

fn percentile_95(counts: &[u32; BUCKETS], holds: u32) -> Duration {
    let rank = (u64::from(holds) * 95).div_ceil(100);
    let mut seen = 0_u64;
    for (bucket, count) in counts.iter().enumerate() {
        seen += u64::from(*count);
        if seen >= rank && *count > 0 {
            return longest(bucket);
        }
    }
    Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::StoreError;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_secs(100 + seconds))
    }

    #[test]
    fn a_class_contains_its_latencies_within_a_quarter() {
        for micros in (0..5_000).chain([1 << 20, (1 << 30) + 12_345]) {
            let longest = longest(bucket(Duration::from_micros(micros))).as_micros();
            assert!(longest >= u128::from(micros), "{micros}: {longest}");
            assert!(longest <= u128::from(micros) * 5 / 4 + 1, "{micros}: {longest}");
        }
        assert_eq!(bucket(Duration::MAX), BUCKETS - 1);
    }

    #[test]
    fn a_sample_is_that_of_the_latest_complete_window() {
        let meter = LoadMeter::default();
        assert!(!meter.is_wanted());
        meter.sample(at(0));
        assert!(meter.is_wanted());
        for millis in 1..=100 {
            meter.record(Duration::from_millis(millis), None);
        }
        let failed = |kind| CommandError::Store(StoreError::new(kind, "busy"));
        meter.record(Duration::ZERO, Some(&failed(StoreErrorKind::Contention)));
        meter.record(Duration::ZERO, Some(&failed(StoreErrorKind::Unavailable)));
        meter.record(Duration::ZERO, Some(&CommandError::Refused(HoldRefused::NothingAsked)));
        assert_eq!(meter.sample(at(4)).holds, 0, "the window has not ended");
        let sample = meter.sample(at(5));
        assert_eq!((sample.holds, sample.contended, sample.unavailable), (103, 1, 1));
        assert!((95..=119).contains(&sample.latency.as_millis()), "{:?}", sample.latency);
        assert_eq!(meter.sample(at(6)), sample);
        assert_eq!(meter.sample(at(10)).holds, 0);
    }
}
