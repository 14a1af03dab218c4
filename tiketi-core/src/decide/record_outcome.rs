//! Records the outcome of a payment, and decides what captured money buys.

use std::sync::Arc;

use crate::decide::change::{Change, Effect};
use crate::decide::change_builder::ChangeBuilder;
use crate::decide::command::{Command, ReadSet, Subject, fingerprint_of};
use crate::decide::effects::{
    News, believed, end_pending, queue_refund, reconciliation_due, record_returned, resume_hold, sell,
};
use crate::decide::new_id::add_refund;
use crate::decide::record_outcome::late_payment::{may_take_again, take_again};
use crate::decide::scope::Scope;
use crate::error::{CommandError, StoreError};
use crate::event::EventState;
use crate::gateway::Captured;
use crate::id::{BuyerId, PaymentId, RefundId};
use crate::limits::{MAX_KEY_CHARS, MAX_REASON_CHARS};
use crate::money::Money;
use crate::payment::{
    NOT_FOUND, Payment, PaymentState, PaymentStep, Reconciliation, Refund, RefundState, RefundTickets,
    StuckReason,
};
use crate::reservation::{CancelReason, Reservation, ReservationState, ReservationStep};
use crate::terms::Terms;
use crate::text::{TextError, cleaned};
use crate::time::Timestamp;

mod late_payment;

/// Records a provider's answer: captured, declined, or order not found.
///
/// A capture is recorded whatever the state was before; what happens to the reservation is decided after that. An
/// answer that no money was taken only ends what is still awaited. An inconclusive answer is not recorded here: the
/// payment stays `Confirming`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecordOutcome {
    /// The payment attempt.
    pub payment: PaymentId,
    /// The buyer; without it, a late payment takes no tickets again and is refunded.
    pub buyer: Option<BuyerId>,
    /// The provider's answer.
    pub outcome: CaptureOutcome,
    /// The shop's terms; the event's own override them.
    pub terms: Arc<Terms>,
}

/// A provider's answer to a request for money.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaptureOutcome {
    /// The money was captured.
    Paid(Captured),
    /// No money was taken, and none will be.
    Declined {
        /// The provider's code.
        code: String,
    },
    /// The order is not known: final once [`Terms::not_found_grace`] has passed, or sooner past [`Terms::hold_cap`].
    ///
    /// The payment is then declined, and its provider is asked until it has closed the attempt: see
    /// [`Payment::is_ended_unanswered`].
    NotFound,
}

/// Reasons of refunds of money that bought nothing, in words that the provider and the buyer may read.
const TOO_LATE: &str = "the payment arrived too late";
const WRONG_AMOUNT: &str = "another amount was taken than was asked for";
const CALLED_OFF: &str = "the event was cancelled";
const GONE_BACK: &str = "refunded at the provider";

impl RecordOutcome {
    /// Makes the command, with the default terms.
    pub fn new(payment: PaymentId, outcome: CaptureOutcome) -> Self {
        Self { payment, buyer: None, outcome, terms: Arc::default() }
    }

    /// Sets the terms.
    #[must_use]
    pub fn under(mut self, terms: impl Into<Arc<Terms>>) -> Self {
        self.terms = terms.into();
        self
    }

    /// Sets the buyer, so that late money may take the same tickets again, under these terms.
    #[must_use]
    pub fn paid_by(mut self, buyer: BuyerId, terms: impl Into<Arc<Terms>>) -> Self {
        self.buyer = Some(buyer);
        self.terms = terms.into();
        self
    }
}

/// Why an outcome is not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordOutcomeRefused {
    /// The payment does not exist.
    #[error("there is no such payment")]
    PaymentNotFound,
    /// Nothing new: no outcome is awaited, and the captured and refunded amounts are known.
    #[error("the payment awaits no outcome")]
    NotConfirming {
        /// State of the payment; a terminal state never regresses.
        state: PaymentState,
    },
    /// Money went back, and a refund of ours without an outcome may be a part of it: ask again once it has one.
    #[error("a queued refund may be what went back")]
    RefundQueued {
        /// The queued refund.
        refund: RefundId,
    },
    /// The order may not have reached the provider yet.
    #[error("the provider may not know the order yet")]
    TooSoon {
        /// From when on the answer is final.
        until: Timestamp,
    },
}

impl Command for RecordOutcome {
    type Refused = RecordOutcomeRefused;

