//! Queues refunds, and records their outcomes.

use std::sync::Arc;

use crate::decide::change::{Change, Effect};
use crate::decide::change_builder::ChangeBuilder;
use crate::decide::command::{Command, Subject, fingerprint_of};
use crate::decide::effects::{
    apply_refund, is_queued, reconciliation_due, reconciliation_of_refunds, take_back,
};
use crate::decide::new_id::add_refund;
use crate::decide::refund::grant::{Granted, grant};
use crate::decide::refund_amount::{RefundWanted, bought_by};
use crate::decide::scope::Scope;
use crate::error::{CommandError, StoreError};
use crate::id::{BuyerId, PaymentId, RefundId, SeatId, TicketTypeId};
use crate::limits::MAX_REASON_CHARS;
use crate::money::Money;
use crate::payment::{Payment, PaymentState, Refund, RefundState, RefundTickets};
use crate::refund_account::RefundAccount;
use crate::terms::Terms;
use crate::text::{TextError, check_line, cleaned};
use crate::time::Timestamp;

mod grant;

/// Queues a refund, before the provider is called.
///
/// A buyer is refunded under the policy by which the reservation was confirmed; staff choose the amount and what
/// happens to the tickets. Until the outcome is recorded, the buyer keeps the tickets. If the amount is zero, no
/// provider is called, and the tickets are returned at once.
///
/// The refund's id must be new to the payment, or name a refund with the same content: then nothing changes, and the
/// result is that refund as it is now. So a command sent again after its key was deleted queues no second refund.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BeginRefund {
    /// The payment.
    pub payment: PaymentId,
    /// The id for the new refund.
    pub refund: RefundId,
    /// The buyer, for a payment of their own; `None` for the organiser.
    pub buyer: Option<BuyerId>,
    /// What to refund.
    pub wanted: RefundWanted,
    /// The reason, in words that the provider and the buyer may read.
    pub reason: String,
    /// The account, if the money cannot go back to where it came from.
    pub account: Option<RefundAccount>,
    /// The shop's terms; they set when the refund is sent again if its outcome stays unknown.
    pub terms: Arc<Terms>,
}

impl BeginRefund {
    /// Makes a command of the organiser that refunds everything for its price.
    ///
    /// It uses the default terms.
    pub fn new(payment: PaymentId, refund: RefundId, reason: impl Into<String>) -> Self {
        Self {
            payment,
            refund,
            buyer: None,
            wanted: RefundWanted::everything(),
            reason: reason.into(),
            account: None,
            terms: Arc::default(),
        }
    }

    /// Makes it the command of a buyer, for a payment of their own.
    #[must_use]
    pub fn by_buyer(mut self, buyer: BuyerId) -> Self {
        self.buyer = Some(buyer);
        self
    }

    /// Sets the terms.
    #[must_use]
    pub fn under(mut self, terms: impl Into<Arc<Terms>>) -> Self {
        self.terms = terms.into();
        self
    }

    /// Sets the account.
    #[must_use]
    pub fn to_account(mut self, account: RefundAccount) -> Self {
        self.account = Some(account);
        self
    }

    /// Sets what to refund.
    #[must_use]
    pub fn wanting(mut self, wanted: RefundWanted) -> Self {
        self.wanted = wanted;
        self
    }

    /// Refunds only this amount; the buyer keeps the tickets.
    #[must_use]
    pub fn only(self, amount: Money) -> Self {
        self.wanting(RefundWanted::waiver(amount))
    }
}

