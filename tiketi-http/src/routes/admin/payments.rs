//! Payments that need attention, and refunds by staff.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use tiketi_core::{EventId, Payment, PaymentId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::dto::{
    AttentionList, AttentionPaymentAnswer, AttentionQuery, EndPayment, EventRefundsAnswer, RefundPayment,
    WantedRefund, WriteNote,
};
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiJson, ApiPath, ApiQuery, IdemKey, Staff, may};
use crate::routes::responses;
use crate::state::AppState;
use crate::tasks::with_patience;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(read))
        .routes(routes!(retry))
        .routes(routes!(refund))
        .routes(routes!(note))
        .routes(routes!(end))
        .routes(routes!(event_refunds))
}

/// List the payments that need attention
///
/// A payment is listed if it is stuck, if the provider refused its refund, if its deposit was withdrawn, if a partial
/// refund was made at the provider, or if its outcome is unknown for over ten minutes (an option of the shop). An
/// awaited deposit counts as unknown only from its due time on.
#[utoipa::path(
    get, path = "/api/admin/payments", tag = "admin", params(AttentionQuery), security(("bearer" = ["read"])),
    responses(
        (status = 200, description = "A page of them", body = AttentionList),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
    ),
)]
async fn list(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiQuery(query): ApiQuery<AttentionQuery>,
) -> Result<Json<AttentionList>, ApiError> {
    let request = query.request()?;
    let page = state.box_office().support().payments_needing_attention(request).await?;
    Ok(Json(AttentionList::of(&page, request)))
}

/// Read any payment: its money, refunds and notes
#[utoipa::path(
    get, path = "/api/admin/payments/{id}", tag = "admin", security(("bearer" = ["read"])),
    params(("id" = String, Path, description = "Which payment", format = Uuid)),
    responses(
        (status = 200, description = "The payment; its `trouble` is `none` if it needs no attention", body = AttentionPaymentAnswer),
        (status = 404, description = "`PAYMENT_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn read(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiPath(id): ApiPath<PaymentId>,
) -> Result<Json<AttentionPaymentAnswer>, ApiError> {
    let payment = responses::any_payment(&state, id).await?;
    Ok(Json(AttentionPaymentAnswer::from(&payment)))
}

/// Ask the provider about a payment now, or send a refused refund again
#[utoipa::path(
    post, path = "/api/admin/payments/{id}/retry", tag = "admin", security(("bearer" = ["money"])),
    params(("id" = String, Path, description = "Which payment", format = Uuid)),
    responses(
        (status = 200, description = "The payment as it is now", body = AttentionPaymentAnswer),
        (status = 404, description = "`PAYMENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`NOTHING_TO_RETRY`", body = ErrorBody),
        (status = 503, description = "`GATEWAY_MISSING`", body = ErrorBody),
    ),
)]
async fn retry(
    State(state): State<AppState>,
    staff: Staff<may::Money>,
    IdemKey(key): IdemKey,
    ApiPath(id): ApiPath<PaymentId>,
) -> Result<Json<AttentionPaymentAnswer>, ApiError> {
    noted(&staff, &responses::any_payment(&state, id).await?, "");
    let box_office = state.box_office().clone();
    let retried = async move { box_office.support().retry_payment(id, key).await };
    let payment = match with_patience(&state, retried).await? {
        Some(payment) => payment?,
        None => responses::any_payment(&state, id).await.map_err(ApiError::after_effect)?,
    };
    Ok(changed(&staff, &payment))
}

/// Refund any payment: any amount, and what happens to the tickets
///
/// No cancellation policy applies.
#[utoipa::path(
    post, path = "/api/admin/payments/{id}/refund", tag = "admin", request_body = RefundPayment,
    security(("bearer" = ["money"])),
    params(("id" = String, Path, description = "Which payment", format = Uuid)),
    responses(
        (status = 200, description = "The refund is done", body = AttentionPaymentAnswer),
        (status = 202, description = "The refund is queued; the provider has not confirmed it yet", body = AttentionPaymentAnswer),
        (status = 404, description = "`PAYMENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `NOTHING_TO_REFUND`, `REFUND_IN_PROGRESS`, `REFUND_REFUSED`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`, `IDEMPOTENCY_KEY_REUSED`, `REFUND_OUT_OF_RANGE`, `REFUND_ACCOUNT_NEEDED`, \
            `NOTHING_ASKED`, `TICKETS_NOT_IN_RESERVATION`, `TOO_MANY_LINES`", body = ErrorBody),
    ),
)]
async fn refund(
    State(state): State<AppState>,
    staff: Staff<may::Money>,
    IdemKey(key): IdemKey,
    ApiPath(id): ApiPath<PaymentId>,
    ApiJson(body): ApiJson<RefundPayment>,
) -> Result<(StatusCode, Json<AttentionPaymentAnswer>), ApiError> {
    let known = responses::any_payment(&state, id).await?;
    let WantedRefund { reason, wanted, account } = body.read(known.refunded.currency())?;
    noted(&staff, &known, &reason);
    let box_office = state.box_office().clone();
    let refunded =
        async move { box_office.support().refund_by_organiser(id, wanted, &reason, key, account).await };
    let (status, payment, _) = responses::refund_within_patience(&state, id, refunded).await?;
    Ok((status, changed(&staff, &payment)))
}

