//! Starts a payment attempt.

use std::sync::Arc;

use crate::decide::change::{Change, Effect};
use crate::decide::change_builder::ChangeBuilder;
use crate::decide::command::{Command, ReadSet, Subject, fingerprint_of};
use crate::decide::effects::reconciliation_due;
use crate::decide::extend::{NotPending, move_end, pending_of};
use crate::decide::new_id::is_new_payment;
use crate::decide::scope::Scope;
use crate::error::CommandError;
use crate::event::EventState;
use crate::gateway::Confirms;
use crate::id::{BuyerId, PaymentId, ReservationId};
use crate::limits::MAX_NAME_CHARS;
use crate::metadata::Metadata;
use crate::money::Money;
use crate::payment::{Payment, PaymentState, Reconciliation};
use crate::reservation::Reservation;
use crate::terms::Terms;
use crate::text::{TextError, check_line};
use crate::time::Timestamp;

/// Starts a payment attempt: fixes the amount and grants the payment window.
///
/// The window is granted once and never shortens the hold. An earlier attempt for which no money was asked is
/// abandoned: only the latest attempt can be confirmed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StartPayment {
    /// The id for the new attempt.
    pub payment: PaymentId,
    /// The reservation.
    pub reservation: ReservationId,
    /// The buyer; the reservation of another buyer is treated as missing.
    pub buyer: BuyerId,
    /// The amount that the buyer expects, if stated; the command is refused unless it is the total.
    pub amount: Option<Money>,
    /// Name of the gateway.
    pub gateway: String,
    /// The payment method, as the gateway names it.
    pub method: String,
    /// Who makes the money move; with `Browser`, the provider is asked about the attempt even if it is never confirmed.
    pub confirms: Confirms,
    /// The host's own data for the attempt.
    pub metadata: Metadata,
    /// The shop's terms; the event's own override them.
    pub terms: Arc<Terms>,
}

impl StartPayment {
    /// Makes a command without an expected amount.
    pub fn new(
        payment: PaymentId,
        reservation: ReservationId,
        buyer: BuyerId,
        terms: impl Into<Arc<Terms>>,
    ) -> Self {
        let (gateway, method) = (String::new(), String::new());
        let (amount, confirms, metadata) = (None, Confirms::Server, Metadata::EMPTY);
        Self { payment, reservation, buyer, amount, gateway, method, confirms, metadata, terms: terms.into() }
    }

    /// Sets the gateway and the payment method.
    #[must_use]
    pub fn through(mut self, gateway: impl Into<String>, method: impl Into<String>) -> Self {
        self.gateway = gateway.into();
        self.method = method.into();
        self
    }

    /// Sets the amount that the buyer expects.
    #[must_use]
    pub fn expecting(mut self, amount: Money) -> Self {
        self.amount = Some(amount);
        self
    }

    /// Sets the host's own data for the attempt.
    #[must_use]
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Marks that the money may move in the buyer's browser.
    #[must_use]
    pub fn in_browser(mut self) -> Self {
        self.confirms = Confirms::Browser;
        self
    }
}

/// Why no attempt is started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartPaymentRefused {
    /// The reservation does not exist, or belongs to another buyer.
    #[error("there is no such reservation")]
    ReservationNotFound,
    /// It is not held: it expired, was cancelled, is being paid or is confirmed.
    #[error("the reservation is not pending")]
    NotPending,
    /// The event was cancelled while the buyer was selecting.
    #[error("the event was cancelled")]
    EventCancelled,
    /// Another payment has the id; its key was deleted.
    #[error("there is a payment with that id")]
    PaymentIdTaken {
        /// The payment.
        payment: PaymentId,
    },
    /// The total is zero; see [`crate::decide::ConfirmFree`].
    #[error("the reservation costs nothing")]
    NothingToPay,
    /// The buyer expects another amount.
    #[error("the amount to pay is {expected}")]
    AmountMismatch {
        /// The total.
        expected: Money,
    },
}

impl Command for StartPayment {
    type Refused = StartPaymentRefused;