    fn name(&self) -> &'static str {
        "record-outcome"
    }

    fn subject(&self) -> Subject {
        Subject::Payment(self.payment)
    }

    fn fingerprint(&self) -> u128 {
        let mut fingerprint = fingerprint_of(self.name(), self.payment.as_uuid());
        match &self.outcome {
            CaptureOutcome::Paid(captured) => fingerprint
                .text("paid")
                .text(&captured.order)
                .text(&captured.provider_key)
                .text(&captured.amount.to_string())
                .text(&captured.refunded.to_string()),
            CaptureOutcome::Declined { code } => fingerprint.text("declined").text(code),
            CaptureOutcome::NotFound => fingerprint.text("not found"),
        };
        fingerprint.finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        let Self { payment: _, buyer: _, outcome: _, terms: _ } = self;
        // The provider's texts are cleaned before they are recorded, so that a capture is never refused because of
        // them.
        Ok(())
    }

    fn read_set(&self) -> ReadSet<'_> {
        ReadSet { buyer: self.buyer, ..ReadSet::default() }
    }

    fn may_change_archived(&self) -> bool {
        true
    }

    fn subject_unknown(&self) -> RecordOutcomeRefused {
        RecordOutcomeRefused::PaymentNotFound
    }

    fn decide(
        &self,
        scope: &dyn Scope,
        now: Timestamp,
    ) -> Result<Change, CommandError<RecordOutcomeRefused>> {
        let payment = scope
            .payment(self.payment)
            .ok_or(CommandError::Refused(RecordOutcomeRefused::PaymentNotFound))?;
        let reservation = scope
            .reservation(payment.reservation)
            .ok_or_else(|| StoreError::corrupt(format!("{:?} pays for no reservation", payment.id)))?;
        let mut change = ChangeBuilder::new(scope, now);
        let news = match &self.outcome {
            CaptureOutcome::Paid(captured) if payment.captured.is_none() => {
                record_paid(&mut change, scope, self, payment, captured, reservation, now)?
            }
            CaptureOutcome::Paid(captured) => {
                let seats = scope.event().details.terms.over(&self.terms).refunded_seats;
                record_returned(&mut change, scope, payment, captured.refunded, seats, now)?
            }
            CaptureOutcome::Declined { code } => {
                record_declined(&mut change, payment, code, None, reservation, now)?
            }
            CaptureOutcome::NotFound => {
                let terms = scope.event().details.terms.over(&self.terms);
                check_grace(payment, reservation, &terms, now).map_err(CommandError::Refused)?;
                // The buyer may still pay at the provider, so the attempt is asked about until it is closed there.
                let asked = Some(reconciliation_due(now, now));
                record_declined(&mut change, payment, NOT_FOUND, asked, reservation, now)?
            }
        };
        match news {
            News::Some => {}
            News::None => {
                let state = payment.state.clone();
                return Err(CommandError::Refused(RecordOutcomeRefused::NotConfirming { state }));
            }
            News::AfterRefund(refund) => {
                return Err(CommandError::Refused(RecordOutcomeRefused::RefundQueued { refund }));
            }
        }
        Ok(change.about(Effect { reservation: reservation.id, payment: Some(payment.id) }))
    }
}

fn check_grace(
    payment: &Payment,
    reservation: &Reservation,
    terms: &Terms,
    now: Timestamp,
) -> Result<(), RecordOutcomeRefused> {
    match not_found_is_final_at(payment, reservation, terms) {
        Some(until) if now < until => Err(RecordOutcomeRefused::TooSoon { until }),
        Some(_) | None => Ok(()),
    }
}

fn record_declined(
    change: &mut ChangeBuilder<'_>,
    payment: &Payment,
    code: &str,
    reconciliation: Option<Reconciliation>,
    reservation: &Reservation,
    now: Timestamp,
) -> Result<News, StoreError> {
    if !matches!(payment.state, PaymentState::Confirming { .. }) {
        return Ok(News::None);
    }
    let step = PaymentStep::Decline { code: cleaned(code, MAX_REASON_CHARS), at: now };
    change.payment(Payment { reconciliation, ..payment.clone() }, &step)?;
    resume_hold(change, reservation, payment.id)?;
    Ok(News::Some)
}

/// Returns from when on "order not found" is final for a payment in progress.
///
/// Before the hold cap, the whole grace applies. Past the cap, only the time that our own request may take: seats that
/// no money was asked for must not be kept from other buyers.
pub(super) fn not_found_is_final_at(
    payment: &Payment,
    reservation: &Reservation,
    terms: &Terms,
) -> Option<Timestamp> {
    let PaymentState::Confirming { since } = payment.state else { return None };
    let cap = reservation.held_since.after(terms.hold_cap);
    let past_cap = since.after(terms.not_found_grace_past_cap).max(cap);
    Some(since.after(terms.not_found_grace).min(past_cap))
}

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
fn record_paid(
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
        captured_at: Some(now),
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

/// Records a refund that the provider made before the capture was known.
fn already_returned(mut taken: Payment, returned: Money, now: Timestamp) -> Result<Payment, StoreError> {
    let captured = taken.captured.unwrap_or(taken.amount);
    let returned = believed(returned, taken.captured);
    if returned.minor() <= 0 || returned.currency() != captured.currency() {
        return Ok(taken);
    }
    let id = RefundId::derived(taken.id, &format!("by hand {returned}"));
    // An earlier note does not settle a refund that was not known then: the refund's moment is after the notes.
    let (reason, state) = (GONE_BACK.to_owned(), RefundState::Done { at: taken.after_notes(now) });
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

#[cfg(test)]
mod tests;
