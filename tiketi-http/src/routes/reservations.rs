//! Reservations of the signed-in buyer.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::put;
use tiketi_core::ReservationId;
use tiketi_core::store::ReservationKey;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::responses;
use crate::dto::{
    CreateReservation, HeldAnswer, LongPageQuery, PaginationDto, ReservationAnswer, ReservationList,
    reservation_key,
};
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiJson, ApiPath, ApiQuery, CurrentUser, IdemKey, VerifiedUser};
use crate::state::AppState;
use crate::tasks::with_patience;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(mine))
        .routes(routes!(read))
        .routes(routes!(extend))
        .routes(routes!(cancel))
        .route("/api/reservations/{id}/cancel", put(cancel))
}

/// Reserve seats, general-admission tickets, or both
///
/// All or nothing. Seats that the caller already holds are no conflict. If the buyer has a pending reservation of the
/// event, the request adds to it.
#[utoipa::path(
    post, path = "/api/reservations", tag = "reservations", request_body = CreateReservation,
    security(("bearer" = [])),
    responses(
        (status = 201, description = "The seats and tickets are held", body = HeldAnswer),
        (status = 403, description = "`NOT_ADMITTED`, `EMAIL_NOT_VERIFIED`", body = ErrorBody),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `SEATS_TAKEN`, `HELD_TOO_LONG`, `HOLD_TIME_USED_UP`, `NOT_ENOUGH_LEFT`, `LIMIT_REACHED`, `SALE_NOT_OPEN`, \
            `SALE_CLOSED`, `EVENT_CANCELLED`, `PAYMENT_IN_PROGRESS`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`, `NOTHING_ASKED`, `TOO_MANY_LINES`, `DUPLICATE_SEATS`, \
            `DUPLICATE_TICKET_TYPES`, `UNKNOWN_SEATS`, `UNKNOWN_TICKET_TYPES`, `SOLD_BY_SEAT`", body = ErrorBody),
    ),
)]
async fn create(
    State(state): State<AppState>,
    VerifiedUser(user): VerifiedUser,
    IdemKey(key): IdemKey,
    ApiJson(body): ApiJson<CreateReservation>,
) -> Result<(StatusCode, Json<HeldAnswer>), ApiError> {
    let mut request = body.request(user.buyer())?;
    request.key = key;
    let held = state.box_office().sales().hold(request).await?;
    Ok((StatusCode::CREATED, Json(responses::held_answer(&state, &held).await?)))
}

/// List one's own reservations
#[utoipa::path(
    get, path = "/api/reservations/my", tag = "reservations", params(LongPageQuery), security(("bearer" = [])),
    responses(
        (status = 200, description = "A page of them, the newest first", body = ReservationList),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
    ),
)]
async fn mine(
    State(state): State<AppState>,
    user: CurrentUser,
    ApiQuery(query): ApiQuery<LongPageQuery>,
) -> Result<Json<ReservationList>, ApiError> {
    let (request, after) = query.request()?;
    let sales = state.box_office().sales();
    let page = match after {
        Some(after) => sales.reservations_before(user.buyer(), after, request.size()).await?,
        None => sales.reservations_of(user.buyer(), None, request).await?,
    };
    let reservations = responses::reservations(&state, &page.rows).await?;
    let pagination = PaginationDto::of(&page, request);
    let pagination = pagination.followed_by(&page, |last| reservation_key(ReservationKey::of(last)));
    Ok(Json(ReservationList { reservations, pagination }))
}

/// Read one's own reservation
///
/// Also at `/api/seats/reservation/{id}`. Another buyer's reservation is not found.
#[utoipa::path(
    get, path = "/api/reservations/{id}", tag = "reservations", security(("bearer" = [])),
    params(("id" = String, Path, description = "Which reservation", format = Uuid)),
    responses(
        (status = 200, description = "The reservation", body = ReservationAnswer),
        (status = 400, description = "`INVALID_ID`", body = ErrorBody),
        (status = 404, description = "`RESERVATION_NOT_FOUND`", body = ErrorBody),
    ),
)]
pub(super) async fn read(
    State(state): State<AppState>,
    user: CurrentUser,
    ApiPath(id): ApiPath<ReservationId>,
) -> Result<Json<ReservationAnswer>, ApiError> {
    let found = state.box_office().sales().reservation(id, user.buyer()).await?;
    let found = found.ok_or_else(|| ApiError::new(Code::ReservationNotFound))?;
    Ok(Json(ReservationAnswer { reservation: responses::reservation(&state, &found).await? }))
}

/// Renew a hold
///
/// For a buyer who is still choosing. A hold never lasts longer than its cap, counted from the first seat.
#[utoipa::path(
    post, path = "/api/reservations/{id}/extend", tag = "reservations", security(("bearer" = [])),
    params(("id" = String, Path, description = "Which reservation", format = Uuid)),
    responses(
        (status = 200, description = "The hold and its new end", body = HeldAnswer),
        (status = 404, description = "`RESERVATION_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `RESERVATION_NOT_PENDING`, `HOLD_CAP_REACHED`", body = ErrorBody),
    ),
)]
async fn extend(
    State(state): State<AppState>,
    user: CurrentUser,
    IdemKey(key): IdemKey,
    ApiPath(id): ApiPath<ReservationId>,
) -> Result<Json<HeldAnswer>, ApiError> {
    let held = state.box_office().sales().extend_hold(id, user.buyer(), key).await?;
    Ok(Json(responses::held_answer(&state, &held).await?))
}

/// Cancel a reservation
///
/// Also with `PUT`. A pending reservation is released. A paid one is refunded first, by the cancellation policy; its
/// seats are free once the refund is done. While the refund's outcome is unknown, the answer is 202: send the request
/// again later. An awaited deposit is given up: its account is closed first.
#[utoipa::path(
    post, path = "/api/reservations/{id}/cancel", tag = "reservations", security(("bearer" = [])),
    params(("id" = String, Path, description = "Which reservation", format = Uuid)),
    responses(
        (status = 200, description = "It is cancelled, and refunded if it was paid", body = ReservationAnswer),
        (status = 202, description = "The refund is queued; the provider has not confirmed it yet", body = ReservationAnswer),
        (status = 404, description = "`RESERVATION_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `RESERVATION_ENDED`, `PAYMENT_IN_PROGRESS`, `REFUND_REFUSED`, \
            `CANCELLATION_CLOSED`", body = ErrorBody),
        (status = 422, description = "`REFUND_ACCOUNT_NEEDED`", body = ErrorBody),
    ),
)]
async fn cancel(
    State(state): State<AppState>,
    user: CurrentUser,
    IdemKey(key): IdemKey,
    ApiPath(id): ApiPath<ReservationId>,
) -> Result<(StatusCode, Json<ReservationAnswer>), ApiError> {
    let (box_office, buyer) = (state.box_office().clone(), user.buyer());
    let cancelled = async move { box_office.payments().cancel_or_refund(id, buyer, key).await };
    let cancelled = match with_patience(&state, cancelled).await? {
        Some(cancelled) => cancelled?,
        None => responses::being_refunded(&state, id, buyer).await.map_err(ApiError::after_effect)?,
    };
    // The refund's outcome is unknown, so the reservation has not ended.
    let status = if cancelled.is_live() { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(ReservationAnswer { reservation: responses::changed(&state, &cancelled).await? })))
}
