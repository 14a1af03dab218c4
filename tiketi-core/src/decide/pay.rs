//! Start an attempt to pay, and commit the intent to take the money.

use crate::decide::change::{Change, Effect};
use crate::decide::command::{Command, Needs, Subject, fingerprint_of};
use crate::decide::draft::{Count, Draft};
use crate::decide::extend::{NotPending, move_end, pending_of};
use crate::decide::scope::Scope;
use crate::event::EventState;
use crate::id::{BuyerId, CommandKey, PaymentId, ReservationId};
use crate::limits::Terms;
use crate::money::Money;
use crate::payment::{Payment, PaymentState, PaymentStep};
use crate::reservation::{Reservation, ReservationStep};
use crate::seat::SeatStep;
use crate::store::CommandError;
use crate::time::Timestamp;

/// Starts an attempt to pay for a pending reservation: fixes the amount and grants the payment window.
///
/// The window is granted once and never shortens the hold. An earlier attempt for which no money
/// was asked is given up: the latest attempt is the only one that can be confirmed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StartPayment {
    /// The moment that decides.
    pub now: Timestamp,
    /// The key under which it takes effect at most once.
    pub key: CommandKey,
    /// The new attempt's id.
    pub payment: PaymentId,
    /// Which reservation.
    pub reservation: ReservationId,
    /// Who asks; another's reservation is as good as none.
    pub buyer: BuyerId,
    /// What the buyer believes to pay, if he said; anything but the total is refused.
    pub amount: Option<Money>,
    /// Name of the gateway that shall take the money.
    pub gateway: String,
    /// The way of paying, in the gateway's words.
    pub method: String,
    /// The shop's terms; the event's own prevail.
    pub terms: Terms,
}

impl StartPayment {
    /// Makes a command that trusts the buyer to know the total.
    pub fn new(
        now: Timestamp,
        key: CommandKey,
        payment: PaymentId,
        reservation: ReservationId,
        buyer: BuyerId,
        terms: Terms,
    ) -> Self {
        let (gateway, method) = (String::new(), String::new());
        Self { now, key, payment, reservation, buyer, amount: None, gateway, method, terms }
    }

    /// Names the gateway and the way of paying.
    #[must_use]
    pub fn through(mut self, gateway: impl Into<String>, method: impl Into<String>) -> Self {
        self.gateway = gateway.into();
        self.method = method.into();
        self
    }

    /// Says what the buyer believes to pay.
    #[must_use]
    pub fn expecting(mut self, amount: Money) -> Self {
        self.amount = Some(amount);
        self
    }
}

/// Why no attempt is started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartPaymentRefused {
    /// No such reservation, or another buyer's.
    #[error("there is no such reservation")]
    ReservationNotFound,
    /// It is no longer, or not only, held: expired, cancelled, being paid or confirmed.
    #[error("the reservation is not pending")]
    NotPending,
    /// The event was called off while the buyer was picking.
    #[error("the event was cancelled")]
    EventCancelled,
    /// The total is zero; see [`crate::decide::ConfirmFree`].
    #[error("the reservation costs nothing")]
    NothingToPay,
    /// The buyer believes to pay something else.
    #[error("the amount to pay is {expected}")]
    AmountMismatch {
        /// The total.
        expected: Money,
    },
}

impl Command for StartPayment {
    type Refused = StartPaymentRefused;

    fn key(&self) -> CommandKey {
        self.key
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn subject(&self) -> Subject {
        Subject::Reservation(self.reservation)
    }

    fn fingerprint(&self) -> u128 {
        let mut fingerprint = fingerprint_of("start-payment", self.reservation.as_uuid());
        fingerprint.id(self.buyer.as_uuid()).text(&self.gateway).text(&self.method);
        if let Some(amount) = self.amount {
            fingerprint.text(&amount.to_string());
        }
        fingerprint.finish()
    }

    fn needs(&self) -> Needs<'_> {
        Needs::default()
    }

    fn subject_unknown(&self) -> StartPaymentRefused {
        StartPaymentRefused::ReservationNotFound
    }

    fn decide(&self, scope: &dyn Scope) -> Result<Change, CommandError<StartPaymentRefused>> {
        let reservation = pending_of(scope, self.reservation, self.buyer, self.now)?;
        self.check(scope, reservation).map_err(CommandError::Refused)?;
        let mut draft = Draft::new(scope, self.now);
        draft.abandon_attempt(reservation.payment)?;
        let paying =
            Reservation { payment: Some(self.payment), payment_window_granted: true, ..reservation.clone() };
        let terms = scope.event().details.terms.over(self.terms);
        let before = reservation.held_until().unwrap_or(self.now);
        let until = before.max(self.now.after(terms.payment_window));
        if reservation.payment_window_granted || until == before {
            draft.reservation(paying);
        } else {
            move_end(&mut draft, paying, until)?;
        }
        draft.payment_row(self.attempt(reservation));
        Ok(draft.about(Effect { reservation: self.reservation, payment: Some(self.payment) }))
    }
}

impl StartPayment {
    fn check(&self, scope: &dyn Scope, reservation: &Reservation) -> Result<(), StartPaymentRefused> {
        if matches!(scope.event().state, EventState::Cancelled { .. }) {
            return Err(StartPaymentRefused::EventCancelled);
        }
        if reservation.total.is_zero() {
            return Err(StartPaymentRefused::NothingToPay);
        }
        if self.amount.is_some_and(|amount| amount != reservation.total) {
            return Err(StartPaymentRefused::AmountMismatch { expected: reservation.total });
        }
        Ok(())
    }

