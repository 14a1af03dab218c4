//! The calendar of a time zone of the IANA database.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Timelike};
use chrono_tz::Tz;
use tiketi_core::Timestamp;
use tiketi_core::figures::{Calendar, Day};

/// The days of figures in a time zone, such as `Asia/Seoul`; the rules of summer time are built in.
///
/// ```
/// use tiketi_core::figures::Calendar;
/// use tiketi_http::TimeZone;
///
/// let seoul: TimeZone = "Asia/Seoul".parse()?;
/// let day = seoul.day_of("2026-01-05T15:00:00Z".parse()?);
/// assert_eq!(day.to_string(), "2026-01-06");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeZone(Tz);

/// A text that is no name of a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time zone: expected a name of the IANA database such as Asia/Seoul or Europe/Berlin")]
#[non_exhaustive]
pub struct UnknownTimeZone;

impl TimeZone {
    /// The zone `Asia/Seoul`, the default.
    pub const SEOUL: Self = Self(Tz::Asia__Seoul);
    /// UTC.
    pub const UTC: Self = Self(Tz::UTC);

    fn local(self, at: Timestamp) -> NaiveDateTime {
        let utc = DateTime::from_timestamp_micros(at.as_micros()).unwrap_or_default().naive_utc();
        self.0.from_utc_datetime(&utc).naive_local()
    }
}

impl Default for TimeZone {
    fn default() -> Self {
        Self::SEOUL
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl FromStr for TimeZone {
    type Err = UnknownTimeZone;

    fn from_str(name: &str) -> Result<Self, UnknownTimeZone> {
        name.parse().map(Self).map_err(|_| UnknownTimeZone)
    }
}

impl Calendar for TimeZone {
    fn zone(&self) -> &str {
        self.0.name()
    }

    fn day_of(&self, at: Timestamp) -> Day {
        Day::from_date(self.local(at).date())
    }

    fn starts_at(&self, day: Day) -> Timestamp {
        let midnight = day.date().and_time(NaiveTime::MIN);
        // Where clocks are set forward at midnight, the day begins with the first quarter of an hour that exists.
        let starts = (0..96).map(|quarter| midnight + TimeDelta::minutes(15 * quarter));
        let found = starts.filter_map(|local| match self.0.from_local_datetime(&local) {
            MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => Some(at.timestamp_micros()),
            MappedLocalTime::None => None,
        });
        // A day that a zone left out is empty.
        let next = || self.starts_at(day.plus(1)).as_micros();
        found.into_iter().next().map_or_else(|| Timestamp::from_micros(next()), Timestamp::from_micros)
    }

    fn hour_of(&self, at: Timestamp) -> u8 {
        u8::try_from(self.local(at).hour()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use tiketi_core::figures::quarter_of;

    use super::*;

    fn zone(name: &str) -> TimeZone {
        name.parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn hours(zone: TimeZone, day: &str) -> u64 {
        let day: Day = day.parse().unwrap();
        zone.starts_at(day.plus(1)).since(zone.starts_at(day)).as_secs() / 3_600
    }

    #[test]
    fn days_have_23_and_25_hours_when_clocks_change() {
        let berlin = zone("Europe/Berlin");
        assert_eq!((hours(berlin, "2026-03-29"), hours(berlin, "2026-10-25")), (23, 25));
        assert_eq!((hours(berlin, "2026-03-30"), hours(TimeZone::SEOUL, "2026-03-29")), (24, 24));
        // The last quarter of the long day, in its second hour from two to three o'clock and at its end.
        assert_eq!(quarter_of(&berlin, at("2026-10-25T01:30:00Z")), 14);
        assert_eq!(quarter_of(&berlin, at("2026-10-25T22:59:59Z")), 99);
        assert_eq!(berlin.hour_of(at("2026-10-25T00:30:00Z")), 2);
        assert_eq!(berlin.hour_of(at("2026-10-25T01:30:00Z")), 2);
    }

    #[test]
    fn zones_with_half_and_quarter_hours_have_their_own_midnight() {
        for (name, before, after) in [
            ("Asia/Kathmandu", "2026-01-05T18:14:59.999999Z", "2026-01-05T18:15:00Z"),
            ("Asia/Kolkata", "2026-01-05T18:29:59.999999Z", "2026-01-05T18:30:00Z"),
            ("America/St_Johns", "2026-01-06T03:29:59.999999Z", "2026-01-06T03:30:00Z"),
        ] {
            let zone = zone(name);
            assert_eq!(zone.day_of(at(before)).to_string(), "2026-01-05", "{name}");
            assert_eq!(zone.day_of(at(after)).to_string(), "2026-01-06", "{name}");
            assert_eq!(zone.starts_at("2026-01-06".parse().unwrap()), at(after), "{name}");
        }
        assert_eq!(
            zone("Australia/Lord_Howe").starts_at("2026-04-05".parse().unwrap()),
            at("2026-04-04T13:00:00Z")
        );
    }

    #[test]
    fn a_day_without_midnight_begins_with_its_first_moment() {
        // Clocks went from midnight to one o'clock.
        let sao_paulo = zone("America/Sao_Paulo");
        let day = "2018-11-04".parse().unwrap();
        assert_eq!(sao_paulo.starts_at(day), at("2018-11-04T03:00:00Z"));
        assert_eq!(sao_paulo.day_of(at("2018-11-04T02:59:59Z")).to_string(), "2018-11-03");
        // Samoa left the 30th of December 2011 out.
        let apia = zone("Pacific/Apia");
        assert_eq!(hours(apia, "2011-12-30"), 0);
        assert_eq!(apia.day_of(at("2011-12-30T10:00:00Z")).to_string(), "2011-12-31");
    }

    /// Fails if a moment lies before the beginning of its day, in any zone and at any change of clocks.
    #[test]
    fn no_moment_lies_before_the_beginning_of_its_day() {
        for zone in chrono_tz::TZ_VARIANTS.into_iter().map(TimeZone) {
            for day in (0..730).map(|day| Day::from_number(20_000 + day)) {
                let starts_at = zone.starts_at(day);
                assert!(zone.day_of(starts_at) == day, "{zone} {day}");
                let before = Timestamp::from_micros(starts_at.as_micros() - 1);
                assert!(zone.day_of(before) <= day, "{zone} {day}");
            }
        }
    }

    #[test]
    fn an_unknown_zone_is_refused() {
        assert_eq!("Mars/Olympus".parse::<TimeZone>(), Err(UnknownTimeZone));
        assert_eq!(TimeZone::default().to_string(), "Asia/Seoul");
    }
}