/// Why no refund is queued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BeginRefundRefused {
    /// The payment does not exist, or belongs to another buyer.
    #[error("there is no such payment")]
    PaymentNotFound,
    /// No money is left: none was captured, or all of it was refunded.
    #[error("the payment has nothing to refund")]
    NothingToRefund {
        /// State of the payment.
        state: PaymentState,
    },
    /// Another refund of the payment is in progress.
    #[error("a refund of the payment is in progress")]
    RefundInProgress {
        /// That refund.
        refund: RefundId,
    },
    /// The payment has a refund with that id and another amount, reason or account.
    #[error("the payment has another refund with that id")]
    RefundIdTaken {
        /// That refund.
        refund: RefundId,
    },
    /// The amount is zero, negative, more than is left, or in another currency.
    #[error("a refund must be more than zero and at most {refundable}")]
    AmountOutOfRange {
        /// The most that can be refunded.
        refundable: Money,
    },
    /// The buyer can no longer give tickets back.
    #[error("tickets can no longer be given back")]
    CancellationClosed {
        /// Since when; `None` if they could never be given back.
        since: Option<Timestamp>,
    },
    /// The buyer named another amount than the policy gives.
    #[error("{granted} comes back for these tickets")]
    AmountNotGranted {
        /// What the policy gives.
        granted: Money,
    },
    /// Some of the named tickets are not the buyer's, or are named more often than the buyer has them.
    #[error("some of the tickets are not in the reservation")]
    TicketsNotOwned {
        /// These seats.
        seats: Vec<SeatId>,
        /// These ticket types, of which too many units, or none, were named.
        ticket_types: Vec<TicketTypeId>,
    },
    /// The list of tickets is empty.
    #[error("name at least one ticket")]
    NothingAsked,
    /// The buyer would keep the tickets, and no reason is given.
    #[error("say why the buyer keeps the tickets")]
    ReasonMissing,
    /// Only staff can refund money and let the buyer keep the tickets.
    #[error("only staff give money back without taking tickets")]
    StaffOnly,
}

impl Command for BeginRefund {
    type Refused = BeginRefundRefused;

    fn name(&self) -> &'static str {
        "begin-refund"
    }

    fn subject(&self) -> Subject {
        Subject::Payment(self.payment)
    }

    fn fingerprint(&self) -> u128 {
        let mut fingerprint = fingerprint_of(self.name(), self.payment.as_uuid());
        if let Some(buyer) = self.buyer {
            fingerprint.id(buyer.as_uuid());
        }
        self.wanted.add_to(&mut fingerprint);
        if let Some(account) = &self.account {
            fingerprint.text(account.bank()).text(account.number()).text(account.holder());
        }
        fingerprint.text(&self.reason).finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        let Self { payment: _, refund: _, buyer: _, wanted: _, reason, account: _, terms: _ } = self;
        // An account is checked when it is made, so it is not checked here.
        check_line("reason", reason, 0..=MAX_REASON_CHARS)
    }

    fn subject_unknown(&self) -> BeginRefundRefused {
        BeginRefundRefused::PaymentNotFound
    }

    fn decide(&self, scope: &dyn Scope, now: Timestamp) -> Result<Change, CommandError<BeginRefundRefused>> {
        let payment = scope
            .payment(self.payment)
            .filter(|found| self.buyer.is_none_or(|buyer| buyer == found.buyer))
            .ok_or(CommandError::Refused(BeginRefundRefused::PaymentNotFound))?;
        let effect = Effect { reservation: payment.reservation, payment: Some(payment.id) };
        let mut change = ChangeBuilder::new(scope, now);
        if let Some(known) = payment.refund(self.refund) {
            let taken = CommandError::Refused(BeginRefundRefused::RefundIdTaken { refund: known.id });
            return if self.repeats(known) { Ok(change.about(effect)) } else { Err(taken) };
        }
        check_refund(payment).map_err(CommandError::Refused)?;
        let granted = grant(scope, self, payment, now)?;
        if granted.amount.is_zero() {
            self.take_for_nothing(&mut change, scope, payment, granted, now)?;
        } else {
            let Granted { amount, tickets } = granted;
            let state = RefundState::Queued { since: now, account: self.account.clone() };
            let refund = Refund { id: self.refund, amount, reason: self.reason.clone(), tickets, state };
            let mut promised = payment.clone();
            add_refund(&mut promised, refund)?;
            // The caller sends it at once; only if its outcome stays unknown, reconciliation sends it again.
            promised.reconciliation = Some(reconciliation_due(now, now.after(self.terms.pause(0))));
            change.payment_row(promised);
        }
        Ok(change.about(effect))
    }
}

impl BeginRefund {
    /// Returns whether a queued refund has the same content.
    ///
    /// Its account is known while it is queued.
    fn repeats(&self, known: &Refund) -> bool {
        let same_account = !is_queued(known) || known.account() == self.account.as_ref();
        self.wanted.is_of(known) && self.reason == known.reason && same_account
    }
}

impl BeginRefund {
    /// Takes tickets back without a refund of money.
    fn take_for_nothing(
        &self,
        change: &mut ChangeBuilder<'_>,
        scope: &dyn Scope,
        payment: &Payment,
        granted: Granted,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Granted { amount, tickets } = granted;
        let (reason, state) = (self.reason.clone(), RefundState::Done { at: now });
        let mut recorded = payment.clone();
        add_refund(
            &mut recorded,
            Refund { id: self.refund, amount, reason, tickets: tickets.clone(), state },
        )?;
        change.payment_row(recorded);
        let seats = scope.event().details.terms.over(&self.terms).refunded_seats;
        match (bought_by(scope, payment), &tickets) {
            (Some(reservation), RefundTickets::Returned(returned)) => {
                take_back(change, reservation, returned, seats, now)
            }
            _ => Ok(()),
        }
    }
}

