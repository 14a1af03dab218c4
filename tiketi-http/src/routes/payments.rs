//! Payments of buyers.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::AppendHeaders;
use tiketi_core::decide::BeginConfirmRefused;
use tiketi_core::{
    BuyerId, Paid, PaymentId, PaymentState, PrepareRequest, ReservationId,
    box_office::WebhookError,
    gateway::{WebhookRefused, WebhookRequest},
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::responses;
use crate::body::read_body;
use crate::dto::{
    BelievedAmount, CancelPayment, ConfirmPayment, MethodList, PaidAnswer, PaymentAnswer, PreparePayment,
    PreparedDto, ProcessPayment, RefundAnswer, WantedRefund,
};
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiJson, ApiPath, CurrentUser, IdemKey};
use crate::state::AppState;
use crate::tasks::with_patience;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(prepare))
        .routes(routes!(confirm))
        .routes(routes!(process))
        .routes(routes!(cancel))
        .routes(routes!(webhook))
        .routes(routes!(methods))
        .routes(routes!(read))
}

/// Start paying
///
/// The amount is the reservation's total; another amount is refused. The first `prepare` extends the hold by the
/// payment window.
#[utoipa::path(
    post, path = "/api/payments/prepare", tag = "payments", request_body = PreparePayment,
    security(("bearer" = [])),
    responses(
        (status = 200, description = "What to send the payment provider", body = PreparedDto),
        (status = 404, description = "`RESERVATION_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `RESERVATION_NOT_PENDING`, `AMOUNT_MISMATCH`, `NOTHING_TO_PAY`, \
            `EVENT_CANCELLED`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`, `UNKNOWN_PAYMENT_METHOD`, `CURRENCY_NOT_ACCEPTED`", body = ErrorBody),
        (status = 503, description = "`PAYMENT_UNAVAILABLE`", body = ErrorBody),
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
    let prepared = state.box_office().payments().prepare(request).await?;
    Ok(Json(PreparedDto::of(&prepared)))
}

/// Pay in one step
///
/// For methods that need no further step of the buyer, and for reservations that cost nothing. While the outcome is
/// unknown, the answer is 202: read the payment later.
#[utoipa::path(
    post, path = "/api/payments/process", tag = "payments", request_body = ProcessPayment,
    security(("bearer" = [])),
    responses(
        (status = 200, description = "It is paid", body = PaidAnswer),
        (status = 202, description = "It is not known yet whether it is paid", body = PaidAnswer),
        (status = 402, description = "`PAYMENT_DECLINED`", body = ErrorBody),
        (status = 404, description = "`RESERVATION_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `RESERVATION_NOT_PENDING`, `AMOUNT_MISMATCH`, `EVENT_CANCELLED`, \
            `PAYMENT_NOT_READY`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`, `UNKNOWN_PAYMENT_METHOD`, `CURRENCY_NOT_ACCEPTED`, \
            `BUYER_STEP_NEEDED`", body = ErrorBody),
        (status = 503, description = "`PAYMENT_UNAVAILABLE`", body = ErrorBody),
    ),
)]
async fn process(
    State(state): State<AppState>,
    user: CurrentUser,
    IdemKey(key): IdemKey,
    ApiJson(body): ApiJson<ProcessPayment>,
) -> Result<PaidResponse, ApiError> {
    let (mut request, amount) = body.read(user.buyer())?;
    request.key = key;
    let request = with_amount(&state, request, amount).await?;
    let (box_office, reservation) = (state.box_office().clone(), request.reservation);
    let paid =
        match with_patience(&state, async move { box_office.payments().process(request).await }).await? {
            Some(paid) => paid?,
            None => under_way(&state, reservation, user.buyer()).await?,
        };
    shown_paid(&state, &paid).await
}

