//! Cancels a held or free reservation; a paid one must be refunded.

use crate::decide::change::{Change, Effect};
use crate::decide::change_builder::ChangeBuilder;
use crate::decide::command::{Command, Subject, fingerprint_of};
use crate::decide::effects::{end_confirmed, end_pending};
use crate::decide::refund_amount::{CancellationClosed, check_open};
use crate::decide::scope::Scope;
use crate::error::CommandError;
use crate::id::{BuyerId, PaymentId, ReservationId};
use crate::reservation::{CancelReason, Reservation, ReservationState};
use crate::text::TextError;
use crate::time::Timestamp;

/// Cancels a reservation without money: everything it has becomes available.
///
/// A buyer can cancel a free reservation as long as its [`crate::CancellationPolicy`] allows tickets to be given back.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Cancel {
    /// The reservation.
    pub reservation: ReservationId,
    /// The buyer, for a reservation of their own; `None` for the organiser.
    pub buyer: Option<BuyerId>,
}

impl Cancel {
    /// Makes the command of a buyer, for a reservation of their own.
    pub fn by_buyer(reservation: ReservationId, buyer: BuyerId) -> Self {
        Self { reservation, buyer: Some(buyer) }
    }

    /// Makes the command of the organiser, for any reservation.
    pub fn by_organiser(reservation: ReservationId) -> Self {
        Self { reservation, buyer: None }
    }
}

/// Why a reservation is not cancelled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CancelRefused {
    /// The reservation does not exist, or belongs to another buyer.
    #[error("there is no such reservation")]
    ReservationNotFound,
    /// It has ended already.
    #[error("the reservation has expired or was cancelled before")]
    AlreadyEnded,
    /// A payment is in progress; try again once its outcome is known.
    #[error("a payment for the reservation is in progress")]
    PaymentInProgress,
    /// It is paid: a refund of the payment ends the reservation.
    #[error("the reservation is paid and has to be refunded")]
    Paid {
        /// The payment to refund.
        payment: PaymentId,
    },
    /// The buyer can no longer give it back.
    #[error("tickets can no longer be given back")]
    CancellationClosed {
        /// Since when; `None` if they could never be given back.
        since: Option<Timestamp>,
    },
}

impl Command for Cancel {
    type Refused = CancelRefused;

    fn name(&self) -> &'static str {
        "cancel"
    }

    fn subject(&self) -> Subject {
        Subject::Reservation(self.reservation)
    }

    fn fingerprint(&self) -> u128 {
        let mut fingerprint = fingerprint_of(self.name(), self.reservation.as_uuid());
        if let Some(buyer) = self.buyer {
            fingerprint.id(buyer.as_uuid());
        }
        fingerprint.finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        let Self { reservation: _, buyer: _ } = self;
        Ok(())
    }

    fn subject_unknown(&self) -> CancelRefused {
        CancelRefused::ReservationNotFound
    }

    fn decide(&self, scope: &dyn Scope, now: Timestamp) -> Result<Change, CommandError<CancelRefused>> {
        let reservation = scope
            .reservation(self.reservation)
            .filter(|found| self.buyer.is_none_or(|buyer| buyer == found.buyer))
            .ok_or(CommandError::Refused(CancelRefused::ReservationNotFound))?;
        let mut change = ChangeBuilder::new(scope, now);
        match reservation.state {
            ReservationState::Held { until } if until > now => {
                change.abandon_attempt(reservation.payment)?;
                end_pending(&mut change, reservation, self.reason(), now)?;
            }
            ReservationState::Confirmed { .. } => self.end_free(&mut change, scope, reservation, now)?,
            ReservationState::Paying { .. } => {
                return Err(CommandError::Refused(CancelRefused::PaymentInProgress));
            }
            ReservationState::Held { .. }
            | ReservationState::Expired { .. }
            | ReservationState::Cancelled { .. } => {
                return Err(CommandError::Refused(CancelRefused::AlreadyEnded));
            }
        }
        Ok(change.about(Effect { reservation: self.reservation, payment: reservation.payment }))
    }
}

impl Cancel {
    fn reason(&self) -> CancelReason {
        if self.buyer.is_some() { CancelReason::ByBuyer } else { CancelReason::ByOrganiser }
    }

    fn end_free(
        &self,
        change: &mut ChangeBuilder<'_>,
        scope: &dyn Scope,
        reservation: &Reservation,
        now: Timestamp,
    ) -> Result<(), CommandError<CancelRefused>> {
        if let Some(payment) = reservation.payment {
            return Err(CommandError::Refused(CancelRefused::Paid { payment }));
        }
        if self.buyer.is_some() {
            let open = check_open(scope.event(), reservation, now);
            open.map_err(|closed| CommandError::Refused(closed.into()))?;
        }
        Ok(end_confirmed(change, reservation, self.reason(), now)?)
    }
}

impl From<CancellationClosed> for CancelRefused {
    fn from(closed: CancellationClosed) -> Self {
        Self::CancellationClosed { since: closed.since }
    }
}

#[cfg(test)]
mod tests;
