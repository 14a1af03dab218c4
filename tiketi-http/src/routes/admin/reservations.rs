//! Reservations of every buyer.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, stream};
use tiketi_core::account::Permission;
use tiketi_core::box_office::{ListedReservation, ReservationFilter, StaffRefund};
use tiketi_core::{Reservation, ReservationId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::csv::{self, BYTE_ORDER_MARK};
use crate::dto::{
    ChangeReservationStatus, StaffReservationAnswer, StaffReservationDto, StaffReservationList,
    StaffReservationQuery, WantedReservations, reservation_key,
};
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiJson, ApiPath, ApiQuery, IdemKey, Staff, may};
use crate::routes::responses;
use crate::state::AppState;
use crate::tasks::with_patience;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(export))
        .routes(routes!(read))
        .routes(routes!(change_status))
}

/// Rows of a page of an export.
const EXPORT_PAGE: u32 = 100;

/// The first line of an export.
const COLUMNS: [&str; 14] = [
    "reservationNumber",
    "id",
    "eventId",
    "eventTitle",
    "eventDate",
    "userId",
    "email",
    "name",
    "status",
    "paymentStatus",
    "tickets",
    "totalAmount",
    "currency",
    "createdAt",
];

/// List reservations, the newest first
///
/// A page costs the same however many there are. It looks at about 1,000 reservations at most: with a rare
/// `paymentStatus`, a page may have few rows or none before the end; `next` says where to read on.
#[utoipa::path(
    get, path = "/api/admin/reservations", tag = "admin", params(StaffReservationQuery),
    security(("bearer" = ["read"])),
    responses(
        (status = 200, description = "A page of reservations", body = StaffReservationList),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
    ),
)]
async fn list(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiQuery(query): ApiQuery<StaffReservationQuery>,
) -> Result<Json<StaffReservationList>, ApiError> {
    let (rows, next) = match found(&state, query.wanted()?).await? {
        Found::Rows(rows) => (rows, None),
        Found::List(filter) => {
            let page = state.box_office().support().reservations(&filter).await?;
            (page.rows, page.next)
        }
    };
    let data = responses::staff_reservations(&state, &rows).await?;
    Ok(Json(StaffReservationList { data, next: next.map(reservation_key) }))
}

/// Export reservations as CSV, the newest first
///
/// It is RFC 4180 in UTF-8 with a byte order mark, so that spreadsheets show Korean. A cell that a spreadsheet would run
/// as a formula begins with an apostrophe. It has the reservations that existed when it began, and `limit` does not
/// matter. If the server fails on the way, the connection ends without the end of the body.
#[utoipa::path(
    get, path = "/api/admin/reservations.csv", tag = "admin", params(StaffReservationQuery),
    security(("bearer" = ["read"])),
    responses(
        (status = 200, description = "One line each, after a line of names", body = String, content_type = "text/csv"),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
    ),
)]
async fn export(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiQuery(query): ApiQuery<StaffReservationQuery>,
) -> Result<Response, ApiError> {
    let head = format!("{BYTE_ORDER_MARK}{}", csv::record(COLUMNS));
    let lines = match found(&state, query.wanted()?).await? {
        Found::Rows(rows) => {
            let rows = responses::staff_reservations(&state, &rows).await?;
            stream::once(async move { Ok(lines(&rows)) }).boxed()
        }
        Found::List(filter) => pages(state, filter).boxed(),
    };
    let body = Body::from_stream(stream::once(async { Ok(Bytes::from(head)) }).chain(lines));
    let named = "attachment; filename=\"reservations.csv\"";
    Ok(([(CONTENT_TYPE, csv::CONTENT_TYPE), (CONTENT_DISPOSITION, named)], body).into_response())
}

