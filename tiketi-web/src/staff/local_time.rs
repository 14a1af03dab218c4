//! Times of forms, in the shop's time zone.

use chrono::{DateTime, MappedLocalTime, NaiveDate, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use tiketi_core::Timestamp;

/// How browsers send a day with a time (source: HTML, 2.3.5.5).
const FORM: &str = "%Y-%m-%dT%H:%M";

/// Writes a moment as day and minute of a zone, as in `2026-12-24 19:00`.
pub(crate) fn short(at: Timestamp, zone: Tz) -> String {
    local(at, zone).format("%Y-%m-%d %H:%M").to_string()
}

/// Writes a moment as the value of a field of a form.
pub(crate) fn for_form(at: &str, zone: Tz) -> String {
    at.parse().map_or_else(|_| String::new(), |at| local(at, zone).format(FORM).to_string())
}

fn local(at: Timestamp, zone: Tz) -> DateTime<Tz> {
    DateTime::<Utc>::from_timestamp_micros(at.as_micros()).unwrap_or_default().with_timezone(&zone)
}

/// Reads a field with a day and a time, and returns the moment as the wire writes it; `None` if there is no such moment.
///
/// Of a time that clocks show twice, it is the first.
pub(crate) fn from_form(text: &str, zone: Tz) -> Option<String> {
    let read = |form| NaiveDateTime::parse_from_str(text, form).ok();
    wire(read(FORM).or_else(|| read("%Y-%m-%dT%H:%M:%S"))?, zone)
}

/// Reads a day, and returns its first moment, or that of the next day, as the wire writes it.
pub(crate) fn day_start(text: &str, zone: Tz, days_later: u64) -> Option<String> {
    let day =
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.checked_add_days(chrono::Days::new(days_later))?;
    // Where clocks are set forward at midnight, the day begins an hour later.
    (0..4).find_map(|hour| wire(day.and_hms_opt(hour, 0, 0)?, zone))
}

fn wire(local: NaiveDateTime, zone: Tz) -> Option<String> {
    let at = match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => at,
        MappedLocalTime::None => return None,
    };
    Some(at.with_timezone(&Utc).to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_sends_is_read_in_the_zone_and_shown_again() {
        let wire = from_form("2026-12-24T19:00", Tz::Asia__Seoul).unwrap();
        assert_eq!(wire, "2026-12-24T10:00:00Z");
        assert_eq!(for_form(&wire, Tz::Asia__Seoul), "2026-12-24T19:00");
        assert_eq!(for_form(&wire, Tz::America__New_York), "2026-12-24T05:00");
        assert_eq!(short(wire.parse().unwrap(), Tz::Asia__Seoul), "2026-12-24 19:00");
        for text in ["", "tomorrow", "2026-02-30T10:00", "2026-12-24"] {
            assert_eq!(from_form(text, Tz::Asia__Seoul), None, "{text}");
        }
    }

    #[test]
    fn an_hour_that_clocks_skip_is_refused_and_of_one_they_repeat_it_is_the_first() {
        let berlin = Tz::Europe__Berlin;
        assert_eq!(from_form("2026-03-29T02:30", berlin), None);
        assert_eq!(from_form("2026-10-25T02:30", berlin).as_deref(), Some("2026-10-25T00:30:00Z"));
    }

    #[test]
    fn days_begin_where_the_zone_says() {
        assert_eq!(day_start("2026-01-05", Tz::Asia__Seoul, 0).as_deref(), Some("2026-01-04T15:00:00Z"));
        assert_eq!(day_start("2026-01-05", Tz::Asia__Seoul, 1).as_deref(), Some("2026-01-05T15:00:00Z"));
        // Clocks were set forward at midnight in Beirut.
        assert_eq!(day_start("2026-03-29", Tz::Asia__Beirut, 0).as_deref(), Some("2026-03-28T22:00:00Z"));
        assert_eq!(day_start("", Tz::Asia__Seoul, 0), None);
    }
}
