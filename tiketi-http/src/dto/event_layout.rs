//! The layout of an event's seats.

use serde::Serialize;
use tiketi_core::{EventId, live_seats::LayoutSeat, seat_states::LayoutHash};
use utoipa::ToSchema;

/// What never changes of an event's seats, in the order of the compact seat states.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EventLayout)]
pub(crate) struct EventLayoutDto {
    #[schema(format = Uuid)]
    event_id: String,
    /// The hash that compact states carry.
    #[schema(example = "5b0c0f6d2f6f4d1c8f6a0a3f9c1b7e42")]
    hash: String,
    /// From the stage backwards.
    seats: Vec<PlacedSeatDto>,
}

/// One seat of a layout.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PlacedSeat)]
struct PlacedSeatDto {
    #[schema(format = Uuid)]
    id: String,
    /// Its price is that of the ticket type, in the event.
    #[schema(format = Uuid)]
    ticket_type_id: String,
    #[schema(example = "VIP")]
    section: String,
    #[schema(example = "A")]
    row_number: String,
    #[schema(example = "7")]
    seat_number: String,
    /// What is printed on the ticket.
    #[schema(example = "VIP A-7")]
    seat_label: String,
    /// Column within the row, from 0; missing numbers are gaps.
    #[schema(example = 6)]
    column: u32,
    /// Row within the hall, from 0.
    #[schema(example = 0)]
    line: u32,
    /// Whether the place is meant for a wheelchair user.
    accessible: bool,
}

impl EventLayoutDto {
    /// Shows the seats of a layout.
    pub(crate) fn of(event: EventId, hash: LayoutHash, seats: &[LayoutSeat]) -> Self {
        let seats = seats.iter().map(Into::into).collect();
        Self { event_id: event.to_string(), hash: hash.to_string(), seats }
    }
}

impl From<&LayoutSeat> for PlacedSeatDto {
    fn from(seat: &LayoutSeat) -> Self {
        let LayoutSeat { seat: id, ticket_type, place } = seat;
        Self {
            id: id.to_string(),
            ticket_type_id: ticket_type.to_string(),
            section: place.section.clone(),
            row_number: place.row.clone(),
            seat_number: place.number.clone(),
            seat_label: place.label.to_string(),
            column: place.column,
            line: place.line,
            accessible: place.accessible,
        }
    }
}
