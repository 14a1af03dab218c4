//! Waiting rooms: a buyer's place, and the public state.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use tiketi_core::{EventId, PlaceId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::dto::{JoinQueue, QueuePlaceDto, ServingDto};
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiJson, ApiPath, ClientAddress, CurrentUser, IdemKey};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(join))
        .routes(routes!(status))
        .routes(routes!(position))
        .routes(routes!(heartbeat))
        .routes(routes!(leave))
        .routes(routes!(serving))
        .route("/api/queue/join", post(join))
}

/// Join a waiting room
///
/// Also at `/api/queue/join`. A buyer who has a place keeps it. A called buyer enters. An account or network that joins
/// too often gets a place at the back. If the store of waiting rooms
/// fails, the event's policy decides: 503, or an admission without a place.
#[utoipa::path(
    post, path = "/api/queue", tag = "queue", request_body = JoinQueue, security(("bearer" = [])),
    responses(
        (status = 200, description = "Where the buyer stands", body = QueuePlaceDto),
        (status = 403, description = "`JOIN_REFUSED`", body = ErrorBody),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`WAITING_ROOM_OFF`, `WAITING_ROOM_FULL`, `SALE_OVER`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`", body = ErrorBody),
    ),
)]
async fn join(
    State(state): State<AppState>,
    user: CurrentUser,
    IdemKey(key): IdemKey,
    ClientAddress(address): ClientAddress,
    ApiJson(body): ApiJson<JoinQueue>,
) -> Result<Json<QueuePlaceDto>, ApiError> {
    let request = body.request(user.buyer())?.key(key).address(address);
    let event = request.event;
    let turn = state.box_office().waiting_room().join(request).await?;
    Ok(Json(QueuePlaceDto::of(event, &turn)))
}

/// Read where one stands
///
/// It changes nothing: a called buyer enters with a heartbeat. It is read from the store of waiting rooms for each request,
/// so it is never older; while the store fails, the answer is 503.
#[utoipa::path(
    get, path = "/api/queue/status/{eventId}", tag = "queue", security(("bearer" = [])),
    params(("eventId" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "Where the buyer stands", body = QueuePlaceDto),
        (status = 404, description = "`NO_PLACE`", body = ErrorBody),
    ),
)]
async fn status(
    State(state): State<AppState>,
    user: CurrentUser,
    ApiPath(event): ApiPath<EventId>,
) -> Result<Json<QueuePlaceDto>, ApiError> {
    let turn = state.box_office().waiting_room().status(event, user.buyer()).await?;
    let turn = turn.ok_or_else(|| ApiError::new(Code::NoPlace))?;
    Ok(Json(QueuePlaceDto::of(event, &turn)))
}

/// Read where one of one's own places stands
///
/// Another buyer's place is not found.
#[utoipa::path(
    get, path = "/api/queue/position/{queueId}", tag = "queue", security(("bearer" = [])),
    params(("queueId" = String, Path, description = "Which place, as a join answered")),
    responses(
        (status = 200, description = "Where the buyer stands", body = QueuePlaceDto),
        (status = 404, description = "`NO_PLACE`", body = ErrorBody),
    ),
)]
async fn position(
    State(state): State<AppState>,
    user: CurrentUser,
    ApiPath(place): ApiPath<PlaceId>,
) -> Result<Json<QueuePlaceDto>, ApiError> {
    let turn = state.box_office().waiting_room().status_of(place, user.buyer()).await?;
    let turn = turn.ok_or_else(|| ApiError::new(Code::NoPlace))?;
    Ok(Json(QueuePlaceDto::of(place.event, &turn)))
}

/// Stay in the waiting room
///
/// Extends the session and renews the admission pass. A called buyer enters.
#[utoipa::path(
    post, path = "/api/queue/heartbeat/{eventId}", tag = "queue", security(("bearer" = [])),
    params(("eventId" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "Where the buyer stands", body = QueuePlaceDto),
        (status = 403, description = "`NOT_ADMITTED`", body = ErrorBody),
        (status = 404, description = "`NO_PLACE`", body = ErrorBody),
        (status = 409, description = "`WAITING_ROOM_OFF`, `PLACE_ENDED`", body = ErrorBody),
    ),
)]
async fn heartbeat(
    State(state): State<AppState>,
    user: CurrentUser,
    IdemKey(key): IdemKey,
    ApiPath(event): ApiPath<EventId>,
) -> Result<Json<QueuePlaceDto>, ApiError> {
    let turn = state.box_office().waiting_room().heartbeat(event, user.buyer(), key).await?;
    Ok(Json(QueuePlaceDto::of(event, &turn)))
}

/// Leave the waiting room
///
/// Without a place, it changes nothing.
#[utoipa::path(
    post, path = "/api/queue/leave/{eventId}", tag = "queue", security(("bearer" = [])),
    params(("eventId" = String, Path, description = "Which event", format = Uuid)),
    responses((status = 204, description = "The buyer has no place any more")),
)]
async fn leave(
    State(state): State<AppState>,
    user: CurrentUser,
    IdemKey(key): IdemKey,
    ApiPath(event): ApiPath<EventId>,
) -> Result<StatusCode, ApiError> {
    state.box_office().waiting_room().leave(event, user.buyer(), key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Read the public state of a waiting room
///
/// The same for everyone and at most two seconds old, as `asOf` says, so shared caches may answer. An answer of 304 says
/// that the state was still the same within these two seconds. While the store of waiting rooms fails, the answer is 503,
/// and no older state is shown. A client computes its position from `servingNumber` and its own `number`.
#[utoipa::path(
    get, path = "/api/queue/{eventId}/serving", tag = "queue",
    params(("eventId" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "The public state", body = ServingDto, headers(
            ("cache-control" = String, description = "Shared caches may answer for a second"),
            ("etag" = String, description = "Identifies this state"),
        )),
        (status = 304, description = "Nothing changed since the state named by `If-None-Match`"),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: the store of waiting rooms fails", body = ErrorBody),
    ),
)]
async fn serving(
    State(state): State<AppState>,
    ApiPath(event): ApiPath<EventId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    state.serving().answer(state.box_office(), event, &headers).await
}
