//! Promise money back, and record whether it went.

use crate::decide::ask::{asked_at, asking_for_refunds};
use crate::decide::cancel::end_refunded;
use crate::decide::change::{Change, Effect};
use crate::decide::command::{Command, Needs, Subject, fingerprint_of};
use crate::decide::draft::Draft;
use crate::decide::new_id::add_refund;
use crate::decide::scope::Scope;
use crate::decide::settle::News;
use crate::id::{BuyerId, CommandKey, PaymentId, RefundId};
use crate::limits::{MAX_REASON_CHARS, RefundedSeats, Terms};
use crate::money::Money;
use crate::payment::{Payment, PaymentState, PaymentStep, Refund, RefundState};
use crate::refund_account::RefundAccount;
use crate::reservation::ReservationState;
use crate::store::{CommandError, StoreError};
use crate::text::{TextError, check_line, cleaned};
use crate::time::Timestamp;

/// Why money went back that nobody asked us for.
const BY_HAND: &str = "refunded at the provider";

/// Why the rest of it goes back, in words the provider and the buyer may read.
const THE_REST: &str = "the rest of a payment that bought nothing";

/// Commits the promise to give money back, before the provider is asked.
///
/// Until the outcome is recorded the buyer keeps what he bought.
///
/// The refund's id is new to the payment, or names a refund of the same content: then nothing changes, and the answer
/// is that refund as it stands. So a command sent again after its key was forgotten promises nothing twice.
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
    /// Where to, if it cannot go where it came from.
    pub account: Option<RefundAccount>,
    /// The shop's terms, which say when it is sent again if nothing is heard of it.
    pub terms: Terms,
}

impl BeginRefund {
    /// Makes a command of the organiser to give back all that is left, under the default terms.
    pub fn new(
        now: Timestamp,
        key: CommandKey,
        payment: PaymentId,
        refund: RefundId,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            now,
            key,
            payment,
            refund,
            buyer: None,
            amount: None,
            reason: reason.into(),
            account: None,
            terms: Terms::default(),
        }
    }

    /// Makes it a buyer's command, about his own payment.
    #[must_use]
    pub fn by_buyer(mut self, buyer: BuyerId) -> Self {
        self.buyer = Some(buyer);
        self
    }

    /// Decides under these terms.
    #[must_use]
    pub fn under(mut self, terms: Terms) -> Self {
        self.terms = terms;
        self
    }

    /// Sends it to that account.
    #[must_use]
    pub fn to_account(mut self, account: RefundAccount) -> Self {
        self.account = Some(account);
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
    /// The payment has a refund of that id, with another amount, reason or account.
    #[error("the payment has another refund of that id")]
    RefundIdTaken {
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
        if let Some(account) = &self.account {
            fingerprint.text(account.bank()).text(account.number()).text(account.holder());
        }
        fingerprint.text(&self.reason).finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        let Self { now: _, key: _, payment: _, refund: _, buyer: _, amount: _, reason, account: _, terms: _ } =
            self;
        // An account is checked as it is made.
        check_line("reason", reason, 0..=MAX_REASON_CHARS)
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
        let effect = Effect { reservation: payment.reservation, payment: Some(payment.id) };
        let mut draft = Draft::new(scope, self.now);
        if let Some(known) = payment.refund(self.refund) {
            let taken = CommandError::Refused(BeginRefundRefused::RefundIdTaken { refund: known.id });
            return if self.repeats(known) { Ok(draft.about(effect)) } else { Err(taken) };
        }
        let refundable = payment.refundable()?;
        let amount = self.amount.unwrap_or(refundable);
        check_refund(payment, amount, refundable).map_err(CommandError::Refused)?;
        let account = self.account.clone();
        let mut promised = promise_to(payment, self.refund, amount, &self.reason, account, self.now)?;
        // Whoever promised it sends it at once; only if nothing is heard of it, it is sent again.
        promised.asking = Some(asked_at(self.now, self.now.after(self.terms.pause(0))));
        draft.payment_row(promised);
        Ok(draft.about(effect))
    }
}

impl BeginRefund {
    /// Tells whether this asks for a refund that was promised before. The account is known while it is queued.
    fn repeats(&self, known: &Refund) -> bool {
        let same_account = !is_queued(known) || known.account() == self.account.as_ref();
        self.amount.is_none_or(|amount| amount == known.amount) && self.reason == known.reason && same_account
    }
}

/// Adds the promise of a refund, to where the money came from, to be sent from now on.
pub(super) fn promise(
    payment: &Payment,
    id: RefundId,
    amount: Money,
    reason: &str,
    now: Timestamp,
) -> Result<Payment, StoreError> {
    promise_to(payment, id, amount, reason, None, now)
}

fn promise_to(
    payment: &Payment,
    id: RefundId,
    amount: Money,
    reason: &str,
    account: Option<RefundAccount>,
    now: Timestamp,
) -> Result<Payment, StoreError> {
    let state = RefundState::Queued { since: now, account };
    let mut promised = payment.clone();
    add_refund(&mut promised, Refund { id, amount, reason: reason.to_owned(), state })?;
    promised.asking = Some(asked_at(now, now));
    Ok(promised)
}

fn is_queued(refund: &Refund) -> bool {
    matches!(refund.state, RefundState::Queued { .. })
}

