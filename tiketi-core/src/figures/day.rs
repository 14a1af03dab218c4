//! Calendar days.

use std::fmt;
use std::str::FromStr;

use chrono::{Days, NaiveDate};

/// Most days of one range: a leap year.
pub const MAX_DAYS: u32 = 366;

/// A calendar day in the organiser's time zone, displayed and parsed as `2026-01-05`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

/// A text that is not a calendar day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a day: expected one such as 2026-01-05")]
#[non_exhaustive]
pub struct ParseDayError;

impl Day {
    /// Makes the day that comes so many days after 1970-01-01.
    pub const fn from_number(days: i32) -> Self {
        Self(days)
    }

    /// Returns the number of days since 1970-01-01.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// Returns the day that comes `days` later, or earlier if it is negative.
    #[must_use]
    pub const fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Makes a day from a date of the calendar.
    pub fn from_date(date: NaiveDate) -> Self {
        let days = date.signed_duration_since(NaiveDate::default()).num_days();
        Self(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX }))
    }

    /// Returns the date of the calendar; the first or last one if the day is beyond it.
    pub fn date(self) -> NaiveDate {
        let (epoch, days) = (NaiveDate::default(), Days::new(u64::from(self.0.unsigned_abs())));
        if self.0 < 0 {
            epoch.checked_sub_days(days).unwrap_or(NaiveDate::MIN)
        } else {
            epoch.checked_add_days(days).unwrap_or(NaiveDate::MAX)
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.date(), f)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Day {
    type Err = ParseDayError;

    fn from_str(text: &str) -> Result<Self, ParseDayError> {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| ParseDayError)?;
        let day = Self::from_date(date);
        // The parser accepts other spellings, too.
        if day.to_string() == text { Ok(day) } else { Err(ParseDayError) }
    }
}

/// Days from a first to a last one, both included; from 1 to [`MAX_DAYS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRange {
    first: Day,
    last: Day,
}

/// A range of days that would be empty or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a range has from 1 to {MAX_DAYS} days")]
#[non_exhaustive]
pub struct DayRangeError;

impl DayRange {
    /// Makes a range.
    ///
    /// # Errors
    ///
    /// [`DayRangeError`] if the last day is before the first one, or the range is longer than [`MAX_DAYS`].
    pub fn new(first: Day, last: Day) -> Result<Self, DayRangeError> {
        let days = i64::from(last.0) - i64::from(first.0) + 1;
        if (1..=i64::from(MAX_DAYS)).contains(&days) { Ok(Self { first, last }) } else { Err(DayRangeError) }
    }

    /// Returns the first day.
    pub const fn first(self) -> Day {
        self.first
    }

    /// Returns the last day.
    pub const fn last(self) -> Day {
        self.last
    }

    /// Returns each day, in order.
    pub fn days(self) -> impl Iterator<Item = Day> {
        (self.first.0..=self.last.0).map(Day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_shown_as_it_is_read() {
        for text in ["1969-12-31", "1970-01-01", "2024-02-29", "2026-01-05"] {
            assert_eq!(day(text).to_string(), text);
        }
        assert_eq!((day("1969-12-31").number(), day("1970-01-02").number()), (-1, 1));
        for text in ["", "2026-1-5", "2026-02-30", "05.01.2026", "+2026-01-05", "2026-01-05T00:00:00Z"] {
            assert_eq!(text.parse::<Day>(), Err(ParseDayError), "{text}");
        }
    }

    #[test]
    fn a_range_has_at_least_a_day_and_at_most_a_leap_year() {
        let first = day("2024-01-01");
        assert_eq!(DayRange::new(first, first).unwrap().days().collect::<Vec<_>>(), [first]);
        assert_eq!(DayRange::new(first, day("2024-12-31")).unwrap().days().count(), 366);
        assert_eq!(DayRange::new(first, day("2025-01-01")), Err(DayRangeError));
        assert_eq!(DayRange::new(first, first.plus(-1)), Err(DayRangeError));
        assert_eq!(DayRange::new(Day(i32::MIN), Day(i32::MAX)), Err(DayRangeError));
    }
}
