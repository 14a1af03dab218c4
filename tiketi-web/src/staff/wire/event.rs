//! Events as organisers see them.

use serde::{Deserialize, Serialize};

/// A page of events.
#[derive(Debug, Deserialize)]
pub(crate) struct EventPage {
    pub(crate) data: Vec<StaffEvent>,
    pub(crate) pagination: super::Pagination,
}

/// One event, of a read.
#[derive(Debug, Deserialize)]
pub(crate) struct OneEvent {
    pub(crate) event: StaffEvent,
}

/// An event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StaffEvent {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) artist: String,
    pub(crate) venue: String,
    pub(crate) description: String,
    pub(crate) keywords: Vec<String>,
    pub(crate) poster_url: Option<String>,
    pub(crate) event_date: String,
    pub(crate) sale_start: String,
    pub(crate) sale_end: String,
    pub(crate) status: String,
    pub(crate) state: String,
    pub(crate) archived_at: Option<String>,
    pub(crate) currency: String,
    pub(crate) layout_id: Option<String>,
    pub(crate) limits: EventLimits,
    pub(crate) ticket_types: Vec<StaffTicketType>,
    pub(crate) waiting_room: EventRoom,
    pub(crate) version: u64,
}

/// The limits of an event, its own and the shop's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventLimits {
    pub(crate) hold_seconds: i64,
    pub(crate) hold_cap_seconds: i64,
    pub(crate) payment_window_seconds: i64,
    pub(crate) max_seats_per_buyer: i64,
    pub(crate) late_payment: String,
    pub(crate) refunded_seats: String,
    pub(crate) cancellation_policy: Vec<Tier>,
    pub(crate) deposit_window_seconds: i64,
}

/// What the shop keeps of a ticket that comes back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tier {
    pub(crate) until_seconds_before: i64,
    pub(crate) kept_basis_points: i64,
    pub(crate) kept_fee: i64,
}

/// What an event sells at one price.
#[derive(Debug, Deserialize)]
pub(crate) struct StaffTicketType {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) section: Option<String>,
    pub(crate) price: i64,
    pub(crate) capacity: u32,
    pub(crate) available: u32,
}

/// Whether an event has a waiting room.
#[derive(Debug, Deserialize)]
pub(crate) struct EventRoom {
    pub(crate) enabled: bool,
    pub(crate) state: String,
}

/// The progress of a cancelled event's refunds, in reservations.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refunds {
    pub(crate) to_do: u64,
    pub(crate) done: u64,
    pub(crate) refused: u64,
}

/// Where an image is.
#[derive(Debug, Deserialize)]
pub(crate) struct ImageAnswer {
    pub(crate) url: String,
}

/// An event's seats.
#[derive(Debug, Deserialize)]
pub(crate) struct SeatMap {
    pub(crate) seats: Vec<StaffSeat>,
}

/// One seat.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StaffSeat {
    pub(crate) id: String,
    pub(crate) section: String,
    pub(crate) row_number: String,
    pub(crate) seat_number: String,
    pub(crate) status: SeatStatus,
}

/// What a seat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SeatStatus {
    Available,
    Locked,
    Reserved,
    Blocked,
}