/// Confirm a prepared payment
///
/// The provider is asked for the money once, however often and to however many servers this is sent, and each request
/// gets the outcome. A confirm runs to its end even if the client disconnects. While the outcome is unknown, the answer
/// is 202, and `Location` names the payment to read. The answer is also 202 while a virtual account awaits the buyer's
/// deposit: `payment.deposit` contains the account, and until when the seats are held.
#[utoipa::path(
    post, path = "/api/payments/confirm", tag = "payments", request_body = ConfirmPayment,
    security(("bearer" = [])),
    responses(
        (status = 200, description = "It is paid", body = PaidAnswer),
        (status = 202, description = "It is not known yet whether it is paid", body = PaidAnswer),
        (status = 402, description = "`PAYMENT_DECLINED`", body = ErrorBody),
        (status = 404, description = "`PAYMENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `RESERVATION_NOT_PENDING`, `AMOUNT_MISMATCH`, `EVENT_CANCELLED`, \
            `PAYMENT_NOT_READY`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`, `INVALID_PAYMENT_KEY`, `CURRENCY_NOT_ACCEPTED`, \
            `UNKNOWN_PAYMENT_METHOD`", body = ErrorBody),
        (status = 503, description = "`PAYMENT_UNAVAILABLE`", body = ErrorBody),
    ),
)]
async fn confirm(
    State(state): State<AppState>,
    user: CurrentUser,
    ApiJson(body): ApiJson<ConfirmPayment>,
) -> Result<PaidResponse, ApiError> {
    let (id, provider_key, amount) = body.read()?;
    let (box_office, buyer) = (state.box_office().clone(), user.buyer());
    let confirmed = async move { box_office.payments().confirm(id, buyer, Some(amount), provider_key).await };
    let paid = if let Some(paid) = with_patience(&state, confirmed).await? {
        paid?
    } else {
        let known = state.box_office().payments().payment(id, buyer).await?;
        let known = known.ok_or_else(|| ApiError::new(Code::PaymentNotFound))?;
        under_way(&state, known.reservation, buyer).await?
    };
    shown_paid(&state, &paid).await
}

/// Return tickets, all or some, for the refund of the cancellation policy
///
/// The buyer loses the tickets once the refund is done. The reservation ends with its last ticket, whether or not the
/// shop keeps a fee. `cancellation` of a reservation contains the refund's amount. The path names the payment by the
/// provider's key or by its id. A payment into a virtual account is refunded to `refundReceiveAccount`, which is stored
/// only until the refund is done.
#[utoipa::path(
    post, path = "/api/payments/{id}/cancel", tag = "payments", request_body = CancelPayment,
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The provider's key for the payment, or the payment's id")),
    responses(
        (status = 200, description = "The refund is done", body = RefundAnswer),
        (status = 202, description = "The refund is queued; the provider has not confirmed it yet", body = RefundAnswer),
        (status = 404, description = "`PAYMENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `NOTHING_TO_REFUND`, `REFUND_IN_PROGRESS`, `REFUND_REFUSED`, \
            `CANCELLATION_CLOSED`, `REFUND_AMOUNT_MISMATCH`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`, `REFUND_ACCOUNT_NEEDED`, `NOTHING_ASKED`, \
            `TICKETS_NOT_IN_RESERVATION`, `TOO_MANY_LINES`", body = ErrorBody),
    ),
)]
async fn cancel(
    State(state): State<AppState>,
    user: CurrentUser,
    IdemKey(key): IdemKey,
    ApiPath(name): ApiPath<String>,
    ApiJson(body): ApiJson<CancelPayment>,
) -> Result<(StatusCode, Json<RefundAnswer>), ApiError> {
    let id = responses::payment_named(&state, &name).await?;
    let known = state.box_office().payments().payment(id, user.buyer()).await?;
    let known = known.ok_or_else(|| ApiError::new(Code::PaymentNotFound))?;
    let WantedRefund { reason, wanted, account } = body.read(known.refunded.currency())?;
    let (box_office, buyer) = (state.box_office().clone(), user.buyer());
    let refunded =
        async move { box_office.payments().refund(id, buyer, wanted, &reason, key, account).await };
    let (status, payment, refund) = responses::refund_within_patience(&state, id, refunded).await?;
    Ok((status, Json(RefundAnswer { payment: (&payment).into(), refund: (&refund).into() })))
}

/// Receive a provider's webhook
///
/// The webhook is stored before the answer, once for repeated deliveries. It is only a hint: the server asks the
/// provider.
#[utoipa::path(
    post, path = "/api/payments/webhook/{gateway}", tag = "payments",
    request_body(content = String, content_type = "*/*", description = "The provider's message, in its own format"),
    params(("gateway" = String, Path, description = "The gateway's name", example = "toss")),
    responses(
        (status = 200, description = "It is stored, or it is not about a payment of this shop"),
        (status = 400, description = "`WEBHOOK_REFUSED`", body = ErrorBody),
        (status = 403, description = "`WEBHOOK_FORGED`", body = ErrorBody),
        (status = 404, description = "`GATEWAY_NOT_FOUND`", body = ErrorBody),
        (status = 503, description = "`PAYMENT_UNAVAILABLE`, `SERVICE_UNAVAILABLE`", body = ErrorBody),
    ),
)]
async fn webhook(
    State(state): State<AppState>,
    ApiPath(gateway): ApiPath<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, ApiError> {
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let headers = headers.iter().filter_map(text).collect();
    let request = WebhookRequest::new(headers, read_body(body).await?.to_vec());
    match state.box_office().payments().receive_webhook(&gateway, request).await {
        Ok(_) | Err(WebhookError::Refused(WebhookRefused::Irrelevant)) => Ok(StatusCode::OK),
        Err(error) => Err(error.into()),
    }
}

/// List the payment methods
#[utoipa::path(
    get, path = "/api/payments/methods", tag = "payments",
    responses((status = 200, description = "Every payment method of the shop", body = MethodList)),
)]
async fn methods(State(state): State<AppState>) -> Json<MethodList> {
    Json(MethodList::of(state.box_office().payments().payment_methods()))
}

