//! Paying for reservations.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use tiketi_core::{PaymentId, PaymentState, PrepareRequest};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::shown;
use crate::dto::{
    BelievedAmount, MethodList, PaidAnswer, PaymentAnswer, PreparePayment, PreparedDto, ProcessPayment,
};
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiJson, ApiPath, CurrentUser, IdemKey};
use crate::middleware::detached;
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(prepare))
        .routes(routes!(process))
        .routes(routes!(methods))
        .routes(routes!(read))
}

/// Start paying
///
/// The amount is the reservation's total; a different one is refused. The buyer's hold lasts for the payment
/// window from here, once.
#[utoipa::path(
    post, path = "/api/payments/prepare", tag = "payments", request_body = PreparePayment,
    security(("bearer" = [])),
    responses(
        (status = 200, description = "What to send the payment provider", body = PreparedDto),
        (status = 401, description = "`AUTHENTICATION_REQUIRED`", body = ErrorBody),
        (status = 404, description = "`RESERVATION_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`RESERVATION_NOT_PENDING`, `AMOUNT_MISMATCH`, `NOTHING_TO_PAY`, \
            `EVENT_CANCELLED`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`, `UNKNOWN_PAYMENT_METHOD`", body = ErrorBody),
    ),
)]
async fn prepare(
    State(state): State<AppState>,
    user: CurrentUser,
    IdemKey(key): IdemKey,
    ApiJson(body): ApiJson<PreparePayment>,
) -> Result<Json<PreparedDto>, ApiError> {
    let (mut request, amount) = body.read(user.buyer())?;
    request.key = key;
    let request = with_amount(&state, request, amount).await?;
    let prepared = state.box_office().prepare(request).await?;
    Ok(Json(PreparedDto::of(&prepared)))
}

/// Pay in one step
///
/// For methods that need nothing more from the buyer, and for reservations that cost nothing. While the
/// provider does not say whether it took the money, the answer is 202: read the payment later.
#[utoipa::path(
    post, path = "/api/payments/process", tag = "payments", request_body = ProcessPayment,
    security(("bearer" = [])),
    responses(
        (status = 200, description = "It is paid", body = PaidAnswer),
        (status = 202, description = "It is not known yet whether it is paid", body = PaidAnswer),
        (status = 401, description = "`AUTHENTICATION_REQUIRED`", body = ErrorBody),
        (status = 402, description = "`PAYMENT_DECLINED`", body = ErrorBody),
        (status = 404, description = "`RESERVATION_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`RESERVATION_NOT_PENDING`, `AMOUNT_MISMATCH`, `EVENT_CANCELLED`, \
            `PAYMENT_NOT_READY`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`, `UNKNOWN_PAYMENT_METHOD`", body = ErrorBody),
    ),
)]
async fn process(
    State(state): State<AppState>,
    user: CurrentUser,
    IdemKey(key): IdemKey,
    ApiJson(body): ApiJson<ProcessPayment>,
) -> Result<(StatusCode, Json<PaidAnswer>), ApiError> {
    let (mut request, amount) = body.read(user.buyer())?;
    request.key = key;
    let request = with_amount(&state, request, amount).await?;
    let box_office = state.box_office().clone();
    let paid = detached(&state, async move { box_office.process(request).await }).await??;
    let status = match paid.payment.as_ref().map(|payment| (payment.id, &payment.state)) {
        Some((id, PaymentState::Declined { code, .. })) => return Err(declined(id, code)),
        Some((_, PaymentState::Confirming { .. } | PaymentState::Stuck { .. })) => StatusCode::ACCEPTED,
        _ => StatusCode::OK,
    };
    let reservation = shown::reservation(&state, &paid.reservation).await?;
    Ok((status, Json(PaidAnswer { payment: paid.payment.as_ref().map(Into::into), reservation })))
}

/// List the ways of paying
#[utoipa::path(
    get, path = "/api/payments/methods", tag = "payments",
    responses((status = 200, description = "Every way of paying the shop offers", body = MethodList)),
)]
async fn methods(State(state): State<AppState>) -> Json<MethodList> {
    Json(MethodList::of(state.box_office().payment_methods()))
}

/// Read one's own payment
#[utoipa::path(
    get, path = "/api/payments/{id}", tag = "payments", security(("bearer" = [])),
    params(("id" = String, Path, description = "Which payment", format = Uuid)),
    responses(
        (status = 200, description = "The payment", body = PaymentAnswer),
        (status = 400, description = "`INVALID_ID`", body = ErrorBody),
        (status = 401, description = "`AUTHENTICATION_REQUIRED`", body = ErrorBody),
        (status = 404, description = "`PAYMENT_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn read(
    State(state): State<AppState>,
    user: CurrentUser,
    ApiPath(id): ApiPath<PaymentId>,
) -> Result<Json<PaymentAnswer>, ApiError> {
    let found = state.box_office().payment(id, user.buyer()).await?;
    let found = found.ok_or_else(|| ApiError::new(Code::PaymentNotFound))?;
    Ok(Json(PaymentAnswer { payment: (&found).into() }))
}

/// Adds what the buyer believes to pay.
///
/// It is in the reservation's currency unless the buyer named one.
async fn with_amount(
    state: &AppState,
    request: PrepareRequest,
    amount: Option<BelievedAmount>,
) -> Result<PrepareRequest, ApiError> {
    let Some(amount) = amount else { return Ok(request) };
    let found = state.box_office().reservation(request.reservation, request.buyer).await?;
    let found = found.ok_or_else(|| ApiError::new(Code::ReservationNotFound))?;
    Ok(request.amount(amount.money(found.total.currency())))
}

fn declined(payment: PaymentId, code: &str) -> ApiError {
    let error = ApiError::new(Code::PaymentDeclined).detail("paymentId", payment.to_string());
    error.detail("providerCode", code)
}
