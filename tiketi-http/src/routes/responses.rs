//! Builds answers: reads the related rows that an answer shows.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::future::try_join_all;
use tiketi_core::{
    AccountId, BuyerId, EventId, LayoutId, Payment, PaymentId, Refund, RefundError, Reservation,
    ReservationId,
    account::Account,
    box_office::{ListedReservation, RefundRequested},
    payment::RefundState,
    seat_layout::StoredLayout,
    store::EventView,
};

use crate::dto::{HeldAnswer, ReservationDto, StaffReservationDto};
use crate::error::{ApiError, Code};
use crate::live::Shown;
use crate::state::AppState;
use crate::tasks::with_patience;

/// Says how old an answer from memory is: a moment up to which it misses nothing, at most a second ago.
pub(super) const AS_OF: HeaderName = HeaderName::from_static("as-of");

/// Returns an event that buyers may see, from memory, to a client that has the map version `since`.
pub(super) async fn shown_event(
    state: &AppState,
    id: EventId,
    since: Option<u64>,
) -> Result<Shown, ApiError> {
    let shown = state.live().get_since(state.box_office(), id, since.unwrap_or(0)).await?;
    shown.ok_or_else(|| ApiError::new(Code::EventNotFound))
}

/// Adds to an answer from memory how old it is.
pub(super) fn aged(shown: &Shown, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    response.headers_mut().insert(AS_OF, shown.live.as_of());
    response
}

/// Returns an event, draft or not.
pub(super) async fn any_event(state: &AppState, id: EventId) -> Result<EventView, ApiError> {
    state.box_office().catalog().event(id).await?.ok_or_else(|| ApiError::new(Code::EventNotFound))
}

/// Returns a seat layout.
pub(super) async fn layout(state: &AppState, id: LayoutId) -> Result<StoredLayout, ApiError> {
    state.box_office().catalog().layout(id).await?.ok_or_else(|| ApiError::new(Code::LayoutNotFound))
}

/// Shows a reservation with its event and its payment.
pub(super) async fn reservation(
    state: &AppState,
    reservation: &Reservation,
) -> Result<ReservationDto, ApiError> {
    // Its event sells now, so others will ask for it, too.
    let event = event_of(state, reservation.event, true).await?;
    let payment = payment_of(state, reservation).await?;
    Ok(ReservationDto::of(reservation, &event.event, payment.as_ref(), state.box_office().now()))
}

/// Shows a reservation that a command has just changed, with its event and its payment.
///
/// # Errors
///
/// `OUTCOME_UNKNOWN` if the store fails: the command took effect.
pub(super) async fn changed(state: &AppState, changed: &Reservation) -> Result<ReservationDto, ApiError> {
    reservation(state, changed).await.map_err(ApiError::after_effect)
}

/// Answers with a hold that a command has just made or extended, and how long it lasts.
pub(super) async fn held_answer(state: &AppState, held: &Reservation) -> Result<HeldAnswer, ApiError> {
    let now = state.box_office().now();
    Ok(HeldAnswer::of(changed(state, held).await?, held.held_until(), now))
}

/// Shows several reservations, reading each of their events once.
pub(super) async fn reservations(
    state: &AppState,
    reservations: &[Reservation],
) -> Result<Vec<ReservationDto>, ApiError> {
    let mut events = HashMap::new();
    for reservation in reservations {
        if let Entry::Vacant(unread) = events.entry(reservation.event) {
            unread.insert(event_of(state, reservation.event, false).await?);
        }
    }
    let payments = try_join_all(reservations.iter().map(|of| payment_of(state, of))).await?;
    let now = state.box_office().now();
    let shown = reservations.iter().zip(&payments).filter_map(|(reservation, payment)| {
        let event = events.get(&reservation.event)?;
        Some(ReservationDto::of(reservation, &event.event, payment.as_ref(), now))
    });
    Ok(shown.collect())
}

/// Returns events that staff look at, from memory where they are kept there.
pub(super) async fn events_in_memory(
    state: &AppState,
    ids: impl IntoIterator<Item = EventId>,
) -> Result<Vec<Arc<EventView>>, ApiError> {
    try_join_all(ids.into_iter().map(|id| event_of(state, id, true))).await
}

/// Shows reservations of any buyers, each with its buyer; it reads each event once, and all buyers at once.
pub(super) async fn staff_reservations(
    state: &AppState,
    rows: &[ListedReservation],
) -> Result<Vec<StaffReservationDto>, ApiError> {
    let mut events = HashMap::new();
    for ListedReservation { reservation, .. } in rows {
        if let Entry::Vacant(unread) = events.entry(reservation.event) {
            unread.insert(event_of(state, reservation.event, false).await?);
        }
    }
    let (buyers, now) = (buyers_of(state, rows).await?, state.box_office().now());
    let shown = rows.iter().filter_map(|listed| {
        let event = events.get(&listed.reservation.event)?;
        let buyer = buyers.get(&listed.reservation.buyer);
        Some(StaffReservationDto::of(listed, &event.event, buyer, now))
    });
    Ok(shown.collect())
}

