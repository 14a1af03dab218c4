//! Rows as the database has them: each type's columns, read and written in one place.

mod account;
mod event;
mod fact;
mod layout;
mod payment;
mod reservation;
mod seat;

pub(crate) use account::{account, role_word};
pub(crate) use event::{
    EVENT_COLUMNS, TICKET_TYPE_COLUMNS, event, event_state, keywords_text, status_word, terms_text,
    ticket_type,
};
pub(crate) use fact::{fact_body, fact_text};
pub(crate) use layout::{layout, sections_text};
pub(crate) use payment::{PAYMENT_COLUMNS, payment, payment_state, refunds_text};
pub(crate) use reservation::{RESERVATION_COLUMNS, items_text, reservation, reservation_state, seats_text};
pub(crate) use seat::{SEAT_COLUMNS, seat, seat_state};

use rusqlite::Row;
use rusqlite::types::FromSql;
use tiketi_core::{Currency, Money, StoreError, Timestamp};

use crate::error::{failed, unreadable};

/// Reads a column.
fn get<T: FromSql>(row: &Row<'_>, column: &str) -> Result<T, StoreError> {
    row.get(column).map_err(failed)
}

fn moment(row: &Row<'_>, column: &str) -> Result<Timestamp, StoreError> {
    Ok(Timestamp::from_micros(get(row, column)?))
}

/// Reads an optional moment that the row's state calls for.
fn due_moment(row: &Row<'_>, column: &str) -> Result<Timestamp, StoreError> {
    let micros: Option<i64> = get(row, column)?;
    micros.map(Timestamp::from_micros).ok_or_else(|| unreadable(column))
}

fn currency(row: &Row<'_>) -> Result<Currency, StoreError> {
    get::<String>(row, "currency")?.parse().map_err(|_| unreadable("currency"))
}

fn money(row: &Row<'_>, column: &str, currency: Currency) -> Result<Money, StoreError> {
    Ok(Money::new(get(row, column)?, currency))
}

/// Reads a version, count or serial, which is never negative.
fn count(row: &Row<'_>, column: &str) -> Result<u64, StoreError> {
    u64::try_from(get::<i64>(row, column)?).map_err(|_| unreadable(column))
}

/// Writes a version, count or serial; beyond 2^63 it stays there, which no shop reaches.
pub(crate) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Writes a JSON text; what is written here always can be.
fn text(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::corrupt("a row cannot be written").caused_by(error))
}

fn parse<'t, T: serde::Deserialize<'t>>(json: &'t str, what: &str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|error| unreadable(what).caused_by(error))
}
