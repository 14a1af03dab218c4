//! Moments and time windows, in UTC microseconds.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Datelike, SecondsFormat, Utc};

/// A moment: microseconds since 1970-01-01T00:00:00Z.
///
/// Displayed and parsed as RFC 3339. Every moment is UTC; time zones exist only in user interfaces.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text that is not an RFC 3339 date and time with an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid time: expected RFC 3339 with an offset, such as 2026-01-05T19:00:00Z")]
#[non_exhaustive]
pub struct ParseTimestampError;

impl Timestamp {
    /// Later than every real moment; as an end it means "no end".
    pub const FAR_FUTURE: Self = Self(253_402_300_799_999_999);
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// Makes a moment from microseconds since the epoch, at most [`Self::FAR_FUTURE`].
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.min(Self::FAR_FUTURE.0))
    }

    /// Returns microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Returns the moment `length` later, at most [`Self::FAR_FUTURE`].
    #[must_use]
    pub fn after(self, length: Duration) -> Self {
        let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_add(micros))
    }

    /// Returns the moment `length` earlier.
    #[must_use]
    pub fn before(self, length: Duration) -> Self {
        let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(micros))
    }

    /// Returns the time since `earlier`; zero if it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Returns the calendar date in UTC as the number `YYYYMMDD`.
    pub fn compact_date(self) -> u32 {
        let date = self.to_utc().date_naive();
        date.year().unsigned_abs() * 10_000 + date.month() * 100 + date.day()
    }

    fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, ParseTimestampError> {
        DateTime::parse_from_rfc3339(text)
            .map(|moment| Self::from_micros(moment.timestamp_micros()))
            .map_err(|_| ParseTimestampError)
    }
}

/// When tickets are sold: from `opens_at` on, before `closes_at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "crate::serialized::SaleWindowFields")
)]
pub struct SaleWindow {
    opens_at: Timestamp,
    closes_at: Timestamp,
}

/// A sale window that would close before or when it opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sale must open before it closes")]
#[non_exhaustive]
pub struct EmptySaleWindow;

impl SaleWindow {
    /// Makes a window; fails with [`EmptySaleWindow`] unless it opens before it closes.
    pub fn new(opens_at: Timestamp, closes_at: Timestamp) -> Result<Self, EmptySaleWindow> {
        if opens_at < closes_at { Ok(Self { opens_at, closes_at }) } else { Err(EmptySaleWindow) }
    }

    /// Returns the first moment at which tickets are sold.
    pub const fn opens_at(self) -> Timestamp {
        self.opens_at
    }

    /// Returns the first moment at which tickets are no longer sold.
    pub const fn closes_at(self) -> Timestamp {
        self.closes_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_converted_once_to_utc() {
        let seoul: Timestamp = "2026-01-05T19:00:00+09:00".parse().unwrap();
        assert_eq!(seoul.to_string(), "2026-01-05T10:00:00Z");
    }

    #[test]
    fn a_time_without_an_offset_is_refused() {
        assert_eq!("2026-01-05T19:00:00".parse::<Timestamp>(), Err(ParseTimestampError));
    }

    #[test]
    fn the_far_future_is_a_showable_ceiling() {
        assert_eq!(Timestamp::FAR_FUTURE.after(Duration::from_hours(1)), Timestamp::FAR_FUTURE);
        assert_eq!(Timestamp::FAR_FUTURE.to_string(), "9999-12-31T23:59:59.999999Z");
    }

    #[test]
    fn an_earlier_moment_is_no_time_after_a_later_one() {
        let later = Timestamp::EPOCH.after(Duration::from_secs(1));
        assert_eq!(Timestamp::EPOCH.since(later), Duration::ZERO);
    }

    #[test]
    fn a_window_that_never_opens_is_refused() {
        assert_eq!(SaleWindow::new(Timestamp::EPOCH, Timestamp::EPOCH), Err(EmptySaleWindow));
    }
}
