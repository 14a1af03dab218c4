//! Seats in the compact encoding, as base64: the bytes of `GET /api/seats/{eventId}/states`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tiketi_core::Timestamp;
use tiketi_core::live_seats::{LiveSeat, SeatUpdate};
use tiketi_core::seat_states::{SeatEntry, SeatStates, StatesOf, pack};

use crate::picture::PictureSeats;

/// Writes changes of seats.
pub(crate) fn changes(of: StatesOf, since: u64, updates: &[SeatUpdate], now: Timestamp) -> String {
    let entries = updates.iter().map(|update| entry(update.index, &update.now, now)).collect();
    STANDARD.encode(SeatStates::Changes { of, since, entries }.encode())
}

/// Writes all seats.
pub(crate) fn all(seats: &PictureSeats, now: Timestamp) -> String {
    let of = states_of(seats);
    let states = pack(seats.iter().map(|seat| seat.status_at(now)));
    let ahead = seats.iter().zip(0..).filter(|(seat, _)| seat.map_version > of.version);
    let exceptions: Vec<_> = ahead.map(|(seat, index)| entry(index, seat, now)).collect();
    STANDARD.encode(of.encode_all(&states, &exceptions))
}

/// Returns what the seats of a picture are of.
pub(crate) fn states_of(seats: &PictureSeats) -> StatesOf {
    let count = u32::try_from(seats.count()).unwrap_or(u32::MAX);
    StatesOf { layout: seats.layout(), version: seats.version(), seats: count }
}

fn entry(index: u32, seat: &LiveSeat, now: Timestamp) -> SeatEntry {
    SeatEntry { index, state: seat.status_at(now), version: seat.version }
}
