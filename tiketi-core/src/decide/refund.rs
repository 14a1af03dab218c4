//! Promise money back, and record whether it went.

use crate::decide::change::{Change, Effect};
use crate::decide::command::{Command, Needs, Subject, fingerprint_of};
use crate::decide::draft::{Count, Draft};
use crate::decide::release::give_back;
use crate::decide::scope::Scope;
use crate::fact::FactBody;
use crate::id::{BuyerId, CommandKey, PaymentId, RefundId};
use crate::money::Money;
use crate::payment::{Payment, PaymentState, PaymentStep, Refund, RefundState};
use crate::reservation::{CancelReason, Reservation, ReservationStep};
use crate::store::{CommandError, StoreError};
use crate::time::Timestamp;

/// Commits the promise to give money back, before the provider is asked.
///
/// Until the outcome is recorded the buyer keeps what he bought.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BeginRefund {
    /// The moment that decides.
    pub now: Timestamp,
    /// The key under which it takes effect at most once.
    pub key: CommandKey,
    /// Which payment.
    pub payment: PaymentId,
    /// The new refund's id.
    pub refund: RefundId,
    /// Who asks: a buyer for his own; `None` for the organiser.
    pub buyer: Option<BuyerId>,
    /// How much; `None` for all that is left.
    pub amount: Option<Money>,
    /// Why, in words the provider and the buyer may read.
    pub reason: String,
}

impl BeginRefund {
    /// Makes a command of the organiser to give back all that is left.
    pub fn new(
        now: Timestamp,
        key: CommandKey,
        payment: PaymentId,
        refund: RefundId,
        reason: impl Into<String>,
    ) -> Self {
        Self { now, key, payment, refund, buyer: None, amount: None, reason: reason.into() }
    }

    /// Makes it a buyer's command, about his own payment.
    #[must_use]
    pub fn by_buyer(mut self, buyer: BuyerId) -> Self {
        self.buyer = Some(buyer);
        self
    }

    /// Gives back only so much.
    #[must_use]
    pub fn only(mut self, amount: Money) -> Self {
        self.amount = Some(amount);
        self
    }
}

/// Why no refund is promised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BeginRefundRefused {
    /// No such payment, or another buyer's.
    #[error("there is no such payment")]
    PaymentNotFound,
    /// No money is kept: none was taken, or all of it went back.
    #[error("the payment has nothing to refund")]
    NothingToRefund {
        /// Where it stands.
        state: PaymentState,
    },
    /// Another refund of the payment has not come to its end.
    #[error("a refund of the payment is under way")]
    RefundInProgress {
        /// Which refund.
        refund: RefundId,
    },
    /// Zero, negative, more than is left, or in another currency.
    #[error("a refund must be more than nothing and at most {refundable}")]
    AmountOutOfRange {
        /// The most that can go back.
        refundable: Money,
    },
}

impl Command for BeginRefund {
    type Refused = BeginRefundRefused;

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
        let mut fingerprint = fingerprint_of("begin-refund", self.payment.as_uuid());
        if let Some(buyer) = self.buyer {
            fingerprint.id(buyer.as_uuid());
        }
        if let Some(amount) = self.amount {
            fingerprint.text(&amount.to_string());
        }
        fingerprint.text(&self.reason).finish()
    }

    fn needs(&self) -> Needs<'_> {
        Needs::default()
    }

    fn subject_unknown(&self) -> BeginRefundRefused {
        BeginRefundRefused::PaymentNotFound
    }

    fn decide(&self, scope: &dyn Scope) -> Result<Change, CommandError<BeginRefundRefused>> {
        let payment = scope
            .payment(self.payment)
            .filter(|found| self.buyer.is_none_or(|buyer| buyer == found.buyer))
            .ok_or(CommandError::Refused(BeginRefundRefused::PaymentNotFound))?;
        let refundable = payment.amount.minus(payment.refunded)?;
        let amount = self.amount.unwrap_or(refundable);
        check_refund(payment, amount, refundable).map_err(CommandError::Refused)?;
        let mut promised = payment.clone();
        promised.refunds.push(Refund {
            id: self.refund,
            amount,
            reason: self.reason.clone(),
            state: RefundState::Queued { since: self.now },
        });
        let mut draft = Draft::new(scope, self.now);
        draft.payment_row(promised);
        Ok(draft.about(Effect { reservation: payment.reservation, payment: Some(payment.id) }))
    }
}