/// Returns the accounts of the buyers of reservations; none if they are the host's users.
async fn buyers_of(
    state: &AppState,
    rows: &[ListedReservation],
) -> Result<HashMap<BuyerId, Account>, ApiError> {
    let Some(accounts) = state.accounts() else { return Ok(HashMap::new()) };
    let ids: BTreeSet<_> =
        rows.iter().map(|row| AccountId::from_uuid(row.reservation.buyer.as_uuid())).collect();
    let found = accounts.store.accounts_by_id(ids.into_iter().collect()).await?;
    Ok(found.into_iter().map(|account| (account.id.into(), account)).collect())
}

/// Returns the event of a reservation: from memory if it is kept there, which it is from now on if it is `wanted` and
/// there is room.
async fn event_of(state: &AppState, id: EventId, wanted: bool) -> Result<Arc<EventView>, ApiError> {
    if let Some(picture) = state.live().recent(id).await? {
        return Ok(Arc::clone(&picture.view));
    }
    if wanted && let Some(live) = state.live().begin_to_keep(state.box_office(), id) {
        // Reading all seats takes far longer than this request, which does not need them.
        let reading = state.clone();
        state.tasks().spawn(async move { reading.live().keep_read(live).await });
    }
    let view = state.box_office().catalog().event(id).await?;
    // An event with a reservation cannot be removed.
    let view =
        view.ok_or_else(|| ApiError::internal(format!("{id:?} has reservations and does not exist")))?;
    Ok(Arc::new(view))
}

async fn payment_of(state: &AppState, reservation: &Reservation) -> Result<Option<Payment>, ApiError> {
    match reservation.payment {
        Some(id) => Ok(state.box_office().payments().payment(id, reservation.buyer).await?),
        None => Ok(None),
    }
}

/// Finds a payment by the provider's key, or by its id.
pub(super) async fn payment_named(state: &AppState, name: &str) -> Result<PaymentId, ApiError> {
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    let found = state.box_office().support().payment_by_key(name).await?;
    found.ok_or_else(|| ApiError::new(Code::PaymentNotFound))
}

/// Returns a payment of any buyer.
pub(super) async fn any_payment(state: &AppState, id: PaymentId) -> Result<Payment, ApiError> {
    let found = state.box_office().support().any_payment(id).await?;
    found.ok_or_else(|| ApiError::new(Code::PaymentNotFound))
}

/// Returns a reservation whose refund is queued, at a provider that takes longer than a request may take.
///
/// # Errors
///
/// `TIMED_OUT` if the request did not wait for the provider.
pub(super) async fn being_refunded(
    state: &AppState,
    reservation: ReservationId,
    buyer: BuyerId,
) -> Result<Reservation, ApiError> {
    let timed_out = || ApiError::new(Code::TimedOut);
    let reservation =
        state.box_office().sales().reservation(reservation, buyer).await?.ok_or_else(timed_out)?;
    let promised =
        payment_of(state, &reservation).await?.is_some_and(|known| known.queued_refund().is_some());
    if promised { Ok(reservation) } else { Err(timed_out()) }
}

/// Refunds a payment; returns whether the refund is done, queued or refused.
pub(super) async fn refund_within_patience<F>(
    state: &AppState,
    id: PaymentId,
    refund: F,
) -> Result<(StatusCode, Payment, Refund), ApiError>
where
    F: Future<Output = Result<RefundRequested, RefundError>> + Send + 'static,
{
    if let Some(refunded) = with_patience(state, refund).await? {
        let refunded = refunded?;
        return Ok((refund_status(&refunded)?, refunded.payment, refunded.refund));
    }
    let payment = any_payment(state, id).await.map_err(ApiError::after_effect)?;
    match payment.queued_refund().cloned() {
        Some(refund) => Ok((StatusCode::ACCEPTED, payment, refund)),
        None => Err(ApiError::new(Code::TimedOut)),
    }
}

/// Returns whether a refund is done, queued or refused.
fn refund_status(refunded: &RefundRequested) -> Result<StatusCode, ApiError> {
    match &refunded.refund.state {
        RefundState::Done { .. } => Ok(StatusCode::OK),
        RefundState::Queued { .. } => Ok(StatusCode::ACCEPTED),
        RefundState::Refused { code, .. } => {
            Err(ApiError::new(Code::RefundRefused).detail("providerCode", code))
        }
    }
}
