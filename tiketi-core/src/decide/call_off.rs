//! Ends or refunds one reservation of a cancelled event.

use crate::decide::change::{Change, Effect};
use crate::decide::change_builder::ChangeBuilder;
use crate::decide::command::{Command, Subject, fingerprint_of};
use crate::decide::effects::{end_confirmed, end_lapsed, end_pending, queue_refund};
use crate::decide::refund_amount::{all_of, owed_for_all};
use crate::decide::scope::Scope;
use crate::error::{CommandError, StoreError};
use crate::event::EventState;
use crate::id::ReservationId;
use crate::payment::RefundTickets;
use crate::reservation::{CancelReason, Reservation, ReservationState};
use crate::text::TextError;
use crate::time::Timestamp;

/// Reason of such a refund, in words that the provider and the buyer may read.
const REASON: &str = "the event was cancelled";

/// Ends a reservation of a cancelled event, or queues its refund.
///
/// A repetition queues no second refund.
///
/// The buyer is owed the price of the tickets that they own, but at most what is left of the payment, whatever was
/// refused before the event was cancelled. What the shop kept of tickets returned before stays with the shop. If the
/// provider refuses this refund, staff must act ([`crate::Payment::is_call_off_refused`]); once a part of it was
/// refunded by hand, the rest is queued again.
///
/// A paid reservation ends once its price is refunded. While a reservation is being paid,
/// [`crate::decide::RecordOutcome`] handles its money.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CallOff {
    /// The reservation.
    pub reservation: ReservationId,
}

impl CallOff {
    /// Makes the command.
    pub fn new(reservation: ReservationId) -> Self {
        Self { reservation }
    }
}

/// Why a reservation is not called off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallOffRefused {
    /// The reservation does not exist.
    #[error("there is no such reservation")]
    ReservationNotFound,
    /// Its event is not cancelled.
    #[error("the event was not cancelled")]
    EventStands,
    /// A payment is in progress; its outcome decides what happens to the money.
    #[error("a payment for the reservation is in progress")]
    PaymentInProgress,
}

impl Command for CallOff {
    type Refused = CallOffRefused;

    fn name(&self) -> &'static str {
        "call-off"
    }

    fn subject(&self) -> Subject {
        Subject::Reservation(self.reservation)
    }

    fn fingerprint(&self) -> u128 {
        fingerprint_of(self.name(), self.reservation.as_uuid()).finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        let Self { reservation: _ } = self;
        Ok(())
    }

    fn subject_unknown(&self) -> CallOffRefused {
        CallOffRefused::ReservationNotFound
    }

    fn decide(&self, scope: &dyn Scope, now: Timestamp) -> Result<Change, CommandError<CallOffRefused>> {
        let refused = CommandError::Refused;
        let reservation = scope.reservation(self.reservation);
        let reservation = reservation.ok_or(refused(CallOffRefused::ReservationNotFound))?;
        if !matches!(scope.event().state, EventState::Cancelled { .. }) {
            return Err(refused(CallOffRefused::EventStands));
        }
        let mut change = ChangeBuilder::new(scope, now);
        match reservation.state {
            ReservationState::Paying { .. } => return Err(refused(CallOffRefused::PaymentInProgress)),
            // The store ends due reservations first, but in a batch this one may be due by now: others may have its
            // seats.
            ReservationState::Held { until } if until <= now => {
                end_lapsed(&mut change, scope, reservation, now)?;
            }
            ReservationState::Held { .. } => {
                change.abandon_attempt(reservation.payment)?;
                end_pending(&mut change, reservation, CancelReason::ByOrganiser, now)?;
            }
            ReservationState::Confirmed { .. } => call_off_sold(&mut change, scope, reservation, now)?,
            ReservationState::Expired { .. } | ReservationState::Cancelled { .. } => {}
        }
        Ok(change.about(Effect { reservation: reservation.id, payment: reservation.payment }))
    }
}

fn call_off_sold(
    change: &mut ChangeBuilder<'_>,
    scope: &dyn Scope,
    reservation: &Reservation,
    now: Timestamp,
) -> Result<(), StoreError> {
    let payment = reservation.payment.and_then(|id| scope.payment(id));
    let Some(payment) = payment.filter(|payment| payment.captured.is_some()) else {
        return end_confirmed(change, reservation, CancelReason::ByOrganiser, now);
    };
    if payment.queued_refund().is_some() || payment.is_call_off_refused() {
        return Ok(());
    }
    let owed = owed_for_all(payment, reservation)?;
    if owed.is_zero() {
        return end_confirmed(change, reservation, CancelReason::ByOrganiser, now);
    }
    let refund = payment.call_off_refund(payment.refunds.len());
    let tickets = RefundTickets::Returned(all_of(reservation));
    change.payment_row(queue_refund(payment, refund, owed, REASON, tickets, now)?);
    Ok(())
}

#[cfg(test)]
mod tests;
