//! The place of a reservation in a list, as clients send it.

use tiketi_core::Timestamp;
use tiketi_core::store::ReservationKey;

use crate::error::ApiError;
use crate::reason::Reason;

/// Writes the key of a reservation: its time in microseconds and its serial.
pub(crate) fn write_key(key: ReservationKey) -> String {
    format!("{}_{}", key.created_at.as_micros(), key.serial)
}

/// Reads what [`write_key`] wrote.
pub(crate) fn read_key(text: &str) -> Result<ReservationKey, ApiError> {
    let read = || {
        let (at, serial) = text.split_once('_')?;
        let created_at = Timestamp::from_micros(at.parse().ok()?);
        Some(ReservationKey { created_at, serial: serial.parse().ok()? })
    };
    read().ok_or_else(|| ApiError::invalid_query("after", Reason::NOT_VALID))
}
