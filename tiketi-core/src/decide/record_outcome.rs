//! Records the outcome of a payment.

use std::sync::Arc;

use crate::decide::change::{Change, Effect};
use crate::decide::change_builder::ChangeBuilder;
use crate::decide::command::{Command, ReadSet, Subject, fingerprint_of};
use crate::decide::effects::{News, record_returned, resume_hold};
use crate::decide::record_outcome::late::record_paid;
use crate::decide::scope::Scope;
use crate::error::{CommandError, StoreError};
use crate::gateway::Captured;
use crate::id::{BuyerId, PaymentId};
use crate::limits::MAX_REASON_CHARS;
use crate::payment::{Payment, PaymentState, PaymentStep};
use crate::reservation::Reservation;
use crate::terms::Terms;
use crate::text::{TextError, cleaned};
use crate::time::Timestamp;

mod late;

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
    NotFound,
}

/// Decline code of an attempt that the provider does not know.
const NOT_FOUND: &str = "NOT_FOUND";

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
                record_declined(&mut change, payment, code, reservation, now)?
            }
            CaptureOutcome::NotFound => {
                let terms = scope.event().details.terms.over(&self.terms);
                check_grace(payment, reservation, terms, now).map_err(CommandError::Refused)?;
                record_declined(&mut change, payment, NOT_FOUND, reservation, now)?
            }
        };
        if news == News::None {
            let state = payment.state.clone();
            return Err(CommandError::Refused(RecordOutcomeRefused::NotConfirming { state }));
        }
        Ok(change.about(Effect { reservation: reservation.id, payment: Some(payment.id) }))
    }
}

fn check_grace(
    payment: &Payment,
    reservation: &Reservation,
    terms: Terms,
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
    reservation: &Reservation,
    now: Timestamp,
) -> Result<News, StoreError> {
    if !matches!(payment.state, PaymentState::Confirming { .. }) {
        return Ok(News::None);
    }
    let step = PaymentStep::Decline { code: cleaned(code, MAX_REASON_CHARS), at: now };
    change.payment(Payment { reconciliation: None, ..payment.clone() }, &step)?;
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
    terms: Terms,
) -> Option<Timestamp> {
    let PaymentState::Confirming { since } = payment.state else { return None };
    let cap = reservation.created_at.after(terms.hold_cap);
    let past_cap = since.after(terms.not_found_grace_past_cap).max(cap);
    Some(since.after(terms.not_found_grace).min(past_cap))
}

#[cfg(test)]
mod tests;
