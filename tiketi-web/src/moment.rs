//! Dates and times as people read them, in the shop's time zone.

use std::fmt;

use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::{OffsetName, Tz};
use tiketi_core::Timestamp;
use tiketi_core::language::Language;

use crate::texts::Text;

/// A moment in a time zone, to be written in a language.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    language: Language,
    local: DateTime<Tz>,
}

impl Moment {
    /// Places a moment in a zone.
    pub(crate) fn new(language: Language, zone: Tz, at: Timestamp) -> Self {
        let utc = DateTime::<Utc>::from_timestamp_micros(at.as_micros()).unwrap_or_default();
        Self { language, local: utc.with_timezone(&zone) }
    }

    /// Returns the day and the time, such as `Thu 24 December 2026, 19:00`.
    pub(crate) fn full(&self) -> String {
        Text::new(self.language, "moment-full")
            .with("date", self.date())
            .with("time", self.time())
            .to_string()
    }

    /// Returns the day, such as `Thu 24 December 2026`.
    pub(crate) fn date(&self) -> String {
        self.dated("moment-date")
    }

    /// Returns day and month only, such as `24 Dec`.
    pub(crate) fn day(&self) -> String {
        self.dated("moment-day")
    }

    /// Returns the time of day with the zone, such as `19:00 KST`.
    pub(crate) fn time(&self) -> String {
        let minute = format!("{:02}", self.local.minute());
        let (afternoon, hour12) = self.local.hour12();
        let text = Text::new(self.language, "moment-time")
            .with("hour", format!("{:02}", self.local.hour()))
            .with("hour12", hour12.to_string())
            .with("half", if afternoon { "pm" } else { "am" })
            .with("minute", minute);
        text.with("zone", self.zone()).to_string()
    }

    /// Returns the short name of the zone at this moment, such as `KST`.
    pub(crate) fn zone(&self) -> String {
        let offset = self.local.offset();
        offset.abbreviation().map_or_else(|| offset.to_string(), str::to_owned)
    }

    fn dated(&self, id: &str) -> String {
        Text::new(self.language, id)
            .with("year", self.local.year().to_string())
            .with("month", format!("n{}", self.local.month()))
            .with("month-number", self.local.month().to_string())
            .with("day", self.local.day().to_string())
            .with("weekday", format!("n{}", self.local.weekday().number_from_monday()))
            .to_string()
    }
}

/// Writes day and time.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(language: Language, zone: Tz, at: &str) -> Moment {
        Moment::new(language, zone, at.parse().unwrap())
    }

    #[test]
    fn moments_are_written_in_their_zone_and_say_it() {
        let at = "2026-12-24T10:00:00Z";
        let english = of(Language::English, Tz::Asia__Seoul, at);
        assert_eq!(english.to_string(), "Thu 24 December 2026, 19:00 KST");
        let korean = of(Language::Korean, Tz::Asia__Seoul, at);
        assert_eq!(korean.to_string(), "2026년 12월 24일 (목) 오후 7:00 KST");
        assert_eq!(of(Language::English, Tz::Europe__Berlin, at).time(), "11:00 CET");
        assert_eq!(of(Language::Korean, Tz::Asia__Seoul, "2026-01-04T15:05:00Z").time(), "오전 12:05 KST");
        assert_eq!(english.day(), "24 Dec");
    }
}
