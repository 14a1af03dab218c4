//! Which map version an event had a moment ago.

use std::collections::VecDeque;
use std::time::Duration;

use tiketi_core::Timestamp;

/// How far a client that joins is told what changed: longer than it takes to read a seat map, or to connect again.
const KEPT: Duration = Duration::from_mins(1);
/// Shortest time between two versions that are noted.
const EVERY: Duration = Duration::from_secs(1);
/// How many versions back the first client of an event is told; before it came, none was noted.
const BEFORE_FIRST: u64 = 256;

/// The map versions of the last minute.
#[derive(Debug)]
pub(super) struct Recent {
    /// From when on each version was reached, oldest first; the first may be older than [`KEPT`].
    noted: VecDeque<(Timestamp, u64)>,
}

impl Recent {
    pub(super) fn starting_at(version: u64, now: Timestamp) -> Self {
        Self { noted: [(now, version.saturating_sub(BEFORE_FIRST).max(1))].into() }
    }

    /// Notes that a version was reached.
    pub(super) fn reached(&mut self, version: u64, now: Timestamp) {
        if self.noted.back().is_none_or(|(at, _)| now.since(*at) >= EVERY) {
            self.noted.push_back((now, version));
        }
        // The last one that is old enough stays: what came after it is told.
        while self.noted.get(1).is_some_and(|(at, _)| now.since(*at) >= KEPT) {
            self.noted.pop_front();
        }
    }

    /// Returns a version that the event had [`KEPT`] ago, or when its first client came.
    pub(super) fn since(&self, now: Timestamp) -> u64 {
        let old = self.noted.iter().rev().find(|(at, _)| now.since(*at) >= KEPT);
        old.or_else(|| self.noted.front()).map_or(0, |(_, version)| *version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_secs(seconds))
    }

    #[test]
    fn what_changed_in_the_last_minute_is_recent() {
        let mut recent = Recent::starting_at(1_000, at(0));
        assert_eq!(recent.since(at(0)), 744);
        (1..=300).for_each(|second| recent.reached(1_000 + second, at(second)));
        assert_eq!(recent.since(at(300)), 1_240);
        assert!(recent.noted.len() <= 62);
        assert_eq!(recent.since(at(1_000)), 1_300);
    }

    #[test]
    fn many_versions_in_a_second_are_one() {
        let mut recent = Recent::starting_at(1, at(0));
        (0..10_000).for_each(|version| recent.reached(version, at(2)));
        assert_eq!((recent.noted.len(), recent.since(at(2))), (2, 1));
    }
}