    fn attempt(&self, reservation: &Reservation) -> Payment {
        Payment {
            id: self.payment,
            reservation: reservation.id,
            event: reservation.event,
            buyer: self.buyer,
            amount: reservation.total,
            refunded: Money::zero(reservation.total.currency()),
            gateway: self.gateway.clone(),
            method: self.method.clone(),
            provider_key: None,
            state: PaymentState::Ready,
            refunds: Vec::new(),
            created_at: self.now,
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

/// Commits the intent to take the money, before the provider is asked.
///
/// From here until the outcome is recorded the reservation can neither expire nor be cancelled.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BeginConfirm {
    /// The moment that decides.
    pub now: Timestamp,
    /// The key under which it takes effect at most once.
    pub key: CommandKey,
    /// Which attempt.
    pub payment: PaymentId,
    /// Who asks; another's payment is as good as none.
    pub buyer: BuyerId,
    /// What the buyer believes to pay, if he said; anything but the total is refused.
    pub amount: Option<Money>,
    /// The provider's key for the money, if the buyer brought one.
    pub provider_key: Option<String>,
}

impl BeginConfirm {
    /// Makes the command.
    pub fn new(now: Timestamp, key: CommandKey, payment: PaymentId, buyer: BuyerId) -> Self {
        Self { now, key, payment, buyer, amount: None, provider_key: None }
    }

    /// Says what the buyer believes to pay.
    #[must_use]
    pub fn expecting(mut self, amount: Money) -> Self {
        self.amount = Some(amount);
        self
    }

    /// Gives the provider's key for the money.
    #[must_use]
    pub fn with_provider_key(mut self, provider_key: impl Into<String>) -> Self {
        self.provider_key = Some(provider_key.into());
        self
    }
}

/// Why the provider is not asked for the money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BeginConfirmRefused {
    /// No such payment, or another buyer's.
    #[error("there is no such payment")]
    PaymentNotFound,
    /// The attempt is over, or its outcome is awaited already.
    #[error("the payment is not ready to be confirmed")]
    NotReady {
        /// Where it stands.
        state: PaymentState,
    },
    /// The reservation expired, was cancelled, or is paid by another attempt.
    #[error("the reservation is not pending")]
    ReservationNotPending,
    /// The event was called off while the buyer was paying.
    #[error("the event was cancelled")]
    EventCancelled,
    /// The buyer believes to pay something else.
    #[error("the amount to pay is {expected}")]
    AmountMismatch {
        /// The total.
        expected: Money,
    },
}

impl Command for BeginConfirm {
    type Refused = BeginConfirmRefused;

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
        let mut fingerprint = fingerprint_of("begin-confirm", self.payment.as_uuid());
        fingerprint.id(self.buyer.as_uuid()).text(self.provider_key.as_deref().unwrap_or_default());
        if let Some(amount) = self.amount {
            fingerprint.text(&amount.to_string());
        }
        fingerprint.finish()
    }

    fn needs(&self) -> Needs<'_> {
        Needs::default()
    }

    fn subject_unknown(&self) -> BeginConfirmRefused {
        BeginConfirmRefused::PaymentNotFound
    }

    fn decide(&self, scope: &dyn Scope) -> Result<Change, CommandError<BeginConfirmRefused>> {
        let payment = scope
            .payment(self.payment)
            .filter(|found| found.buyer == self.buyer)
            .ok_or(CommandError::Refused(BeginConfirmRefused::PaymentNotFound))?;
        let reservation = self.check(scope, payment).map_err(CommandError::Refused)?;
        let mut draft = Draft::new(scope, self.now);
        let step = SeatStep::Extend { reservation: reservation.id, until: Timestamp::FAR_FUTURE };
        draft.seats(&reservation.seats, &step, Count::Held, Count::Held)?;
        let state = reservation.state.apply(&ReservationStep::Pay { payment: payment.id })?;
        draft.reservation(Reservation { state, ..reservation.clone() });
        let provider_key = self.provider_key.clone();
        draft.payment(Payment { provider_key, ..payment.clone() }, &PaymentStep::Confirm { at: self.now })?;
        Ok(draft.about(Effect { reservation: reservation.id, payment: Some(self.payment) }))
    }
}

impl BeginConfirm {
    fn check<'s>(
        &self,
        scope: &'s dyn Scope,
        payment: &Payment,
    ) -> Result<&'s Reservation, BeginConfirmRefused> {
        if payment.state != PaymentState::Ready {
            return Err(BeginConfirmRefused::NotReady { state: payment.state.clone() });
        }
        if matches!(scope.event().state, EventState::Cancelled { .. }) {
            return Err(BeginConfirmRefused::EventCancelled);
        }
        let reservation = scope
            .reservation(payment.reservation)
            .filter(|found| found.held_until().is_some_and(|until| until > self.now))
            .filter(|found| found.payment == Some(payment.id) && found.total == payment.amount)
            .ok_or(BeginConfirmRefused::ReservationNotPending)?;
        if self.amount.is_some_and(|amount| amount != payment.amount) {
            return Err(BeginConfirmRefused::AmountMismatch { expected: payment.amount });
        }
        Ok(reservation)
    }
}

#[cfg(test)]
mod tests;
