//! Seats in the compact encoding, as base64: the bytes of `GET /api/seats/{eventId}/states`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tiketi_core::Timestamp;
use tiketi_core::live_seats::SeatUpdate;
use tiketi_core::seat_states::StatesOf;

use crate::event_states::{all_states, changed_states};
use crate::picture::PictureSeats;

/// Writes the seats that changed after a map version.
pub(crate) fn changes(of: StatesOf, since: u64, updates: &[SeatUpdate], now: Timestamp) -> String {
    STANDARD.encode(changed_states(of, since, updates, now))
}

/// Writes all seats.
pub(crate) fn all(seats: &PictureSeats, now: Timestamp) -> String {
    STANDARD.encode(all_states(seats, now))
}
