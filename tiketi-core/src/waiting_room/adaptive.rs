//! Adapts the admission rate to what the shop can serve.

use std::time::Duration;

use crate::time::Timestamp;

/// Shortest time between two decisions.
const DECIDE_EVERY: Duration = Duration::from_secs(5);
/// Fewest holds for a meaningful latency.
const ENOUGH_HOLDS: u32 = 5;

/// The present rate of an adaptive admission, and why it is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct AdaptiveRate {
    /// Buyers a minute.
    pub per_minute: u32,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// Why it was decided so.
    pub reason: RateReason,
    /// What the server that decided it had measured.
    pub load: LoadSample,
}

/// Why an adaptive rate was decided as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(clippy::exhaustive_enums, reason = "a row: each store has a word for every case")]
pub enum RateReason {
    /// The lowest rate, with which every line starts.
    #[default]
    Started,
    /// Halved, because the store took no more work.
    Unavailable,
    /// Lowered, because holds were slow.
    Slow,
    /// Lowered, because holds contended.
    Contended,
    /// Raised, because holds were quick and buyers waited.
    Raised,
    /// Kept, because the rate was not used in full, or no hold was measured.
    Kept,
}

impl RateReason {
    /// All reasons.
    pub const ALL: [Self; 6] =
        [Self::Started, Self::Unavailable, Self::Slow, Self::Contended, Self::Raised, Self::Kept];

    /// Returns the reason as one word of a fixed list, such as `slow`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Unavailable => "unavailable",
            Self::Slow => "slow",
            Self::Contended => "contended",
            Self::Raised => "raised",
            Self::Kept => "kept",
        }
    }
}

/// What a server measured of its holds in a window of 5 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct LoadSample {
    /// Holds that were decided, refused ones included.
    pub holds: u32,
    /// 95th percentile of the time that a hold took.
    pub latency: Duration,
    /// Holds that failed because other commands changed the same rows, or the outcome is unknown.
    pub contended: u32,
    /// Holds that failed because the store takes no more work.
    pub unavailable: u32,
    /// Whether buyers waited for admission all the time, so that the rate was used in full.
    pub is_saturated: bool,
}

/// Decides the admission rate: additive increase, multiplicative decrease.
///
/// - A store that takes no more work halves the rate.
/// - More than one hold in 50 contended, or a latency above `target`, lowers it by a fifth.
/// - Otherwise, while the rate is used in full, it rises by a twentieth of `at_most`, at least by 1. A server that
///   measured no hold does not raise it: another one may be slow.
///
/// The rate stays from `at_least` to `at_most`. It is decided at most every 5 seconds, so that a change has an effect
/// before the next one. The scheme is that of congestion control (Chiu and Jain, 1989).
#[must_use]
pub fn adapt(
    present: Option<AdaptiveRate>,
    sample: &LoadSample,
    bounds: (u32, u32),
    target: Duration,
    now: Timestamp,
) -> AdaptiveRate {
    let (at_least, at_most) = (bounds.0.max(1), bounds.1.max(bounds.0).max(1));
    let decided = |per_minute, reason| AdaptiveRate { per_minute, decided_at: now, reason, load: *sample };
    let Some(present) = present else { return decided(at_least, RateReason::Started) };
    let rate = present.per_minute.clamp(at_least, at_most);
    if now < present.decided_at.after(DECIDE_EVERY) {
        return AdaptiveRate { per_minute: rate, ..present };
    }
    let (next, reason) = next_rate(rate, sample, at_most, target);
    decided(next.clamp(at_least, at_most), reason)
}

