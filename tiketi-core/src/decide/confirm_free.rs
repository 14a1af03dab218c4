//! Confirms a reservation that costs nothing.

use std::sync::Arc;

use crate::decide::change::{Change, Effect};
use crate::decide::change_builder::ChangeBuilder;
use crate::decide::command::{Command, Subject, fingerprint_of};
use crate::decide::effects::sell;
use crate::decide::extend::{NotPending, pending_of};
use crate::decide::scope::Scope;
use crate::error::CommandError;
use crate::event::EventState;
use crate::id::{BuyerId, ReservationId};
use crate::reservation::ReservationStep;
use crate::terms::Terms;
use crate::text::TextError;
use crate::time::Timestamp;

/// Confirms a held reservation whose total is zero, without a gateway.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConfirmFree {
    /// The reservation.
    pub reservation: ReservationId,
    /// The buyer; the reservation of another buyer is treated as missing.
    pub buyer: BuyerId,
    /// The shop's terms; the event's own override them.
    pub terms: Arc<Terms>,
}

impl ConfirmFree {
    /// Makes the command, with the default terms.
    pub fn new(reservation: ReservationId, buyer: BuyerId) -> Self {
        Self { reservation, buyer, terms: Arc::default() }
    }

    /// Sets the terms.
    #[must_use]
    pub fn under(mut self, terms: impl Into<Arc<Terms>>) -> Self {
        self.terms = terms.into();
        self
    }
}

/// Why a reservation is not confirmed without payment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfirmFreeRefused {
    /// The reservation does not exist, or belongs to another buyer.
    #[error("there is no such reservation")]
    ReservationNotFound,
    /// It is not held: it expired, was cancelled, is being paid or is confirmed.
    #[error("the reservation is not pending")]
    NotPending,
    /// The event was cancelled while the buyer was selecting.
    #[error("the event was cancelled")]
    EventCancelled,
    /// It has a price.
    #[error("the reservation has to be paid")]
    NotFree,
}

impl Command for ConfirmFree {
    type Refused = ConfirmFreeRefused;

    fn name(&self) -> &'static str {
        "confirm-free"
    }

    fn subject(&self) -> Subject {
        Subject::Reservation(self.reservation)
    }

    fn fingerprint(&self) -> u128 {
        fingerprint_of(self.name(), self.reservation.as_uuid()).id(self.buyer.as_uuid()).finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        let Self { reservation: _, buyer: _, terms: _ } = self;
        Ok(())
    }

    fn subject_unknown(&self) -> ConfirmFreeRefused {
        ConfirmFreeRefused::ReservationNotFound
    }

    fn decide(&self, scope: &dyn Scope, now: Timestamp) -> Result<Change, CommandError<ConfirmFreeRefused>> {
        let reservation = pending_of(scope, self.reservation, self.buyer, now)?;
        if matches!(scope.event().state, EventState::Cancelled { .. }) {
            return Err(CommandError::Refused(ConfirmFreeRefused::EventCancelled));
        }
        if !reservation.total.is_zero() {
            return Err(CommandError::Refused(ConfirmFreeRefused::NotFree));
        }
        let mut change = ChangeBuilder::new(scope, now);
        let agreed = scope.event().agreed_cancellation(&self.terms);
        sell(&mut change, reservation, agreed, &ReservationStep::Confirm { payment: None, at: now })?;
        Ok(change.about(Effect { reservation: self.reservation, payment: None }))
    }
}

impl From<NotPending> for ConfirmFreeRefused {
    fn from(not: NotPending) -> Self {
        match not {
            NotPending::Unknown => Self::ReservationNotFound,
            NotPending::Ended => Self::NotPending,
        }
    }
}
