//! What captured money buys: records the capture first, then decides the reservation.

use std::collections::BTreeMap;

use crate::decide::change_builder::ChangeBuilder;
use crate::decide::effects::{News, believed, end_pending, queue_refund, resume_hold, sell};
use crate::decide::new_id::add_refund;
use crate::decide::record_outcome::RecordOutcome;
use crate::decide::scope::Scope;
use crate::decide::stock::StockBucket;
use crate::error::StoreError;
use crate::event::EventState;
use crate::gateway::Captured;
use crate::id::{RefundId, TicketTypeId};
use crate::limits::MAX_KEY_CHARS;
use crate::money::Money;
use crate::payment::{Payment, PaymentState, PaymentStep, Refund, RefundState, RefundTickets, StuckReason};
use crate::reservation::{CancelReason, Reservation, ReservationState, ReservationStep};
use crate::seat::{SeatState, SeatStep};
use crate::terms::LatePayment;
use crate::text::cleaned;
use crate::time::Timestamp;

/// Reasons of refunds of money that bought nothing, in words that the provider and the buyer may read.
const TOO_LATE: &str = "the payment arrived too late";
const WRONG_AMOUNT: &str = "another amount was taken than was asked for";
const CALLED_OFF: &str = "the event was cancelled";
const GONE_BACK: &str = "refunded at the provider";

/// What happens to the reservation of a captured payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is confirmed.
    Sell,
    /// It had expired, takes the same tickets again, and is confirmed.
    TakeAgain,
    /// Its event is cancelled: it ends, and the money is refunded.
    CallOff,
    /// It does not change, and the money is refunded.
    GiveBack,
}

/// Records a capture that was not known before.
pub(super) fn record_paid(
    change: &mut ChangeBuilder<'_>,
    scope: &dyn Scope,
    ask: &RecordOutcome,
    payment: &Payment,
    captured: &Captured,
    reservation: &Reservation,
    now: Timestamp,
) -> Result<News, StoreError> {
    if captured.order != payment.id.to_string() {
        return record_stranger(change, payment, captured, reservation, now);
    }
    let mut taken = Payment {
        provider_key: Some(cleaned(&captured.provider_key, MAX_KEY_CHARS)),
        captured: Some(captured.amount),
        refunded: Money::zero(captured.amount.currency()),
        reconciliation: None,
        ..payment.clone()
    };
    if captured.amount != payment.amount {
        let reason = StuckReason::AmountMismatch { captured: captured.amount };
        let at = payment.after_notes(now);
        taken.state = taken.state.apply(&PaymentStep::Stick { reason, at })?;
        let mut stuck = already_returned(taken, captured.refunded, now)?;
        stuck = give_back(stuck, WRONG_AMOUNT, now)?;
        change.payment_row(stuck);
        resume_hold(change, reservation, payment.id)?;
        return Ok(News::Some);
    }
    taken.state = taken.state.apply(&PaymentStep::Approve { at: now })?;
    let taken = already_returned(taken, captured.refunded, now)?;
    settle(change, scope, ask, taken, reservation, now)?;
    Ok(News::Some)
}

/// Records that the provider's money belongs to another order: nothing was captured for this one.
fn record_stranger(
    change: &mut ChangeBuilder<'_>,
    payment: &Payment,
    captured: &Captured,
    reservation: &Reservation,
    now: Timestamp,
) -> Result<News, StoreError> {
    if !matches!(payment.state, PaymentState::Confirming { .. }) {
        return Ok(News::None);
    }
    let reason = StuckReason::OrderMismatch { order: cleaned(&captured.order, MAX_KEY_CHARS) };
    let at = payment.after_notes(now);
    change
        .payment(Payment { reconciliation: None, ..payment.clone() }, &PaymentStep::Stick { reason, at })?;
    resume_hold(change, reservation, payment.id)?;
    Ok(News::Some)
}

/// Decides what captured money buys, and writes the payment and the reservation.
fn settle(
    change: &mut ChangeBuilder<'_>,
    scope: &dyn Scope,
    ask: &RecordOutcome,
    taken: Payment,
    reservation: &Reservation,
    now: Timestamp,
) -> Result<(), StoreError> {
    let attempt = taken.id;
    match fate(scope, ask, &taken, reservation, now) {
        Fate::Sell => {
            let paying = paying(change, reservation, &taken)?;
            change.payment_row(taken);
            let agreed = scope.event().agreed_cancellation(&ask.terms);
            sell(change, &paying, agreed, &ReservationStep::Confirm { payment: Some(attempt), at: now })
        }
        Fate::TakeAgain => {
            change.payment_row(taken);
            take_again(change, scope, ask, reservation, now)
        }
        Fate::CallOff => {
            change.payment_row(give_back(taken, CALLED_OFF, now)?);
            let state = reservation.state.apply(&ReservationStep::Decline { payment: attempt })?;
            let held = Reservation { state, ..reservation.clone() };
            end_pending(change, &held, CancelReason::ByOrganiser, now)
        }
        Fate::GiveBack => {
            change.payment_row(give_back(taken, TOO_LATE, now)?);
            resume_hold(change, reservation, attempt)
        }
    }
}

