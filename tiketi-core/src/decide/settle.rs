//! Record what became of the money.

use crate::decide::change::{Change, Effect};
use crate::decide::command::{Command, Needs, Subject, fingerprint_of};
use crate::decide::draft::{Count, Draft};
use crate::decide::scope::Scope;
use crate::fact::FactBody;
use crate::id::{CommandKey, PaymentId};
use crate::money::Money;
use crate::payment::{Payment, PaymentState, PaymentStep, StuckReason};
use crate::reservation::{Reservation, ReservationState, ReservationStep};
use crate::seat::SeatStep;
use crate::store::{CommandError, StoreError};
use crate::time::Timestamp;

/// Records a known outcome of a confirm: the money was taken, or the provider declined.
///
/// An outcome that is not known is not recorded; the payment stays `Confirming` until it is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecordOutcome {
    /// The moment that decides.
    pub now: Timestamp,
    /// The key under which it takes effect at most once.
    pub key: CommandKey,
    /// Which attempt.
    pub payment: PaymentId,
    /// What the provider said.
    pub outcome: CaptureOutcome,
}

/// What a provider said of a request for money.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaptureOutcome {
    /// It took the money.
    Paid {
        /// The provider's key for the money.
        provider_key: String,
        /// How much it took.
        amount: Money,
    },
    /// It did not and will not.
    Declined {
        /// The provider's code.
        code: String,
    },
}

impl RecordOutcome {
    /// Makes the command.
    pub fn new(now: Timestamp, key: CommandKey, payment: PaymentId, outcome: CaptureOutcome) -> Self {
        Self { now, key, payment, outcome }
    }
}

/// Why an outcome is not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordOutcomeRefused {
    /// No such payment.
    #[error("there is no such payment")]
    PaymentNotFound,
    /// No outcome is awaited: another was recorded, or the money was never asked for.
    #[error("the payment awaits no outcome")]
    NotConfirming {
        /// Where it stands; a terminal state never regresses.
        state: PaymentState,
    },
}

impl Command for RecordOutcome {
    type Refused = RecordOutcomeRefused;

    fn key(&self) -> CommandKey {
        self.key
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn subject(&self) -> Subject {
        Subject::Payment(self.payment)
    }

    fn fingerprint(&self) -> u128 {
        let mut fingerprint = fingerprint_of("record-outcome", self.payment.as_uuid());
        match &self.outcome {
            CaptureOutcome::Paid { provider_key, amount } => {
                fingerprint.text("paid").text(provider_key).text(&amount.to_string());
            }
            CaptureOutcome::Declined { code } => {
                fingerprint.text("declined").text(code);
            }
        }
        fingerprint.finish()
    }

    fn needs(&self) -> Needs<'_> {
        Needs::default()
    }

    fn subject_unknown(&self) -> RecordOutcomeRefused {
        RecordOutcomeRefused::PaymentNotFound
    }

    fn decide(&self, scope: &dyn Scope) -> Result<Change, CommandError<RecordOutcomeRefused>> {
        let payment = scope
            .payment(self.payment)
            .ok_or(CommandError::Refused(RecordOutcomeRefused::PaymentNotFound))?;
        if !matches!(payment.state, PaymentState::Confirming { .. }) {
            let state = payment.state.clone();
            return Err(CommandError::Refused(RecordOutcomeRefused::NotConfirming { state }));
        }
        let reservation = scope
            .reservation(payment.reservation)
            .ok_or_else(|| StoreError::corrupt(format!("{:?} pays for no reservation", payment.id)))?;
        let mut draft = Draft::new(scope, self.now);
        match &self.outcome {
            CaptureOutcome::Paid { provider_key, amount } => {
                let paid = Payment { provider_key: Some(provider_key.clone()), ..payment.clone() };
                self.record_paid(&mut draft, paid, *amount, reservation)?;
            }
            CaptureOutcome::Declined { code } => {
                let step = PaymentStep::Decline { code: code.clone(), at: self.now };
                draft.payment(payment.clone(), &step)?;
                resume_hold(&mut draft, reservation, payment.id)?;
            }
        }
        Ok(draft.about(Effect { reservation: reservation.id, payment: Some(payment.id) }))
    }
}

impl RecordOutcome {
    /// Records the money first; the reservation is confirmed only by exactly the money asked for.
    fn record_paid(
        &self,
        draft: &mut Draft<'_>,
        payment: Payment,
        captured: Money,
        reservation: &Reservation,
    ) -> Result<(), StoreError> {
        let attempt = payment.id;
        let awaits =
            matches!(reservation.state, ReservationState::Paying { payment, .. } if payment == attempt);
        let stuck = if captured != payment.amount {
            Some(StuckReason::AmountMismatch { captured })
        } else if !awaits {
            Some(StuckReason::ReservationGone)
        } else {
            None
        };
        if let Some(reason) = stuck {
            return draft.payment(payment, &PaymentStep::Stick { reason, at: self.now });
        }
        draft.payment(payment, &PaymentStep::Approve { at: self.now })?;
        let step = ReservationStep::Confirm { payment: Some(attempt), at: self.now };
        sell(draft, reservation, &step)
    }
}

/// Confirms a reservation: its seats and units are sold.
pub(super) fn sell(
    draft: &mut Draft<'_>,
    reservation: &Reservation,
    step: &ReservationStep,
) -> Result<(), StoreError> {
    let state = reservation.state.apply(step)?;
    let sell = SeatStep::Sell { reservation: reservation.id };
    draft.seats(&reservation.seats, &sell, Count::Held, Count::Sold)?;
    draft.items(&reservation.items, Count::Held, Count::Sold)?;
    draft.fact(FactBody::ReservationConfirmed { reservation: reservation.id, buyer: reservation.buyer });
    draft.reservation(Reservation { state, ..reservation.clone() });
    Ok(())
}

/// Gives a declined buyer the rest of his hold back, to try again.
fn resume_hold(
    draft: &mut Draft<'_>,
    reservation: &Reservation,
    attempt: PaymentId,
) -> Result<(), StoreError> {
    let state = reservation.state.apply(&ReservationStep::Decline { payment: attempt })?;
    let resumed = Reservation { state, ..reservation.clone() };
    if let Some(until) = resumed.held_until() {
        let step = SeatStep::Extend { reservation: reservation.id, until };
        draft.seats(&reservation.seats, &step, Count::Held, Count::Held)?;
    }
    draft.reservation(resumed);
    Ok(())
}

#[cfg(test)]
mod tests;