/// Read one's own payment
#[utoipa::path(
    get, path = "/api/payments/{id}", tag = "payments", security(("bearer" = [])),
    params(("id" = String, Path, description = "Which payment", format = Uuid)),
    responses(
        (status = 200, description = "The payment", body = PaymentAnswer),
        (status = 400, description = "`INVALID_ID`", body = ErrorBody),
        (status = 404, description = "`PAYMENT_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn read(
    State(state): State<AppState>,
    user: CurrentUser,
    ApiPath(id): ApiPath<PaymentId>,
) -> Result<Json<PaymentAnswer>, ApiError> {
    let found = state.box_office().payments().payment(id, user.buyer()).await?;
    let found = found.ok_or_else(|| ApiError::new(Code::PaymentNotFound))?;
    Ok(Json(PaymentAnswer { payment: (&found).into() }))
}

/// Adds the amount that the buyer expects to pay.
///
/// It is in the reservation's currency unless the buyer named one.
async fn with_amount(
    state: &AppState,
    request: PrepareRequest,
    amount: Option<BelievedAmount>,
) -> Result<PrepareRequest, ApiError> {
    let Some(amount) = amount else { return Ok(request) };
    let found = state.box_office().sales().reservation(request.reservation, request.buyer).await?;
    let found = found.ok_or_else(|| ApiError::new(Code::ReservationNotFound))?;
    Ok(request.amount(amount.money(found.total.currency())))
}

/// Returns a payment whose provider takes longer than a request may take.
///
/// # Errors
///
/// `TIMED_OUT` if the request did not wait for the provider.
async fn under_way(state: &AppState, reservation: ReservationId, buyer: BuyerId) -> Result<Paid, ApiError> {
    let timed_out = || ApiError::new(Code::TimedOut);
    let reservation = state.box_office().sales().reservation(reservation, buyer).await?;
    let reservation = reservation.ok_or_else(timed_out)?;
    let attempt = reservation.payment.ok_or_else(timed_out)?;
    match state.box_office().payments().payment(attempt, buyer).await? {
        Some(payment) if payment.state != PaymentState::Ready => Ok(Paid::new(Some(payment), reservation)),
        _ => Err(timed_out()),
    }
}

/// An answer about a payment, and where to read it later.
type PaidResponse = (StatusCode, AppendHeaders<Option<(HeaderName, String)>>, Json<PaidAnswer>);

/// Shows the outcome of an attempt: paid, declined, or unknown.
async fn shown_paid(state: &AppState, paid: &Paid) -> Result<PaidResponse, ApiError> {
    let mut look_at = None;
    let status = match paid.payment.as_ref().map(|payment| (payment.id, &payment.state)) {
        Some((id, PaymentState::Declined { code, .. })) => return Err(declined(id, code)),
        Some((id, PaymentState::Confirming { .. } | PaymentState::Stuck { .. })) => {
            look_at = Some((LOCATION, format!("/api/payments/{id}")));
            StatusCode::ACCEPTED
        }
        // No money was asked for, and none will be.
        Some((_, state @ (PaymentState::Ready | PaymentState::Abandoned))) => {
            return Err(BeginConfirmRefused::NotReady { state: state.clone() }.into());
        }
        Some((
            _,
            PaymentState::Paid { .. } | PaymentState::PartlyRefunded { .. } | PaymentState::Refunded { .. },
        ))
        | None => StatusCode::OK,
    };
    let reservation = responses::changed(state, &paid.reservation).await?;
    let answer = PaidAnswer { payment: paid.payment.as_ref().map(Into::into), reservation };
    Ok((status, AppendHeaders(look_at), Json(answer)))
}

fn declined(payment: PaymentId, code: &str) -> ApiError {
    let error = ApiError::new(Code::PaymentDeclined).detail("paymentId", payment.to_string());
    error.detail("providerCode", code)
}
