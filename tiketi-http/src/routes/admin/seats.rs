//! Blocks and unblocks seats.

use axum::Json;
use axum::extract::State;
use serde_json::json;
use tiketi_core::{EventId, SeatId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::dto::{BlockSeatsBody, MapVersionAnswer, UnblockSeatsBody};
use crate::error::{ApiError, ErrorBody};
use crate::extract::{ApiJson, ApiPath, Staff, may};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(block)).routes(routes!(unblock))
}

/// Take seats off sale
///
/// All or nothing. Seats that are already blocked stay blocked.
#[utoipa::path(
    post, path = "/api/admin/events/{id}/seats/block", tag = "admin", request_body = BlockSeatsBody,
    security(("bearer" = ["sell"])),
    params(("id" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "They are off sale", body = MapVersionAnswer),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `SEATS_TAKEN`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`, `UNKNOWN_SEATS`", body = ErrorBody),
    ),
)]
async fn block(
    State(state): State<AppState>,
    staff: Staff<may::Sell>,
    ApiPath(event): ApiPath<EventId>,
    ApiJson(body): ApiJson<BlockSeatsBody>,
) -> Result<Json<MapVersionAnswer>, ApiError> {
    let (seats, reason) = (body.seats()?, body.reason()?);
    staff.record().reason(reason);
    staff.record().after(&json!({"blocked": texts(&seats)}));
    let version = state.box_office().catalog().block_seats(event, seats, reason).await?;
    Ok(Json(MapVersionAnswer { version }))
}

/// Put seats back on sale
///
/// Seats that are not blocked do not change.
#[utoipa::path(
    post, path = "/api/admin/events/{id}/seats/unblock", tag = "admin", request_body = UnblockSeatsBody,
    security(("bearer" = ["sell"])),
    params(("id" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "They are on sale", body = MapVersionAnswer),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`, `UNKNOWN_SEATS`", body = ErrorBody),
    ),
)]
async fn unblock(
    State(state): State<AppState>,
    staff: Staff<may::Sell>,
    ApiPath(event): ApiPath<EventId>,
    ApiJson(body): ApiJson<UnblockSeatsBody>,
) -> Result<Json<MapVersionAnswer>, ApiError> {
    let seats = body.seats()?;
    staff.record().after(&json!({"unblocked": texts(&seats)}));
    let version = state.box_office().catalog().unblock_seats(event, seats).await?;
    Ok(Json(MapVersionAnswer { version }))
}

fn texts(seats: &[SeatId]) -> Vec<String> {
    seats.iter().map(ToString::to_string).collect()
}
