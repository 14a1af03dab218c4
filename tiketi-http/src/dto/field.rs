//! Reads fields of a request; every error names the field.

use std::str::FromStr;
use std::time::Duration;

use tiketi_core::{Currency, limits::MAX_QUANTITY};

use crate::error::{ApiError, Explained};
use crate::reason::Reason;

/// Reads an id, a time or a currency.
pub(super) fn parsed<T>(field: &str, text: &str) -> Result<T, ApiError>
where
    T: FromStr,
    T::Err: Explained,
{
    text.parse().map_err(|reason: T::Err| ApiError::invalid(field, reason))
}

/// Reads a list of ids; an error names the first invalid one.
pub(super) fn parsed_list<T>(field: &str, texts: &[String]) -> Result<Vec<T>, ApiError>
where
    T: FromStr,
    T::Err: Explained,
{
    let read = |(at, text): (usize, &String)| parsed(&format!("{field}[{at}]"), text);
    texts.iter().enumerate().map(read).collect()
}

/// Reads a number of tickets, from 1 to [`MAX_QUANTITY`].
pub(super) fn quantity(field: &str, number: i64) -> Result<u32, ApiError> {
    within(field, number, 1, MAX_QUANTITY)
}

/// Reads a whole number from `least` to `most`.
pub(super) fn within(field: &str, number: i64, least: u32, most: u32) -> Result<u32, ApiError> {
    let fits = u32::try_from(number).ok().filter(|number| (least..=most).contains(number));
    fits.ok_or_else(|| {
        ApiError::invalid(field, Reason::range(least, most)).detail("least", least).detail("most", most)
    })
}

/// Reads a length of time in seconds, at most a day.
pub(super) fn seconds(field: &str, number: i64) -> Result<Duration, ApiError> {
    const A_DAY: u32 = 86_400;
    within(field, number, 1, A_DAY).map(|seconds| Duration::from_secs(u64::from(seconds)))
}

/// Reads a currency; won if none is named.
pub(super) fn currency(field: &str, code: Option<&str>) -> Result<Currency, ApiError> {
    code.map_or(Ok(Currency::KRW), |code| parsed(field, code))
}