fn fate(
    scope: &dyn Scope,
    ask: &RecordOutcome,
    taken: &Payment,
    reservation: &Reservation,
    now: Timestamp,
) -> Fate {
    let is_cancelled = matches!(scope.event().state, EventState::Cancelled { .. });
    let kept_all_back = matches!(taken.state, PaymentState::Refunded { .. });
    let fits = reservation.total == taken.amount && !kept_all_back;
    match reservation.state {
        ReservationState::Paying { payment, .. } if payment == taken.id && is_cancelled => Fate::CallOff,
        ReservationState::Paying { payment, .. } if payment == taken.id && fits => Fate::Sell,
        ReservationState::Held { until } if until > now && fits && !is_cancelled => Fate::Sell,
        ReservationState::Expired { .. } if fits && may_take_again(scope, ask, reservation, now) => {
            Fate::TakeAgain
        }
        ReservationState::Held { .. }
        | ReservationState::Paying { .. }
        | ReservationState::Confirmed { .. }
        | ReservationState::Expired { .. }
        | ReservationState::Cancelled { .. } => Fate::GiveBack,
    }
}

/// Returns the reservation as paid by this attempt, even if it was not the latest attempt.
fn paying(
    change: &mut ChangeBuilder<'_>,
    reservation: &Reservation,
    taken: &Payment,
) -> Result<Reservation, StoreError> {
    if reservation.held_until().is_none() {
        return Ok(reservation.clone());
    }
    if reservation.payment != Some(taken.id) {
        change.abandon_attempt(reservation.payment)?;
    }
    let state = reservation.state.apply(&ReservationStep::Pay { payment: taken.id })?;
    Ok(Reservation { state, payment: Some(taken.id), ..reservation.clone() })
}

/// Returns whether an expired reservation can take all its tickets again.
fn may_take_again(scope: &dyn Scope, ask: &RecordOutcome, reservation: &Reservation, now: Timestamp) -> bool {
    let event = scope.event();
    let terms = event.details.terms.over(&ask.terms);
    let is_sold = event.state == EventState::Published && now < event.details.sale.closes_at();
    let live = scope.live_reservations(reservation.buyer);
    let owned = live.iter().fold(reservation.tickets(), |sum, row| sum.saturating_add(row.tickets()));
    is_sold
        && terms.late_payment == LatePayment::TakeAgainElseRefund
        && ask.buyer == Some(reservation.buyer)
        && owned <= terms.max_seats_per_buyer
        && seats_are_free(scope, reservation, now)
        && units_are_left(scope, reservation)
}

fn seats_are_free(scope: &dyn Scope, reservation: &Reservation, now: Timestamp) -> bool {
    let mut seats = reservation.seats.iter().map(|line| scope.seat(line.seat));
    seats.all(|seat| seat.is_some_and(|seat| seat.is_available_at(now)))
}

fn units_are_left(scope: &dyn Scope, reservation: &Reservation) -> bool {
    let mut wanted: BTreeMap<TicketTypeId, u32> = BTreeMap::new();
    for line in &reservation.items {
        let quantity = wanted.entry(line.ticket_type).or_default();
        *quantity = quantity.saturating_add(line.quantity);
    }
    let enough = |(id, quantity): (&TicketTypeId, &u32)| {
        scope.ticket_type(*id).is_some_and(|known| known.stock.available() >= *quantity)
    };
    wanted.iter().all(enough)
}

fn take_again(
    change: &mut ChangeBuilder<'_>,
    scope: &dyn Scope,
    ask: &RecordOutcome,
    reservation: &Reservation,
    now: Timestamp,
) -> Result<(), StoreError> {
    let step = SeatStep::TakeAgain { reservation: reservation.id, now };
    for line in &reservation.seats {
        // A seat whose hold has ended is free, but its ticket type still counts it as held.
        let is_available = scope.seat(line.seat).is_some_and(|seat| seat.state == SeatState::Available);
        let from = if is_available { StockBucket::Available } else { StockBucket::Held };
        change.seat(line.seat, &step, from, StockBucket::Sold)?;
    }
    change.items(&reservation.items, StockBucket::Available, StockBucket::Sold)?;
    let state = reservation.state.apply(&ReservationStep::TakeAgain { at: now })?;
    let cancellation = Some(Box::new(scope.event().agreed_cancellation(&ask.terms)));
    change.reservation(Reservation {
        state,
        cancellation,
        payment: Some(ask.payment),
        ..reservation.clone()
    });
    Ok(())
}

/// Records a refund that the provider made before the capture was known.
fn already_returned(mut taken: Payment, returned: Money, now: Timestamp) -> Result<Payment, StoreError> {
    let captured = taken.captured.unwrap_or(taken.amount);
    let returned = believed(returned, taken.captured);
    if returned.minor() <= 0 || returned.currency() != captured.currency() {
        return Ok(taken);
    }
    let id = RefundId::derived(taken.id, &format!("by hand {returned}"));
    let (reason, state) = (GONE_BACK.to_owned(), RefundState::Done { at: now });
    let tickets = RefundTickets::Unstated;
    add_refund(&mut taken, Refund { id, amount: returned, reason, tickets, state })?;
    taken.refunded = returned;
    let in_full = returned == captured;
    taken.state = taken.state.apply(&PaymentStep::Refund { in_full, at: now })?;
    Ok(taken)
}

/// Queues the refund of what is left, once for each payment.
fn give_back(taken: Payment, reason: &str, now: Timestamp) -> Result<Payment, StoreError> {
    let left = taken.refundable()?;
    let id = RefundId::derived(taken.id, reason);
    if left.minor() <= 0 || taken.refund(id).is_some() {
        return Ok(taken);
    }
    queue_refund(&taken, id, left, reason, RefundTickets::None, now)
}
