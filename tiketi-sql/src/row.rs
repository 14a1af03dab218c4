//! A row of any database, and the kinds of value its columns hold.

use tiketi_core::{Currency, StoreError, Timestamp};
use uuid::Uuid;

/// Reads one row of a database by the names of its columns.
///
/// Each method fails for a column that is not there or holds something else.
pub trait Row {
    /// Reads an id.
    fn uuid(&self, column: &'static str) -> Result<Uuid, StoreError>;

    /// Reads an id that may be missing.
    fn maybe_uuid(&self, column: &'static str) -> Result<Option<Uuid>, StoreError>;

    /// Reads a whole number.
    fn int(&self, column: &'static str) -> Result<i64, StoreError>;

    /// Reads a whole number that may be missing.
    fn maybe_int(&self, column: &'static str) -> Result<Option<i64>, StoreError>;

    /// Reads a text.
    fn text(&self, column: &'static str) -> Result<&str, StoreError>;

    /// Reads a text that may be missing.
    fn maybe_text(&self, column: &'static str) -> Result<Option<&str>, StoreError>;

    /// Reads a boolean.
    fn flag(&self, column: &'static str) -> Result<bool, StoreError>;

    /// Reads bytes.
    fn bytes(&self, column: &'static str) -> Result<&[u8], StoreError>;
}

/// Returns the error of a row whose columns contradict each other.
pub fn unreadable(what: &str) -> StoreError {
    StoreError::corrupt(format!("a row of the database has an unreadable {what}"))
}

/// Reads a version, count or serial, which is never negative.
pub fn count(row: &impl Row, column: &'static str) -> Result<u64, StoreError> {
    unsigned(row.int(column)?, column)
}

/// Writes a version, count or serial. Beyond 2^63 it writes the largest value; no shop reaches it.
pub fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Reads a number that is never negative from its column's value.
pub(crate) fn unsigned(value: i64, column: &str) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| unreadable(column))
}

/// Reads a number that fits 32 bits from its column's value.
pub(crate) fn small(value: i64, column: &str) -> Result<u32, StoreError> {
    u32::try_from(value).map_err(|_| unreadable(column))
}

pub(crate) fn moment(row: &impl Row, column: &'static str) -> Result<Timestamp, StoreError> {
    Ok(Timestamp::from_micros(row.int(column)?))
}

/// Reads a moment that must be present in this state.
pub(crate) fn needed(micros: Option<i64>, column: &str) -> Result<Timestamp, StoreError> {
    micros.map(Timestamp::from_micros).ok_or_else(|| unreadable(column))
}

/// Reads the code of a currency.
pub(crate) fn currency(code: &str) -> Result<Currency, StoreError> {
    code.parse().map_err(|_| unreadable("currency"))
}

/// Writes a JSON text; every value of this crate can be written.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::corrupt("a row cannot be written").caused_by(error))
}

pub(crate) fn parse<'t, T: serde::Deserialize<'t>>(json: &'t str, what: &str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|error| unreadable(what).caused_by(error))
}