    fn name(&self) -> &'static str {
        "start-payment"
    }

    fn subject(&self) -> Subject {
        Subject::Reservation(self.reservation)
    }

    fn fingerprint(&self) -> u128 {
        let mut fingerprint = fingerprint_of(self.name(), self.reservation.as_uuid());
        fingerprint.id(self.buyer.as_uuid()).text(&self.gateway).text(&self.method);
        if let Some(amount) = self.amount {
            fingerprint.text(&amount.to_string());
        }
        fingerprint.text(self.metadata.as_json());
        fingerprint.finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        // Metadata is valid since it was made.
        let Self {
            payment: _,
            reservation: _,
            buyer: _,
            amount: _,
            gateway,
            method,
            confirms: _,
            metadata: _,
            terms: _,
        } = self;
        check_line("gateway", gateway, 0..=MAX_NAME_CHARS)?;
        check_line("method", method, 0..=MAX_NAME_CHARS)
    }

    fn read_set(&self) -> ReadSet<'_> {
        ReadSet { new_payment: Some(self.payment), ..ReadSet::default() }
    }

    fn subject_unknown(&self) -> StartPaymentRefused {
        StartPaymentRefused::ReservationNotFound
    }

    fn decide(&self, scope: &dyn Scope, now: Timestamp) -> Result<Change, CommandError<StartPaymentRefused>> {
        let reservation = pending_of(scope, self.reservation, self.buyer, now)?;
        self.check(scope, reservation).map_err(CommandError::Refused)?;
        let mut change = ChangeBuilder::new(scope, now);
        // Two attempts that can be confirmed could both capture money.
        change.abandon_attempt(reservation.payment)?;
        let paying =
            Reservation { payment: Some(self.payment), payment_window_granted: true, ..reservation.clone() };
        let terms = scope.event().details.terms.over(&self.terms);
        let before = reservation.held_until().unwrap_or(now);
        // A hold that lasts longer than the payment window is not shortened.
        let until = before.max(now.after(terms.payment_window));
        if reservation.payment_window_granted || until == before {
            change.reservation(paying);
        } else {
            move_end(&mut change, paying, until)?;
        }
        change.payment_row(self.attempt(reservation, now));
        Ok(change.about(Effect { reservation: self.reservation, payment: Some(self.payment) }))
    }
}

impl StartPayment {
    fn check(&self, scope: &dyn Scope, reservation: &Reservation) -> Result<(), StartPaymentRefused> {
        if matches!(scope.event().state, EventState::Cancelled { .. }) {
            return Err(StartPaymentRefused::EventCancelled);
        }
        if !is_new_payment(scope, self.payment) {
            return Err(StartPaymentRefused::PaymentIdTaken { payment: self.payment });
        }
        if reservation.total.is_zero() {
            return Err(StartPaymentRefused::NothingToPay);
        }
        if self.amount.is_some_and(|amount| amount != reservation.total) {
            return Err(StartPaymentRefused::AmountMismatch { expected: reservation.total });
        }
        Ok(())
    }

    fn reconciliation(&self, now: Timestamp) -> Option<Reconciliation> {
        match self.confirms {
            Confirms::Server => None,
            Confirms::Browser => Some(reconciliation_due(now, now.after(self.terms.pause(0)))),
        }
    }

    fn attempt(&self, reservation: &Reservation, now: Timestamp) -> Payment {
        Payment {
            id: self.payment,
            reservation: reservation.id,
            event: reservation.event,
            buyer: self.buyer,
            amount: reservation.total,
            captured: None,
            captured_at: None,
            refunded: Money::zero(reservation.total.currency()),
            gateway: self.gateway.clone(),
            method: self.method.clone(),
            provider_key: None,
            state: PaymentState::Ready,
            refunds: Vec::new(),
            reconciliation: self.reconciliation(now),
            notes: Vec::new(),
            deposit_secret: None,
            created_at: now,
            metadata: self.metadata.clone(),
            version: 0,
        }
    }
}

impl From<NotPending> for StartPaymentRefused {
    fn from(not: NotPending) -> Self {
        match not {
            NotPending::Unknown => Self::ReservationNotFound,
            NotPending::Ended => Self::NotPending,
        }
    }
}

#[cfg(test)]
mod tests;