fn check_refund(payment: &Payment, amount: Money, refundable: Money) -> Result<(), BeginRefundRefused> {
    let queued = |refund: &&Refund| matches!(refund.state, RefundState::Queued { .. });
    if let Some(refund) = payment.refunds.iter().find(queued) {
        return Err(BeginRefundRefused::RefundInProgress { refund: refund.id });
    }
    if !payment.is_captured() || refundable.is_zero() {
        return Err(BeginRefundRefused::NothingToRefund { state: payment.state.clone() });
    }
    let in_range =
        amount.currency() == refundable.currency() && (1..=refundable.minor()).contains(&amount.minor());
    if in_range { Ok(()) } else { Err(BeginRefundRefused::AmountOutOfRange { refundable }) }
}

/// Records a known outcome of a refund.
///
/// With the last of the money the reservation ends, and what it had is available again. A partial
/// refund takes nothing from the buyer.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecordRefund {
    /// The moment that decides.
    pub now: Timestamp,
    /// The key under which it takes effect at most once.
    pub key: CommandKey,
    /// Which payment.
    pub payment: PaymentId,
    /// Which of its refunds.
    pub refund: RefundId,
    /// What the provider said.
    pub outcome: RefundOutcome,
}

/// What a provider said of a request to give money back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefundOutcome {
    /// The money is on its way to the buyer.
    Done,
    /// It will not give the money back; a person has to look.
    Refused {
        /// The provider's code.
        code: String,
    },
}

impl RecordRefund {
    /// Makes the command.
    pub fn new(
        now: Timestamp,
        key: CommandKey,
        payment: PaymentId,
        refund: RefundId,
        outcome: RefundOutcome,
    ) -> Self {
        Self { now, key, payment, refund, outcome }
    }
}

/// Why a refund's outcome is not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordRefundRefused {
    /// No such payment.
    #[error("there is no such payment")]
    PaymentNotFound,
    /// The payment has no such refund.
    #[error("there is no such refund")]
    RefundNotFound,
    /// Its outcome was recorded before.
    #[error("the refund awaits no outcome")]
    NotQueued,
}

impl Command for RecordRefund {
    type Refused = RecordRefundRefused;

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
        let mut fingerprint = fingerprint_of("record-refund", self.payment.as_uuid());
        fingerprint.id(self.refund.as_uuid());
        match &self.outcome {
            RefundOutcome::Done => fingerprint.text("done"),
            RefundOutcome::Refused { code } => fingerprint.text("refused").text(code),
        };
        fingerprint.finish()
    }

    fn needs(&self) -> Needs<'_> {
        Needs::default()
    }

    fn subject_unknown(&self) -> RecordRefundRefused {
        RecordRefundRefused::PaymentNotFound
    }

    fn decide(&self, scope: &dyn Scope) -> Result<Change, CommandError<RecordRefundRefused>> {
        let payment =
            scope.payment(self.payment).ok_or(CommandError::Refused(RecordRefundRefused::PaymentNotFound))?;
        let mut recorded = payment.clone();
        let refund = recorded
            .refunds
            .iter_mut()
            .find(|refund| refund.id == self.refund)
            .ok_or(CommandError::Refused(RecordRefundRefused::RefundNotFound))?;
        if !matches!(refund.state, RefundState::Queued { .. }) {
            return Err(CommandError::Refused(RecordRefundRefused::NotQueued));
        }
        let amount = refund.amount;
        let mut draft = Draft::new(scope, self.now);
        match &self.outcome {
            RefundOutcome::Refused { code } => {
                refund.state = RefundState::Refused { code: code.clone(), at: self.now };
                draft.payment_row(recorded);
            }
            RefundOutcome::Done => {
                refund.state = RefundState::Done { at: self.now };
                recorded.refunded = recorded.refunded.plus(amount)?;
                self.record_done(&mut draft, scope, recorded)?;
            }
        }
        Ok(draft.about(Effect { reservation: payment.reservation, payment: Some(payment.id) }))
    }
}

impl RecordRefund {
    fn record_done(
        &self,
        draft: &mut Draft<'_>,
        scope: &dyn Scope,
        payment: Payment,
    ) -> Result<(), StoreError> {
        let in_full = payment.refunded == payment.amount;
        let reservation = scope.reservation(payment.reservation);
        draft.payment(payment, &PaymentStep::Refund { in_full, at: self.now })?;
        match reservation {
            Some(reservation) if in_full => self.end_refunded(draft, reservation),
            _ => Ok(()),
        }
    }

    fn end_refunded(&self, draft: &mut Draft<'_>, reservation: &Reservation) -> Result<(), StoreError> {
        let step = ReservationStep::Cancel { reason: CancelReason::Refunded, at: self.now };
        let state = reservation.state.apply(&step)?;
        give_back(draft, reservation, Count::Sold)?;
        draft.fact(FactBody::ReservationCancelled { reservation: reservation.id, buyer: reservation.buyer });
        draft.reservation(Reservation { state, ..reservation.clone() });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
