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
    EventLayoutDto, HeldAnswer, LayoutList, PageQuery, ReleaseSeats, ReservationAnswer, ReserveSeats,
    SeatMapDto, SeatMapQuery,
};
use crate::error::{ApiError, Code, ErrorBody};
use crate::event_layout::LayoutName;
use crate::extract::{ApiJson, ApiPath, ApiQuery, CurrentUser, IdemKey, VerifiedUser};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(layouts))
        .routes(routes!(map))
        .routes(routes!(states))
        .routes(routes!(event_layout))
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
            headers(
            ("etag" = String, description = "Identifies these bytes"),
            ("as-of" = String, description = "Nothing before this moment is missing; at most a second ago"),
        )),
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
    let shown = responses::shown_event(&state, event, query.since).await?;
    let answer = shown.live.map.answer(state.box_office(), &shown.picture, query.since, &headers).await?;
    Ok(responses::aged(&shown, answer.ok_or_else(|| ApiError::new(Code::EventNotFound))?))
}

/// Read compact seat states
///
/// Two bits a seat in the order of the event's layout: 5 KB for 20,000 seats. With `since`, the changes after that map
/// version. The bytes are documented in the module `seat_states` of the crate `tiketi-core`; `/api/docs/seat-states.js` reads them. The
/// layout is at `/api/layouts/{eventId}.{hash}`, with the hash of the answer in hexadecimal digits.
#[utoipa::path(
    get, path = "/api/seats/{eventId}/states", tag = "seats",
    params(("eventId" = String, Path, description = "Which event", format = Uuid), SeatMapQuery),
    responses(
        (status = 200, description = "All states, or the changes", body = Vec<u8>,
            content_type = "application/vnd.tiketi.seat-states", headers(
            ("etag" = String, description = "Identifies these bytes; not with changes"),
            ("as-of" = String, description = "Nothing before this moment is missing; at most a second ago"),
        )),
        (status = 304, description = "Nothing changed since the states named by `If-None-Match`"),
        (status = 400, description = "`INVALID_ID`, `INVALID_QUERY`", body = ErrorBody),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn states(
    State(state): State<AppState>,
    ApiPath(event): ApiPath<EventId>,
    ApiQuery(query): ApiQuery<SeatMapQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let shown = responses::shown_event(&state, event, query.since).await?;
    let now = state.box_office().now();
    let answer = shown.live.states.answer(&shown.picture, now, query.since, &headers);
    Ok(responses::aged(&shown, answer))
}

/// Read the layout of an event's seats
///
/// What never changes of each seat, in the order of the compact states. The name is the event's id, a dot, and the hash that the states
/// carry, so the answer may be kept for ever.
#[utoipa::path(
    get, path = "/api/layouts/{name}", tag = "seats",
    params(("name" = String, Path, description = "`{eventId}.{hash}`",
        example = "01890a5d-ac96-774b-bcce-b302099a8057.5b0c0f6d2f6f4d1c8f6a0a3f9c1b7e42")),
    responses(
        (status = 200, description = "The layout", body = EventLayoutDto, headers(
            ("cache-control" = String, description = "Every cache may keep it for ever"),
            ("etag" = String, description = "The hash"),
        )),
        (status = 304, description = "The client has it"),
        (status = 400, description = "`INVALID_ID`", body = ErrorBody),
        (status = 404, description = "`LAYOUT_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn event_layout(
    State(state): State<AppState>,
    ApiPath(name): ApiPath<LayoutName>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let shown = state.live().get(state.box_office(), name.event).await?;
    // A layout never changes, so the present one is the only one that the event has ever had.
    let shown = shown.filter(|shown| shown.picture.seats.layout() == name.hash);
    let shown = shown.ok_or_else(|| ApiError::new(Code::LayoutNotFound))?;
    shown.live.layout.answer(state.box_office(), name, &headers).await
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
        (status = 403, description = "`NOT_ADMITTED`, `EMAIL_NOT_VERIFIED`", body = ErrorBody),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `SEATS_TAKEN`, `HELD_TOO_LONG`, `HOLD_TIME_USED_UP`, `LIMIT_REACHED`, `SALE_NOT_OPEN`, `SALE_CLOSED`, \
            `EVENT_CANCELLED`, `PAYMENT_IN_PROGRESS`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`, `NOTHING_ASKED`, `TOO_MANY_LINES`, `DUPLICATE_SEATS`, \
            `UNKNOWN_SEATS`", body = ErrorBody),
    ),
)]
async fn reserve(
    State(state): State<AppState>,
    VerifiedUser(user): VerifiedUser,
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
        (status = 409, description = "`EVENT_ARCHIVED`, `RESERVATION_NOT_PENDING`", body = ErrorBody),
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
    Ok(Json(ReservationAnswer { reservation: responses::changed(&state, &released).await? }))
}
