//! What a step of a rehearsal measured, and what follows from all of them.

use std::time::Duration;

/// Share of the measured rate that is recommended, in hundredths: the rest is for what was not rehearsed, such as
/// browsing, other events and background work.
const SHARE: u128 = 70;

/// What some buyers who came at the same time measured.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// Buyers who paid.
    pub(super) paid: u32,
    /// The time of each hold, refused ones included.
    pub(super) holds: Vec<Duration>,
    /// Holds that were refused, because others had the seats.
    pub(super) refused: u32,
    /// Visits that a store or the gateway ended by a failure.
    pub(super) failed: u32,
    /// One of those failures.
    pub(super) failure: Option<String>,
}

impl Counted {
    /// Adds what another buyer measured.
    pub(super) fn add(&mut self, other: Self) {
        self.paid = self.paid.saturating_add(other.paid);
        self.holds.extend(other.holds);
        self.refused = self.refused.saturating_add(other.refused);
        self.failed = self.failed.saturating_add(other.failed);
        self.failure = self.failure.take().or(other.failure);
    }
}

/// One step of a rehearsal: so many buyers at the same time.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) at_once: u32,
    pub(super) counted: Counted,
    pub(super) took: Duration,
}

/// What a waiting room's policy should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recommended {
    pub(super) admit_per_minute: u32,
    pub(super) max_active: u32,
}

impl Step {
    /// Makes a step of what was measured in this time.
    pub(super) fn new(at_once: u32, mut counted: Counted, took: Duration) -> Self {
        counted.holds.sort_unstable();
        Self { at_once, counted, took }
    }

    /// Returns how many buyers a minute paid.
    pub(super) fn per_minute(&self) -> u32 {
        let micros = self.took.as_micros().max(1);
        u32::try_from(u128::from(self.counted.paid) * 60_000_000 / micros).unwrap_or(u32::MAX)
    }

    /// Returns the time within which `percent` of 100 holds were answered.
    pub(super) fn hold_within(&self, percent: usize) -> Duration {
        let holds = &self.counted.holds;
        let rank = (holds.len() * percent).div_ceil(100).saturating_sub(1);
        holds.get(rank).copied().unwrap_or_default()
    }

    /// Returns whether its buyers were served well.
    fn is_good(&self, hold_within: Duration) -> bool {
        self.counted.failed == 0 && self.counted.paid > 0 && self.hold_within(99) <= hold_within
    }
}

/// Returns the step that served most buyers a minute, of those with quick holds and no failure.
pub(super) fn best(steps: &[Step], hold_within: Duration) -> Option<&Step> {
    steps.iter().filter(|step| step.is_good(hold_within)).max_by_key(|step| step.per_minute())
}

/// Returns the policy for a measured rate, where a buyer stays for `visit`.
///
/// The number of active buyers follows from Little's law: rate times stay.
pub(super) fn recommended(per_minute: u32, visit: Duration) -> Recommended {
    let rate = rounded(u128::from(per_minute) * SHARE / 100).max(1);
    let active = (u128::from(rate) * visit.as_millis()).div_ceil(60_000);
    Recommended { admit_per_minute: rate, max_active: rounded(active).max(1) }
}

/// Rounds down to two digits: the measurement is not more exact.
fn rounded(number: u128) -> u32 {
    let mut unit = 1;
    while number / unit >= 100 {
        unit *= 10;
    }
    u32::try_from(number / unit * unit).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_millis(10);

    fn step(at_once: u32, paid: u32, hold: Duration) -> Step {
        let counted = Counted { paid, holds: vec![hold; 100], ..Counted::default() };
        Step::new(at_once, counted, Duration::from_secs(6))
    }

    #[test]
    fn the_best_step_is_the_fastest_whose_holds_are_quick() {
        let steps = [step(1, 100, QUICK), step(4, 300, QUICK), step(16, 500, QUICK * 30)];
        let found = best(&steps, Duration::from_millis(200)).unwrap();
        assert_eq!((found.at_once, found.per_minute()), (4, 3_000));
    }

    #[test]
    fn a_step_with_a_failure_is_not_recommended() {
        let mut failing = step(4, 300, QUICK);
        failing.counted.failed = 1;
        let steps = [step(1, 100, QUICK), failing];
        assert_eq!(best(&steps, Duration::from_millis(200)).map(|step| step.at_once), Some(1));
        assert!(best(&steps[1..], Duration::from_millis(200)).is_none());
    }

    #[test]
    fn one_slow_hold_of_a_hundred_is_allowed_and_two_are_not() {
        let mut counted = Counted { paid: 1, holds: vec![QUICK; 99], ..Counted::default() };
        counted.holds.push(QUICK * 100);
        assert_eq!(Step::new(1, counted, QUICK).hold_within(99), QUICK);
        let mut counted = Counted { paid: 1, holds: vec![QUICK; 98], ..Counted::default() };
        counted.holds.extend([QUICK * 100; 2]);
        assert_eq!(Step::new(1, counted, QUICK).hold_within(99), QUICK * 100);
    }

    #[test]
    fn the_recommendation_has_a_margin_and_follows_from_the_stay() {
        let found = recommended(1_234, Duration::from_mins(3));
        assert_eq!(found, Recommended { admit_per_minute: 860, max_active: 2_500 });
        assert_eq!(recommended(0, Duration::from_secs(1)).admit_per_minute, 1);
    }
}
