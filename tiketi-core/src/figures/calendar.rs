//! The calendar of the organiser's time zone.

use std::fmt::Debug;
use std::time::Duration;

use crate::figures::day::Day;
use crate::time::Timestamp;

/// A quarter of an hour, the finest part of a day that is counted apart.
pub(super) const QUARTER: Duration = Duration::from_mins(15);

/// Says on which day of the organiser's time zone a moment lies.
///
/// # Contract
///
/// [`Calendar::starts_at`] of the day of a moment MUST NOT be after the moment. Answers MUST NOT change while the process
/// runs.
pub trait Calendar: Debug + Send + Sync + 'static {
    /// Returns the name of the zone, such as `Asia/Seoul`.
    fn zone(&self) -> &str;

    /// Returns the day on which a moment lies.
    fn day_of(&self, at: Timestamp) -> Day;

    /// Returns the first moment of a day.
    fn starts_at(&self, day: Day) -> Timestamp;

    /// Returns the hour that clocks of the zone show at a moment, from 0 to 23.
    fn hour_of(&self, at: Timestamp) -> u8;
}

/// Returns the quarter of an hour in which a moment lies, from the beginning of its day.
///
/// A day of 25 hours has the quarters 0 to 99.
pub fn quarter_of(calendar: &dyn Calendar, at: Timestamp) -> u8 {
    let since = at.since(calendar.starts_at(calendar.day_of(at)));
    u8::try_from(since.as_secs() / QUARTER.as_secs()).unwrap_or(u8::MAX)
}

/// The calendar of UTC.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has no settings")]
pub struct UtcCalendar;

/// Microseconds of a day of 24 hours.
const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;

impl Calendar for UtcCalendar {
    fn zone(&self) -> &'static str {
        "UTC"
    }

    fn day_of(&self, at: Timestamp) -> Day {
        Day::from_number(i32::try_from(at.as_micros().div_euclid(DAY_MICROS)).unwrap_or(i32::MIN))
    }

    fn starts_at(&self, day: Day) -> Timestamp {
        Timestamp::from_micros(i64::from(day.number()).saturating_mul(DAY_MICROS))
    }

    fn hour_of(&self, at: Timestamp) -> u8 {
        u8::try_from(at.as_micros().rem_euclid(DAY_MICROS) / (DAY_MICROS / 24)).unwrap_or(0)
    }
}
