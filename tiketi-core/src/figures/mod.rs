//! Figures: what was sold, returned and paid, by day in the organiser's time zone.
//!
//! A [`Tally`] is kept for each event and day, for the whole shop and day, and for each of both without an end. Reading one
//! costs as much as its days, however much was ever sold. The tallies are derived from the rows of reservations and
//! payments: [`FigureSource::counted`] says what one reservation adds, as [`Entry`]s with their day. A store keeps these
//! entries beside the tallies, and [`replace`] exchanges them for later ones. So a fact that is delivered twice, late or out
//! of order counts once, and everything can be counted again from the rows ([`FigureCount`]).
//!
//! A [`Calendar`] says on which day a moment lies. A day has the length that it has in its zone: 23 or 25 hours when
//! clocks change.

mod calendar;
mod day;
mod entry;
mod replace;
mod tally;

pub use calendar::{Calendar, UtcCalendar, quarter_of};
pub use day::{Day, DayRange, DayRangeError, MAX_DAYS, ParseDayError};
pub use entry::{Counted, Entry, FigureSource, Tickets, What};
pub use replace::{FigureChange, FigureKey, replace};
pub use tally::{MethodKey, MethodTally, MoneyTally, QuarterTally, Tally, TallyDetail, TypeTally};

use crate::id::ReservationId;
use crate::time::Timestamp;

/// A count of all reservations from the beginning, in one time zone.
///
/// A new count is filled beside the one that is read, which then does not change any more. It is read once it is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct FigureCount {
    /// Its number; a later count has a greater one.
    pub number: u64,
    /// The time zone of its days, as [`Calendar::zone`] names it.
    pub zone: String,
    /// When it was begun: from then on, changes are counted in it.
    pub begun_at: Timestamp,
    /// How far the earlier reservations are counted.
    pub progress: CountProgress,
}

/// How far a count has counted the reservations that existed when it was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of states, which stores match on")]
pub enum CountProgress {
    /// Up to this reservation, in the order of the ids; `None` at first.
    UpTo(Option<ReservationId>),
    /// All of them.
    Complete,
}

impl FigureCount {
    /// Returns up to which moment nothing is missing in the count that is read, if there is a complete one.
    ///
    /// `counts` are the newest first. `uncounted_since` is the moment of the oldest fact that is not counted yet.
    pub fn as_of(
        counts: &[Self],
        uncounted_since: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<(&Self, Timestamp)> {
        let at = counts.iter().position(|count| count.progress == CountProgress::Complete)?;
        let read = counts.get(at)?;
        let later = at.checked_sub(1).and_then(|later| counts.get(later)).map(|later| later.begun_at);
        Some((read, later.or(uncounted_since).map_or(now, |until| until.min(now))))
    }
}