fn check_refund(payment: &Payment, amount: Money, refundable: Money) -> Result<(), BeginRefundRefused> {
    if let Some(refund) = payment.queued_refund() {
        return Err(BeginRefundRefused::RefundInProgress { refund: refund.id });
    }
    if payment.captured.is_none() || refundable.is_zero() {
        return Err(BeginRefundRefused::NothingToRefund { state: payment.state.clone() });
    }
    let in_range =
        amount.currency() == refundable.currency() && (1..=refundable.minor()).contains(&amount.minor());
    if in_range { Ok(()) } else { Err(BeginRefundRefused::AmountOutOfRange { refundable }) }
}

/// Records a known outcome of a refund.
///
/// With the last of the money the reservation ends, and what it had is available again, unless the terms
/// keep its seats back ([`RefundedSeats`]). A partial
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
    /// The shop's terms; the event's own prevail.
    pub terms: Terms,
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
    /// Makes the command, under the default terms.
    pub fn new(
        now: Timestamp,
        key: CommandKey,
        payment: PaymentId,
        refund: RefundId,
        outcome: RefundOutcome,
    ) -> Self {
        Self { now, key, payment, refund, outcome, terms: Terms::default() }
    }

    /// Decides under these terms.
    #[must_use]
    pub fn under(mut self, terms: Terms) -> Self {
        self.terms = terms;
        self
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

    fn check_texts(&self) -> Result<(), TextError> {
        let Self { now: _, key: _, payment: _, refund: _, outcome: _, terms: _ } = self;
        // What the provider said is cleaned where it is recorded.
        Ok(())
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
        if !is_queued(refund) {
            return Err(CommandError::Refused(RecordRefundRefused::NotQueued));
        }
        let amount = refund.amount;
        let mut draft = Draft::new(scope, self.now);
        match &self.outcome {
            RefundOutcome::Refused { code } => {
                let at = payment.after_notes(self.now);
                refund.state = RefundState::Refused { code: cleaned(code, MAX_REASON_CHARS), at };
                recorded.asking = asking_for_refunds(&recorded, self.now);
                draft.payment_row(recorded);
            }
            RefundOutcome::Done => {
                refund.state = RefundState::Done { at: self.now };
                recorded.refunded = recorded.refunded.plus(amount)?;
                let seats = scope.event().details.terms.over(self.terms).refunded_seats;
                went_back(&mut draft, scope, recorded, seats, self.now)?;
            }
        }
        Ok(draft.about(Effect { reservation: payment.reservation, payment: Some(payment.id) }))
    }
}

/// Returns how much went back of what was taken: a provider that says more means all of it.
pub(super) fn believed(returned: Money, captured: Option<Money>) -> Money {
    match captured {
        Some(all) if all.currency() == returned.currency() && returned.minor() > all.minor() => all,
        Some(_) | None => returned,
    }
}

/// Records what the provider gave back without our asking, or by a refund we heard nothing of.
pub(super) fn record_returned(
    draft: &mut Draft<'_>,
    scope: &dyn Scope,
    payment: &Payment,
    returned: Money,
    seats: RefundedSeats,
    now: Timestamp,
) -> Result<News, StoreError> {
    let known = payment.refunded;
    let returned = believed(returned, payment.captured);
    if returned.currency() != known.currency() || returned.minor() <= known.minor() {
        return Ok(News::None);
    }
    let mut recorded = payment.clone();
    let mut unknown = returned.minus(known)?;
    if let Some(queued) = recorded.refunds.iter_mut().find(|refund| is_queued(refund)) {
        // Less than what is under way is somebody else's: wait for the word on ours.
        if unknown.minor() < queued.amount.minor() {
            return Ok(News::None);
        }
        queued.state = RefundState::Done { at: now };
        unknown = unknown.minus(queued.amount)?;
    }
    if unknown.minor() > 0 {
        let id = RefundId::derived(payment.id, &format!("by hand {returned}"));
        let (reason, state) = (BY_HAND.to_owned(), RefundState::Done { at: now });
        add_refund(&mut recorded, Refund { id, amount: unknown, reason, state })?;
    }
    recorded.refunded = returned;
    went_back(draft, scope, recorded, seats, now)?;
    Ok(News::Some)
}

/// Promises the rest of money that bought nothing, of which a part went back.
///
/// A whole refund may have been refused before, and whoever then sent a part has seen to the list of those refused.
fn promise_rest(payment: Payment, now: Timestamp) -> Result<Payment, StoreError> {
    let left = payment.refundable()?;
    if left.minor() <= 0 || payment.queued_refund().is_some() {
        return Ok(payment);
    }
    let id = RefundId::derived(payment.id, &format!("the rest after {}", payment.refunded));
    promise(&payment, id, left, THE_REST, now)
}

/// Writes a payment of which more went back; with the last of it the reservation it paid for ends.
pub(super) fn went_back(
    draft: &mut Draft<'_>,
    scope: &dyn Scope,
    mut payment: Payment,
    seats: RefundedSeats,
    now: Timestamp,
) -> Result<(), StoreError> {
    let in_full = payment.captured == Some(payment.refunded);
    let reservation = scope.reservation(payment.reservation);
    let bought = reservation.filter(|reservation| {
        reservation.payment == Some(payment.id)
            && matches!(reservation.state, ReservationState::Confirmed { .. })
    });
    payment.asking = asking_for_refunds(&payment, now);
    payment.state = payment.state.apply(&PaymentStep::Refund { in_full, at: now })?;
    if bought.is_none() {
        payment = promise_rest(payment, now)?;
    }
    draft.payment_row(payment);
    match bought {
        Some(reservation) if in_full => end_refunded(draft, reservation, seats, now),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