/// Add a note to a payment
#[utoipa::path(
    post, path = "/api/admin/payments/{id}/note", tag = "admin", request_body = WriteNote,
    security(("bearer" = ["money"])),
    params(("id" = String, Path, description = "Which payment", format = Uuid)),
    responses(
        (status = 200, description = "The payment with the note", body = AttentionPaymentAnswer),
        (status = 404, description = "`PAYMENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`", body = ErrorBody),
    ),
)]
async fn note(
    State(state): State<AppState>,
    staff: Staff<may::Money>,
    IdemKey(key): IdemKey,
    ApiPath(id): ApiPath<PaymentId>,
    ApiJson(body): ApiJson<WriteNote>,
) -> Result<Json<AttentionPaymentAnswer>, ApiError> {
    noted(&staff, &responses::any_payment(&state, id).await?, &body.note);
    let (author, settles) = (staff.id().to_string(), body.settles());
    let payment = state.box_office().support().note_payment(id, &author, &body.note, settles, key).await?;
    Ok(changed(&staff, &payment))
}

/// End a payment with an unknown outcome
///
/// The payment counts as failed, and the reason is noted. The reservation is held for the rest of its time, or expires.
/// Reconciliation continues: if the provider captured the money, it is a late payment, which takes the same seats again
/// if they are free, or is refunded.
#[utoipa::path(
    post, path = "/api/admin/payments/{id}/end", tag = "admin", request_body = EndPayment,
    security(("bearer" = ["money"])),
    params(("id" = String, Path, description = "Which payment", format = Uuid)),
    responses(
        (status = 200, description = "The payment as it is now", body = AttentionPaymentAnswer),
        (status = 404, description = "`PAYMENT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`EVENT_ARCHIVED`, `PAYMENT_OUTCOME_KNOWN`, `PAYMENT_STILL_AWAITED`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`", body = ErrorBody),
    ),
)]
async fn end(
    State(state): State<AppState>,
    staff: Staff<may::Money>,
    IdemKey(key): IdemKey,
    ApiPath(id): ApiPath<PaymentId>,
    ApiJson(body): ApiJson<EndPayment>,
) -> Result<Json<AttentionPaymentAnswer>, ApiError> {
    noted(&staff, &responses::any_payment(&state, id).await?, &body.reason);
    let author = staff.id().to_string();
    let payment = state.box_office().support().end_payment(id, &author, &body.reason, key).await?;
    Ok(changed(&staff, &payment))
}

/// Read the progress of a cancelled event's refunds
#[utoipa::path(
    get, path = "/api/admin/events/{id}/refunds", tag = "admin", security(("bearer" = ["read"])),
    params(("id" = String, Path, description = "Which event", format = Uuid)),
    responses(
        (status = 200, description = "The progress, counted in reservations", body = EventRefundsAnswer),
        (status = 404, description = "`EVENT_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn event_refunds(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiPath(id): ApiPath<EventId>,
) -> Result<Json<EventRefundsAnswer>, ApiError> {
    let progress = state.box_office().support().call_off_progress(id).await?;
    Ok(Json(progress.ok_or_else(|| ApiError::new(Code::EventNotFound))?.into()))
}

/// Notes how a payment is before a change, and why it is changed. What staff see of one has no account for refunds.
fn noted(staff: &Staff<may::Money>, payment: &Payment, reason: &str) {
    staff.record().before(&AttentionPaymentAnswer::from(payment));
    staff.record().reason(reason);
}

/// Answers with a payment that was just changed, and notes how it is now.
fn changed(staff: &Staff<may::Money>, payment: &Payment) -> Json<AttentionPaymentAnswer> {
    let answer = AttentionPaymentAnswer::from(payment);
    staff.record().after(&answer);
    Json(answer)
}
