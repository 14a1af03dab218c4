//! Hold time: how long a buyer has held tickets of an event without paying for them.

use std::time::Duration;

use crate::terms::Terms;
use crate::time::Timestamp;

/// How many times slower hold time comes back than it is used: an hour in a day.
const RETURNS_SLOWER: u32 = 24;

/// Hold time that a buyer had used of one event at a moment.
///
/// Each reservation of the buyer takes it over from the one before, so that no other row has to keep it. Hold time that
/// was used comes back evenly, 24 times slower than it was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct HoldTime {
    /// What was used.
    pub used: Duration,
    /// The moment.
    pub at: Timestamp,
}

impl HoldTime {
    /// Returns the hold time of a buyer who has used none at `now`.
    pub const fn unused(now: Timestamp) -> Self {
        Self { used: Duration::ZERO, at: now }
    }

    /// Returns the hold time after a hold from its moment until `until`, which was not paid for.
    #[must_use]
    pub fn held_until(self, until: Timestamp) -> Self {
        let until = until.max(self.at);
        Self { used: self.used.saturating_add(until.since(self.at)), at: until }
    }

    /// Returns the hold time at `now`, when a part of it has come back.
    ///
    /// More than twice the allowance never counts: who let a deposit of days lapse can hold again after two days.
    #[must_use]
    pub fn at(self, now: Timestamp, terms: &Terms) -> Self {
        let used = self.used.min(allowance(terms).saturating_mul(2));
        // Stores save whole microseconds.
        let returned = now.since(self.at).as_micros() / u128::from(RETURNS_SLOWER);
        let returned = Duration::from_micros(u64::try_from(returned).unwrap_or(u64::MAX));
        Self { used: used.saturating_sub(returned), at: now.max(self.at) }
    }

    /// Returns until when a hold from its moment may last.
    pub fn cap(self, terms: &Terms) -> Timestamp {
        self.at.after(allowance(terms).saturating_sub(self.used))
    }

    /// Returns from when enough is left for a hold of [`Terms::hold_ttl`]; its own moment if it is.
    pub fn enough_at(self, terms: &Terms) -> Timestamp {
        let most = allowance(terms).saturating_sub(terms.hold_ttl);
        self.at.after(self.used.saturating_sub(most).saturating_mul(RETURNS_SLOWER))
    }
}

/// An event may extend its holds beyond the shop's allowance; then a single hold must be possible.
fn allowance(terms: &Terms) -> Duration {
    terms.hold_allowance.max(terms.hold_cap)
}