fn check_refund(payment: &Payment) -> Result<(), BeginRefundRefused> {
    if let Some(refund) = payment.queued_refund() {
        return Err(BeginRefundRefused::RefundInProgress { refund: refund.id });
    }
    if payment.captured.is_none() {
        return Err(BeginRefundRefused::NothingToRefund { state: payment.state.clone() });
    }
    Ok(())
}

/// Records the outcome of a refund.
///
/// The tickets that the refund names are no longer the buyer's. They become available, unless the terms block the seats
/// ([`RefundedSeats`](crate::terms::RefundedSeats)). The reservation ends with the last of them, even if the shop keeps a fee.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecordRefund {
    /// The payment.
    pub payment: PaymentId,
    /// The refund.
    pub refund: RefundId,
    /// The provider's answer.
    pub outcome: RefundOutcome,
    /// The shop's terms; the event's own override them.
    pub terms: Arc<Terms>,
}

/// A provider's answer to a request for a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefundOutcome {
    /// The money is on its way to the buyer.
    Done,
    /// The provider will not send the money back; staff must act.
    Refused {
        /// The provider's code.
        code: String,
    },
}

impl RecordRefund {
    /// Makes the command, with the default terms.
    pub fn new(payment: PaymentId, refund: RefundId, outcome: RefundOutcome) -> Self {
        Self { payment, refund, outcome, terms: Arc::default() }
    }

    /// Sets the terms.
    #[must_use]
    pub fn under(mut self, terms: impl Into<Arc<Terms>>) -> Self {
        self.terms = terms.into();
        self
    }
}

/// Why a refund's outcome is not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordRefundRefused {
    /// The payment does not exist.
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

    fn name(&self) -> &'static str {
        "record-refund"
    }

    fn subject(&self) -> Subject {
        Subject::Payment(self.payment)
    }

    fn fingerprint(&self) -> u128 {
        let mut fingerprint = fingerprint_of(self.name(), self.payment.as_uuid());
        fingerprint.id(self.refund.as_uuid());
        match &self.outcome {
            RefundOutcome::Done => fingerprint.text("done"),
            RefundOutcome::Refused { code } => fingerprint.text("refused").text(code),
        };
        fingerprint.finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        let Self { payment: _, refund: _, outcome: _, terms: _ } = self;
        // The provider's texts are cleaned before they are recorded.
        Ok(())
    }

    fn may_change_archived(&self) -> bool {
        true
    }

    fn subject_unknown(&self) -> RecordRefundRefused {
        RecordRefundRefused::PaymentNotFound
    }

    fn decide(&self, scope: &dyn Scope, now: Timestamp) -> Result<Change, CommandError<RecordRefundRefused>> {
        let payment =
            scope.payment(self.payment).ok_or(CommandError::Refused(RecordRefundRefused::PaymentNotFound))?;
        let mut recorded = payment.clone();
        let refund = recorded
            .refunds
            .iter_mut()
            .find(|refund| refund.id == self.refund)
            .ok_or(CommandError::Refused(RecordRefundRefused::RefundNotFound))?;
        if !is_queued(refund) {
            return Err(CommandError::Refused(RecordRefundRefused::NotQueued));
        }
        let (amount, tickets) = (refund.amount, refund.tickets.clone());
        let mut change = ChangeBuilder::new(scope, now);
        match &self.outcome {
            RefundOutcome::Refused { code } => {
                let at = payment.after_notes(now);
                refund.state = RefundState::Refused { code: cleaned(code, MAX_REASON_CHARS), at };
                recorded.reconciliation = reconciliation_of_refunds(&recorded, now);
                change.payment_row(recorded);
            }
            RefundOutcome::Done => {
                refund.state = RefundState::Done { at: now };
                recorded.refunded = recorded.refunded.plus(amount)?;
                let seats = scope.event().details.terms.over(&self.terms).refunded_seats;
                apply_refund(&mut change, scope, recorded, Some(&tickets), seats, now)?;
            }
        }
        Ok(change.about(Effect { reservation: payment.reservation, payment: Some(payment.id) }))
    }
}

#[cfg(test)]
mod tests;