fn next_rate(rate: u32, sample: &LoadSample, at_most: u32, target: Duration) -> (u32, RateReason) {
    let lowered = rate - rate.div_ceil(5).min(rate);
    if sample.unavailable > 0 {
        (rate / 2, RateReason::Unavailable)
    } else if sample.holds >= ENOUGH_HOLDS && sample.latency > target {
        (lowered, RateReason::Slow)
    } else if u64::from(sample.contended) * 50 > u64::from(sample.holds) {
        (lowered, RateReason::Contended)
    } else if sample.is_saturated && sample.holds > 0 {
        (rate.saturating_add((at_most / 20).max(1)), RateReason::Raised)
    } else {
        (rate, RateReason::Kept)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TARGET: Duration = Duration::from_millis(100);

    fn quick() -> LoadSample {
        LoadSample {
            holds: 100,
            latency: Duration::from_millis(5),
            is_saturated: true,
            ..LoadSample::default()
        }
    }

    fn at_the_epoch(per_minute: u32) -> AdaptiveRate {
        let load = LoadSample::default();
        AdaptiveRate { per_minute, decided_at: Timestamp::EPOCH, reason: RateReason::Started, load }
    }

    fn decided(rate: u32, sample: &LoadSample) -> AdaptiveRate {
        let now = Timestamp::EPOCH.after(DECIDE_EVERY);
        adapt(Some(at_the_epoch(rate)), sample, (60, 6_000), TARGET, now)
    }

    fn next(rate: u32, sample: &LoadSample) -> u32 {
        decided(rate, sample).per_minute
    }

    #[test]
    fn it_starts_at_the_lowest_rate_and_rises_while_holds_are_quick() {
        let start = adapt(None, &quick(), (60, 6_000), TARGET, Timestamp::EPOCH);
        assert_eq!(start.per_minute, 60);
        assert_eq!(next(60, &quick()), 360);
        assert_eq!(next(6_000, &quick()), 6_000);
    }

    #[test]
    fn slow_or_contended_holds_lower_it_by_a_fifth() {
        assert_eq!(next(1_000, &LoadSample { latency: Duration::from_millis(101), ..quick() }), 800);
        assert_eq!(next(1_000, &LoadSample { contended: 3, ..quick() }), 800);
        assert_eq!(next(1_000, &LoadSample { contended: 2, ..quick() }), 1_300);
    }

    #[test]
    fn a_store_that_takes_no_more_work_halves_it() {
        assert_eq!(next(1_000, &LoadSample { unavailable: 1, ..quick() }), 500);
        assert_eq!(next(70, &LoadSample { unavailable: 1, ..quick() }), 60);
    }

    #[test]
    fn a_rate_that_is_not_used_in_full_stays() {
        assert_eq!(next(1_000, &LoadSample { is_saturated: false, ..quick() }), 1_000);
        let few = LoadSample { holds: 4, latency: Duration::from_secs(9), is_saturated: false, ..quick() };
        assert_eq!(next(1_000, &few), 1_000, "four holds say nothing about the latency");
    }

    #[test]
    fn it_is_not_decided_again_before_the_last_decision_had_an_effect() {
        let present = at_the_epoch(1_000);
        let soon = Timestamp::EPOCH.after(Duration::from_secs(4));
        let broken = LoadSample { unavailable: 9, ..quick() };
        assert_eq!(adapt(Some(present), &broken, (60, 6_000), TARGET, soon), present);
    }

    #[test]
    fn a_server_without_holds_does_not_raise_the_rate_of_others() {
        let idle = LoadSample { holds: 0, latency: Duration::ZERO, ..quick() };
        assert_eq!(next(1_000, &idle), 1_000);
    }

    #[test]
    fn a_decision_says_why_and_what_was_measured() {
        let slow = LoadSample { latency: Duration::from_secs(1), ..quick() };
        let reasons = [
            (slow, RateReason::Slow),
            (LoadSample { contended: 50, ..quick() }, RateReason::Contended),
            (LoadSample { unavailable: 1, ..slow }, RateReason::Unavailable),
            (quick(), RateReason::Raised),
            (LoadSample { is_saturated: false, ..quick() }, RateReason::Kept),
        ];
        for (sample, reason) in reasons {
            let rate = decided(1_000, &sample);
            assert_eq!((rate.reason, rate.load), (reason, sample));
        }
        let start = adapt(None, &quick(), (60, 6_000), TARGET, Timestamp::EPOCH);
        assert_eq!(start.reason, RateReason::Started);
    }

    /// A shop that becomes slow above some rate is kept near that rate from any start.
    #[test]
    fn it_settles_near_what_the_shop_can_serve() {
        for start in [60, 3_000, 6_000] {
            let (mut rate, mut seen) = (start, Vec::new());
            for _ in 0..200 {
                let latency = Duration::from_millis(if rate > 2_000 { 300 } else { 20 });
                rate = next(rate, &LoadSample { latency, ..quick() });
                seen.push(rate);
            }
            let settled = &seen[100..];
            assert!(settled.iter().all(|rate| (1_500..=2_400).contains(rate)), "{settled:?}");
        }
    }

    proptest! {
        #[test]
        fn it_never_leaves_its_bounds(
            rate in any::<u32>(),
            holds in any::<u32>(),
            latency in 0_u64..10_000,
            contended in any::<u32>(),
            unavailable in 0_u32..2,
            is_saturated in any::<bool>(),
        ) {
            let latency = Duration::from_millis(latency);
            let decided = next(rate, &LoadSample { holds, latency, contended, unavailable, is_saturated });
            prop_assert!((60..=6_000).contains(&decided));
        }
    }
}
