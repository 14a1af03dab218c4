//! Seats and seat maps.

use serde::{Deserialize, Serialize};
use tiketi_core::{
    Event, Seat, SeatId, Timestamp, fact::SeatStatus, limits::MAX_REASON_CHARS, text::check_line,
};
use utoipa::{IntoParams, ToSchema};

use super::field::parsed_list;
use crate::error::ApiError;
use crate::reason::Reason;
use crate::status_words::seat_status_word;

/// An event's seats, all of them or those that changed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SeatMap)]
pub(crate) struct SeatMapDto {
    pub(crate) event: SeatMapEventDto,
    pub(crate) layout: SeatMapLayoutDto,
    /// Currency of every price.
    #[schema(example = "KRW")]
    pub(crate) currency: String,
    /// Grows with each change of any seat; send it as `since` to read only later changes.
    #[schema(example = 17)]
    pub(crate) version: u64,
    /// Whether these are all seats, or only those that changed.
    pub(crate) complete: bool,
    /// From the stage backwards.
    pub(crate) seats: Vec<SeatDto>,
}

/// The event of a seat map.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SeatMapEvent)]
pub(crate) struct SeatMapEventDto {
    #[schema(format = Uuid)]
    id: String,
    #[schema(example = "Night of the Lighthouse")]
    title: String,
    #[schema(example = "Harbour Hall")]
    venue: String,
    #[schema(format = DateTime)]
    event_date: String,
}

impl SeatMapEventDto {
    /// Copies the fields of an event that its seat map contains.
    pub(crate) fn of(event: &Event) -> Self {
        Self {
            id: event.id.to_string(),
            title: event.details.title.clone(),
            venue: event.details.venue.clone(),
            event_date: event.details.starts_at.to_string(),
        }
    }
}

/// The plan the seats were made from.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = SeatMapLayout)]
pub(crate) struct SeatMapLayoutDto {
    /// Absent if the event has no seats.
    #[schema(format = Uuid)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// From the stage backwards.
    pub(crate) sections: Vec<SeatMapSectionDto>,
}

/// A part of the hall sold at one price.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SeatMapSection)]
pub(crate) struct SeatMapSectionDto {
    #[schema(format = Uuid)]
    pub(crate) ticket_type_id: String,
    #[schema(example = "VIP")]
    pub(crate) name: String,
    /// In minor units.
    #[schema(example = 150_000)]
    pub(crate) price: i64,
}

/// One seat.
///
/// Status and version come last.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Seat)]
pub(crate) struct SeatDto {
    #[schema(format = Uuid)]
    pub(crate) id: String,
    #[schema(format = Uuid)]
    pub(crate) ticket_type_id: String,
    #[schema(example = "VIP")]
    pub(crate) section: String,
    #[schema(example = "A")]
    pub(crate) row_number: String,
    #[schema(example = "7")]
    pub(crate) seat_number: String,
    /// What is printed on the ticket.
    #[schema(example = "VIP A-7")]
    pub(crate) seat_label: String,
    /// In minor units.
    #[schema(example = 150_000)]
    pub(crate) price: i64,
    /// Column within the row, from 0; missing numbers are gaps.
    #[schema(example = 6)]
    pub(crate) column: u32,
    /// Row within the hall, from 0.
    #[schema(example = 0)]
    pub(crate) line: u32,
    /// Whether the place is meant for a wheelchair user.
    pub(crate) accessible: bool,
    // The fields before these two are encoded once for all versions: see `seat_map::seat_index`.
    /// `available`, `locked` (someone holds it), `reserved` (someone bought it) or `blocked`.
    #[schema(example = "available")]
    pub(crate) status: &'static str,
    /// Grows with each change of this seat.
    #[schema(example = 1)]
    pub(crate) version: u64,
}

impl SeatDto {
    /// Shows a seat as of `now`, without its owner.
    pub(crate) fn of(seat: &Seat, price: i64, now: Timestamp) -> Self {
        let place = &seat.place;
        Self {
            id: seat.id.to_string(),
            ticket_type_id: seat.ticket_type.to_string(),
            section: place.section.clone(),
            row_number: place.row.clone(),
            seat_number: place.number.clone(),
            seat_label: place.label.to_string(),
            price,
            column: place.column,
            line: place.line,
            accessible: place.accessible,
            status: seat_status_word(SeatStatus::of(&seat.state, now)),
            version: seat.version,
        }
    }
}

/// The query of a seat map.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SeatMapQuery {
    /// Returns only seats that changed after this version of the map; all seats if the version is unknown.
    #[param(example = 17)]
    pub(crate) since: Option<u64>,
}

/// Seats to take off sale.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BlockSeatsBody {
    #[schema(example = json!(["01890a5d-ac96-774b-bcce-b302099a8057"]))]
    seat_ids: Vec<String>,
    /// The reason, for the organiser; buyers do not see it.
    #[schema(example = "camera position")]
    #[serde(default)]
    reason: String,
}

/// Seats to put back on sale.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnblockSeatsBody {
    #[schema(example = json!(["01890a5d-ac96-774b-bcce-b302099a8057"]))]
    seat_ids: Vec<String>,
}

impl BlockSeatsBody {
    /// Returns the reason, of bounded length.
    pub(crate) fn reason(&self) -> Result<&str, ApiError> {
        let reason = self.reason.trim();
        check_line("reason", reason, 0..=MAX_REASON_CHARS)?;
        Ok(reason)
    }

    /// Reads the seats.
    pub(crate) fn seats(&self) -> Result<Vec<SeatId>, ApiError> {
        some(&self.seat_ids)
    }
}

impl UnblockSeatsBody {
    /// Reads the seats.
    pub(crate) fn seats(&self) -> Result<Vec<SeatId>, ApiError> {
        some(&self.seat_ids)
    }
}

fn some(seat_ids: &[String]) -> Result<Vec<SeatId>, ApiError> {
    if seat_ids.is_empty() {
        return Err(ApiError::invalid(
            "seatIds",
            Reason::fixed("must name at least one seat", "좌석을 하나 이상 지정해야 합니다."),
        ));
    }
    parsed_list("seatIds", seat_ids)
}

/// The version of a seat map after a change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MapVersionAnswer {
    /// The map's version.
    #[schema(example = 18)]
    pub(crate) version: u64,
}
