//! Seat maps and holds.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use tiketi_core::EventId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{reservations, responses};
use crate::dto::{
    HeldAnswer, LayoutList, PageQuery, ReleaseSeats, ReservationAnswer, ReserveSeats, SeatMapDto,
    SeatMapQuery,
};
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiJson, ApiPath, ApiQuery, CurrentUser, IdemKey};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(layouts))
        .routes(routes!(map))
        .routes(routes!(reserve))
        .routes(routes!(release))
        // The older paths, for clients of the first Tiketi.
        .route("/api/seats/events/{eventId}", get(map))
        .route("/api/seats/reservation/{id}", get(reservations::read))
}

/// Read a seat map
///
/// Also at `/api/seats/events/{eventId}`. The answer carries an `ETag`: send it as `If-None-Match`, and an
/// unchanged map is answered with 304.
#[utoipa::path(
    get, path = "/api/seats/{eventId}", tag = "seats",
    params(("eventId" = String, Path, description = "Which event", format = Uuid), SeatMapQuery),
    responses(
        (status = 200, description = "The seats, all or those that changed", body = SeatMapDto,
            headers(("etag" = String, description = "Identifies these bytes"))),
        (status = 304, description = "Nothing changed since the map named by `If-None-Match`"),
        (status = 400, description = "`INVALID_ID`, `INVALID_QUERY`", body = ErrorBody),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn map(
    State(state): State<AppState>,
    ApiPath(event): ApiPath<EventId>,
    ApiQuery(query): ApiQuery<SeatMapQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let answer = state.seat_maps().answer(state.box_office(), event, query.since, &headers).await?;
    answer.ok_or_else(|| ApiError::new(Code::EventNotFound))
}

/// List seat layouts
#[utoipa::path(
    get, path = "/api/seats/layouts", tag = "seats", params(PageQuery),
    responses(
        (status = 200, description = "A page of layouts, by venue and name", body = LayoutList),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
    ),
)]
async fn layouts(
    State(state): State<AppState>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<LayoutList>, ApiError> {
    let request = query.request()?;
    let page = state.box_office().catalog().layouts(request).await?;
    Ok(Json(LayoutList::of(&page, request)))
}

/// Hold seats
///
/// All or nothing. If the buyer has a pending reservation of the event, the request adds to it.
#[utoipa::path(
    post, path = "/api/seats/reserve", tag = "seats", request_body = ReserveSeats, security(("bearer" = [])),
    responses(
        (status = 201, description = "The seats are held", body = HeldAnswer),
        (status = 403, description = "`NOT_ADMITTED`", body = ErrorBody),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`SEATS_TAKEN`, `HELD_TOO_LONG`, `LIMIT_REACHED`, `SALE_NOT_OPEN`, `SALE_CLOSED`, \
            `EVENT_CANCELLED`, `PAYMENT_IN_PROGRESS`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`, `NOTHING_ASKED`, `TOO_MANY_LINES`, `DUPLICATE_SEATS`, \
            `UNKNOWN_SEATS`", body = ErrorBody),
    ),
)]
async fn reserve(
    State(state): State<AppState>,
    user: CurrentUser,
    IdemKey(key): IdemKey,
    ApiJson(body): ApiJson<ReserveSeats>,
) -> Result<(StatusCode, Json<HeldAnswer>), ApiError> {
    let mut request = body.request(user.buyer())?;
    request.key = key;
    let held = state.box_office().sales().hold(request).await?;
    Ok((StatusCode::CREATED, Json(responses::held_answer(&state, &held).await?)))
}

/// Release held seats
///
/// Without `seatIds`, the whole pending reservation ends.
#[utoipa::path(
    post, path = "/api/seats/release", tag = "seats", request_body = ReleaseSeats, security(("bearer" = [])),
    responses(
        (status = 200, description = "The seats are free", body = ReservationAnswer),
        (status = 404, description = "`RESERVATION_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`RESERVATION_NOT_PENDING`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`, `NOTHING_ASKED`, `SEATS_NOT_IN_RESERVATION`", body = ErrorBody),
    ),
)]
async fn release(
    State(state): State<AppState>,
    user: CurrentUser,
    IdemKey(key): IdemKey,
    ApiJson(body): ApiJson<ReleaseSeats>,
) -> Result<Json<ReservationAnswer>, ApiError> {
    let (reservation, seats) = body.read()?;
    let released = state.box_office().sales().release(reservation, user.buyer(), seats, key).await?;
    Ok(Json(responses::reservation_answer(&state, &released).await?))
}
