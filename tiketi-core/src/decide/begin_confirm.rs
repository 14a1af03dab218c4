//! Commits the intent to confirm a payment.

use std::sync::Arc;

use crate::decide::change::{Change, Effect};
use crate::decide::change_builder::ChangeBuilder;
use crate::decide::command::{Command, Subject, fingerprint_of};
use crate::decide::effects::reconciliation_due;
use crate::decide::scope::Scope;
use crate::decide::stock::StockBucket;
use crate::error::CommandError;
use crate::event::EventState;
use crate::id::{BuyerId, PaymentId};
use crate::limits::MAX_KEY_CHARS;
use crate::money::Money;
use crate::payment::{Payment, PaymentState, PaymentStep};
use crate::reservation::{Reservation, ReservationStep};
use crate::seat::SeatStep;
use crate::terms::Terms;
use crate::text::{TextError, check_line};
use crate::time::Timestamp;

/// Commits the intent to confirm a payment, before the provider is called.
///
/// Until the outcome is recorded, the reservation can neither expire nor be cancelled.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BeginConfirm {
    /// The payment attempt.
    pub payment: PaymentId,
    /// The buyer; the payment of another buyer is treated as missing.
    pub buyer: BuyerId,
    /// The amount that the buyer expects, if stated; the command is refused unless it is the total.
    pub amount: Option<Money>,
    /// The provider's key for the payment, if the buyer brought one.
    pub provider_key: Option<String>,
    /// The shop's terms; they set when the provider is asked again if it does not answer.
    pub terms: Arc<Terms>,
}

impl BeginConfirm {
    /// Makes the command, with the default terms.
    pub fn new(payment: PaymentId, buyer: BuyerId) -> Self {
        Self { payment, buyer, amount: None, provider_key: None, terms: Arc::default() }
    }

    /// Sets the terms.
    #[must_use]
    pub fn under(mut self, terms: impl Into<Arc<Terms>>) -> Self {
        self.terms = terms.into();
        self
    }

    /// Sets the amount that the buyer expects.
    #[must_use]
    pub fn expecting(mut self, amount: Money) -> Self {
        self.amount = Some(amount);
        self
    }

    /// Sets the provider's key for the payment.
    #[must_use]
    pub fn with_provider_key(mut self, provider_key: impl Into<String>) -> Self {
        self.provider_key = Some(provider_key.into());
        self
    }
}

/// Why a payment is not confirmed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BeginConfirmRefused {
    /// The payment does not exist, or belongs to another buyer.
    #[error("there is no such payment")]
    PaymentNotFound,
    /// The attempt is over, or its outcome is already awaited.
    #[error("the payment is not ready to be confirmed")]
    NotReady {
        /// State of the payment.
        state: PaymentState,
    },
    /// The reservation expired, was cancelled, or is paid by another attempt.
    #[error("the reservation is not pending")]
    ReservationNotPending,
    /// The event was cancelled while the buyer was paying.
    #[error("the event was cancelled")]
    EventCancelled,
    /// The buyer expects another amount.
    #[error("the amount to pay is {expected}")]
    AmountMismatch {
        /// The total.
        expected: Money,
    },
}

impl Command for BeginConfirm {
    type Refused = BeginConfirmRefused;

    fn name(&self) -> &'static str {
        "begin-confirm"
    }

    fn subject(&self) -> Subject {
        Subject::Payment(self.payment)
    }

    fn fingerprint(&self) -> u128 {
        let mut fingerprint = fingerprint_of(self.name(), self.payment.as_uuid());
        fingerprint.id(self.buyer.as_uuid()).text(self.provider_key.as_deref().unwrap_or_default());
        if let Some(amount) = self.amount {
            fingerprint.text(&amount.to_string());
        }
        fingerprint.finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        let Self { payment: _, buyer: _, amount: _, provider_key, terms: _ } = self;
        let key = provider_key.as_deref();
        key.map_or(Ok(()), |key| check_line("provider_key", key, 1..=MAX_KEY_CHARS))
    }

    fn subject_unknown(&self) -> BeginConfirmRefused {
        BeginConfirmRefused::PaymentNotFound
    }

    fn decide(&self, scope: &dyn Scope, now: Timestamp) -> Result<Change, CommandError<BeginConfirmRefused>> {
        let payment = scope
            .payment(self.payment)
            .filter(|found| found.buyer == self.buyer)
            .ok_or(CommandError::Refused(BeginConfirmRefused::PaymentNotFound))?;
        let reservation = self.check(scope, payment, now).map_err(CommandError::Refused)?;
        let mut change = ChangeBuilder::new(scope, now);
        let step = SeatStep::Extend { reservation: reservation.id, until: Timestamp::FAR_FUTURE };
        change.seats(&reservation.seats, &step, StockBucket::Held, StockBucket::Held)?;
        let state = reservation.state.apply(&ReservationStep::Pay { payment: payment.id })?;
        change.reservation(Reservation { state, ..reservation.clone() });
        let provider_key = self.provider_key.clone();
        let reconciliation = Some(reconciliation_due(now, now.after(self.terms.pause(0))));
        let confirming = Payment { provider_key, reconciliation, ..payment.clone() };
        change.payment(confirming, &PaymentStep::Confirm { at: now })?;
        Ok(change.about(Effect { reservation: reservation.id, payment: Some(self.payment) }))
    }
}

impl BeginConfirm {
    fn check<'s>(
        &self,
        scope: &'s dyn Scope,
        payment: &Payment,
        now: Timestamp,
    ) -> Result<&'s Reservation, BeginConfirmRefused> {
        if payment.state != PaymentState::Ready {
            return Err(BeginConfirmRefused::NotReady { state: payment.state.clone() });
        }
        if matches!(scope.event().state, EventState::Cancelled { .. }) {
            return Err(BeginConfirmRefused::EventCancelled);
        }
        let reservation = scope
            .reservation(payment.reservation)
            .filter(|found| found.held_until().is_some_and(|until| until > now))
            .filter(|found| found.payment == Some(payment.id) && found.total == payment.amount)
            .ok_or(BeginConfirmRefused::ReservationNotPending)?;
        if self.amount.is_some_and(|amount| amount != payment.amount) {
            return Err(BeginConfirmRefused::AmountMismatch { expected: payment.amount });
        }
        Ok(reservation)
    }
}