/// Read any buyer's reservation
#[utoipa::path(
    get, path = "/api/admin/reservations/{id}", tag = "admin", security(("bearer" = ["read"])),
    params(("id" = String, Path, description = "Which reservation", format = Uuid)),
    responses(
        (status = 200, description = "The reservation", body = StaffReservationAnswer),
        (status = 404, description = "`RESERVATION_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn read(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiPath(id): ApiPath<ReservationId>,
) -> Result<Json<StaffReservationAnswer>, ApiError> {
    Ok(Json(answer(&state, known(&state, id).await?).await?))
}

/// Cancel any buyer's reservation
///
/// The rules are those of buyers: a pending reservation is released, and a paid one is refunded first. By default the buyer
/// gets back what the cancellation policy grants; another amount needs the permission `money`. While the refund's outcome
/// is unknown, the answer is 202: send the request again later.
#[utoipa::path(
    patch, path = "/api/admin/reservations/{id}/status", tag = "admin", request_body = ChangeReservationStatus,
    security(("bearer" = ["sell"])),
    params(("id" = String, Path, description = "Which reservation", format = Uuid)),
    responses(
        (status = 200, description = "It is cancelled, and refunded if it was paid", body = StaffReservationAnswer),
        (status = 202, description = "The refund is queued; the provider has not confirmed it yet", body = StaffReservationAnswer),
        (status = 403, description = "`FORBIDDEN`: the role may not cancel reservations, or not with this `refund`", body = ErrorBody),
        (status = 404, description = "`RESERVATION_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `RESERVATION_ENDED`, `PAYMENT_IN_PROGRESS`, `REFUND_REFUSED`, `CANCELLATION_CLOSED`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`, `IDEMPOTENCY_KEY_REUSED`, `REFUND_ACCOUNT_NEEDED`", body = ErrorBody),
    ),
)]
async fn change_status(
    State(state): State<AppState>,
    staff: Staff<may::Sell>,
    IdemKey(key): IdemKey,
    ApiPath(id): ApiPath<ReservationId>,
    ApiJson(body): ApiJson<ChangeReservationStatus>,
) -> Result<(StatusCode, Json<StaffReservationAnswer>), ApiError> {
    let (refund, reason, account) = (body.refund(), body.reason()?.to_owned(), body.account()?);
    if refund != StaffRefund::Policy {
        staff.demand_also(Permission::Money)?;
    }
    staff.record().reason(&reason);
    staff.record().before(&answer(&state, known(&state, id).await?).await?);
    let box_office = state.box_office().clone();
    let cancelled =
        async move { box_office.support().cancel_reservation(id, refund, &reason, key, account).await };
    let cancelled = match with_patience(&state, cancelled).await? {
        Some(cancelled) => cancelled?,
        None => being_refunded(&state, id).await.map_err(ApiError::after_effect)?,
    };
    // The refund's outcome is unknown, so the reservation has not ended.
    let status = if cancelled.is_live() { StatusCode::ACCEPTED } else { StatusCode::OK };
    let shown = async { answer(&state, known(&state, id).await?).await };
    let shown = shown.await.map_err(ApiError::after_effect)?;
    staff.record().after(&shown);
    Ok((status, Json(shown)))
}

/// What a query found.
enum Found {
    /// These, and no more.
    Rows(Vec<ListedReservation>),
    /// A list of unknown length.
    List(ReservationFilter),
}

async fn found(state: &AppState, wanted: WantedReservations) -> Result<Found, ApiError> {
    match wanted {
        WantedReservations::Listed(filter) => Ok(Found::List(filter)),
        WantedReservations::Numbered(number) => {
            let found = state.box_office().support().reservation_numbered(number).await?;
            Ok(Found::Rows(found.into_iter().collect()))
        }
        WantedReservations::OfAddress(address, mut filter) => {
            // Without accounts of the shop, nobody has the address.
            let Some(accounts) = state.accounts() else { return Ok(Found::Rows(Vec::new())) };
            let Some(buyer) = accounts.store.account_by_email(&address).await? else {
                return Ok(Found::Rows(Vec::new()));
            };
            filter.buyer = Some(buyer.id.into());
            Ok(Found::List(filter))
        }
    }
}

async fn known(state: &AppState, id: ReservationId) -> Result<ListedReservation, ApiError> {
    let found = state.box_office().support().any_reservation(id).await?;
    let reservation = found.ok_or_else(|| ApiError::new(Code::ReservationNotFound))?;
    let payment = match reservation.payment {
        Some(payment) => state.box_office().support().any_payment(payment).await?,
        None => None,
    };
    Ok(ListedReservation { reservation, payment })
}

async fn answer(state: &AppState, listed: ListedReservation) -> Result<StaffReservationAnswer, ApiError> {
    let missing = || ApiError::internal("a reservation has no event");
    let shown = responses::staff_reservations(state, &[listed]).await?.pop();
    Ok(StaffReservationAnswer { reservation: shown.ok_or_else(missing)? })
}

/// Returns a reservation whose refund is queued at a provider that takes longer than a request may take.
async fn being_refunded(state: &AppState, id: ReservationId) -> Result<Reservation, ApiError> {
    let ListedReservation { reservation, .. } = known(state, id).await?;
    responses::being_refunded(state, id, reservation.buyer).await
}

/// Reads page after page, and writes each as lines. One page is in memory at a time.
fn pages(
    state: AppState,
    mut filter: ReservationFilter,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send {
    filter.limit = EXPORT_PAGE;
    stream::try_unfold(Some(filter), move |filter| {
        let state = state.clone();
        async move {
            let Some(mut filter) = filter else { return Ok(None) };
            let page = state.box_office().support().reservations(&filter).await;
            let page = page.map_err(std::io::Error::other)?;
            let shown = responses::staff_reservations(&state, &page.rows).await;
            let shown = shown.map_err(|error| std::io::Error::other(error.code().wire()))?;
            let next = page.next.map(|next| {
                filter.before = next;
                filter
            });
            Ok(Some((lines(&shown), next)))
        }
    })
}

fn lines(rows: &[StaffReservationDto]) -> Bytes {
    rows.iter().map(|row| csv::record(row.cells().iter().map(String::as_str))).collect::<String>().into()
}
