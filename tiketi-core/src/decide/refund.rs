//! Promise money back, and record whether it went.

use crate::decide::cancel::end_refunded;
use crate::decide::change::{Change, Effect};
use crate::decide::change_builder::ChangeBuilder;
use crate::decide::command::{Command, ReadSet, Subject, fingerprint_of};
use crate::decide::give_back::{Granted, RefundWanted, bought_by, grant, owed_for_nothing, take_back};
use crate::decide::new_id::add_refund;
use crate::decide::record_outcome::News;
use crate::decide::schedule_reconciliation::{reconciliation_due, reconciliation_of_refunds};
use crate::decide::scope::Scope;
use crate::error::{CommandError, StoreError};
use crate::id::{BuyerId, CommandKey, PaymentId, RefundId, SeatId, TicketTypeId};
use crate::limits::{MAX_REASON_CHARS, RefundedSeats, Terms};
use crate::money::Money;
use crate::payment::{Payment, PaymentState, PaymentStep, Refund, RefundState, RefundTickets};
use crate::refund_account::RefundAccount;
use crate::text::{TextError, check_line, cleaned};
use crate::time::Timestamp;

/// Why money went back that nobody asked us for.
const BY_HAND: &str = "refunded at the provider";

/// Why the rest of it goes back, in words the provider and the buyer may read.
const THE_REST: &str = "the rest of a payment that bought nothing";

/// Commits the promise to give money back, before the provider is asked.
///
/// A buyer gets what the policy gives, under which his reservation was confirmed; staff say how much, and what becomes
/// of the tickets. Until the outcome is recorded the buyer keeps what he bought. If no money comes back for what is
/// given back, no provider is asked, and it stops being the buyer's at once.
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
    /// What is given back.
    pub wanted: RefundWanted,
    /// Why, in words the provider and the buyer may read.
    pub reason: String,
    /// Where to, if it cannot go where it came from.
    pub account: Option<RefundAccount>,
    /// The shop's terms, which say when it is sent again if nothing is heard of it.
    pub terms: Terms,
}

impl BeginRefund {
    /// Makes a command of the organiser to take everything back for its price, under the default terms.
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
            wanted: RefundWanted::everything(),
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

    /// Gives this back.
    #[must_use]
    pub fn wanting(mut self, wanted: RefundWanted) -> Self {
        self.wanted = wanted;
        self
    }

    /// Gives back only so much money; the tickets stay the buyer's.
    #[must_use]
    pub fn only(self, amount: Money) -> Self {
        self.wanting(RefundWanted::waiver(amount))
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
    /// The buyer can no longer give tickets back.
    #[error("tickets can no longer be given back")]
    CancellationClosed {
        /// Since when; `None` if they never could.
        since: Option<Timestamp>,
    },
    /// The buyer named another amount than the policy gives.
    #[error("{granted} comes back for these tickets")]
    AmountNotGranted {
        /// What comes back.
        granted: Money,
    },
    /// Some of the tickets named are not the buyer's, or were named more often than he has them.
    #[error("some of the tickets are not in the reservation")]
    TicketsNotOwned {
        /// Which seats.
        seats: Vec<SeatId>,
        /// Of which ticket types too many units, or none, were named.
        ticket_types: Vec<TicketTypeId>,
    },
    /// An empty list of tickets was given.
    #[error("name at least one ticket")]
    NothingAsked,
    /// Money is given back without taking tickets, and nothing says why.
    #[error("say why the buyer keeps the tickets")]
    ReasonMissing,
    /// Only staff give money back and leave the tickets with the buyer.
    #[error("only staff give money back without taking tickets")]
    StaffOnly,
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
        self.wanted.add_to(&mut fingerprint);
        if let Some(account) = &self.account {
            fingerprint.text(account.bank()).text(account.number()).text(account.holder());
        }
        fingerprint.text(&self.reason).finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        let Self { now: _, key: _, payment: _, refund: _, buyer: _, wanted: _, reason, account: _, terms: _ } =
            self;
        // An account is checked as it is made.
        check_line("reason", reason, 0..=MAX_REASON_CHARS)
    }

    fn read_set(&self) -> ReadSet<'_> {
        ReadSet::default()
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
        let mut change = ChangeBuilder::new(scope, self.now);
        if let Some(known) = payment.refund(self.refund) {
            let taken = CommandError::Refused(BeginRefundRefused::RefundIdTaken { refund: known.id });
            return if self.repeats(known) { Ok(change.about(effect)) } else { Err(taken) };
        }
        check_refund(payment).map_err(CommandError::Refused)?;
        let granted = grant(scope, self, payment)?;
        if granted.amount.is_zero() {
            self.take_for_nothing(&mut change, scope, payment, granted)?;
        } else {
            let Granted { amount, tickets } = granted;
            let state = RefundState::Queued { since: self.now, account: self.account.clone() };
            let refund = Refund { id: self.refund, amount, reason: self.reason.clone(), tickets, state };
            let mut promised = payment.clone();
            add_refund(&mut promised, refund)?;
            // Whoever promised it sends it at once; only if nothing is heard of it, it is sent again.
            promised.reconciliation = Some(reconciliation_due(self.now, self.now.after(self.terms.pause(0))));
            change.payment_row(promised);
        }
        Ok(change.about(effect))
    }
}

impl BeginRefund {
    /// Tells whether this asks for a refund that was promised before. The account is known while it is queued.
    fn repeats(&self, known: &Refund) -> bool {
        let same_account = !is_queued(known) || known.account() == self.account.as_ref();
        self.wanted.is_of(known) && self.reason == known.reason && same_account
    }
}

impl BeginRefund {
    /// Takes tickets back for which no money is sent.
    fn take_for_nothing(
        &self,
        change: &mut ChangeBuilder<'_>,
        scope: &dyn Scope,
        payment: &Payment,
        granted: Granted,
    ) -> Result<(), StoreError> {
        let Granted { amount, tickets } = granted;
        let (reason, state) = (self.reason.clone(), RefundState::Done { at: self.now });
        let mut recorded = payment.clone();
        add_refund(
            &mut recorded,
            Refund { id: self.refund, amount, reason, tickets: tickets.clone(), state },
        )?;
        change.payment_row(recorded);
        let seats = scope.event().details.terms.over(self.terms).refunded_seats;
        match (bought_by(scope, payment), &tickets) {
            (Some(reservation), RefundTickets::Returned(returned)) => {
                take_back(change, reservation, returned, seats, self.now)
            }
            _ => Ok(()),
        }
    }
}

/// Adds the promise of a refund, to where the money came from, to be sent from now on.
pub(super) fn queue_refund(
    payment: &Payment,
    id: RefundId,
    amount: Money,
    reason: &str,
    tickets: RefundTickets,
    now: Timestamp,
) -> Result<Payment, StoreError> {
    let state = RefundState::Queued { since: now, account: None };
    let mut promised = payment.clone();
    add_refund(&mut promised, Refund { id, amount, reason: reason.to_owned(), tickets, state })?;
    promised.reconciliation = Some(reconciliation_due(now, now));
    Ok(promised)
}

fn is_queued(refund: &Refund) -> bool {
    matches!(refund.state, RefundState::Queued { .. })
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

/// Records a known outcome of a refund.
///
/// The tickets that the refund names stop being the buyer's, and are available again, unless the terms keep the seats
/// back ([`RefundedSeats`]). With the last of them the reservation ends, whether or not the shop keeps a fee.
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

    fn read_set(&self) -> ReadSet<'_> {
        ReadSet::default()
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
        let (amount, tickets) = (refund.amount, refund.tickets.clone());
        let mut change = ChangeBuilder::new(scope, self.now);
        match &self.outcome {
            RefundOutcome::Refused { code } => {
                let at = payment.after_notes(self.now);
                refund.state = RefundState::Refused { code: cleaned(code, MAX_REASON_CHARS), at };
                recorded.reconciliation = reconciliation_of_refunds(&recorded, self.now);
                change.payment_row(recorded);
            }
            RefundOutcome::Done => {
                refund.state = RefundState::Done { at: self.now };
                recorded.refunded = recorded.refunded.plus(amount)?;
                let seats = scope.event().details.terms.over(self.terms).refunded_seats;
                apply_refund(&mut change, scope, recorded, Some(&tickets), seats, self.now)?;
            }
        }
        Ok(change.about(Effect { reservation: payment.reservation, payment: Some(payment.id) }))
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
    change: &mut ChangeBuilder<'_>,
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
    let mut tickets = None;
    if let Some(queued) = recorded.refunds.iter_mut().find(|refund| is_queued(refund)) {
        // Less than what is under way is somebody else's: wait for the word on ours.
        if unknown.minor() < queued.amount.minor() {
            return Ok(News::None);
        }
        queued.state = RefundState::Done { at: now };
        tickets = Some(queued.tickets.clone());
        unknown = unknown.minus(queued.amount)?;
    }
    if unknown.minor() > 0 {
        let id = RefundId::derived(payment.id, &format!("by hand {returned}"));
        // A note that was written before does not say what this part is for.
        let (reason, state) = (BY_HAND.to_owned(), RefundState::Done { at: recorded.after_notes(now) });
        let by_hand = match bought_by(scope, payment) {
            Some(_) => RefundTickets::Unstated,
            None => RefundTickets::None,
        };
        add_refund(&mut recorded, Refund { id, amount: unknown, reason, tickets: by_hand, state })?;
    }
    recorded.refunded = returned;
    apply_refund(change, scope, recorded, tickets.as_ref(), seats, now)?;
    Ok(News::Some)
}

/// Promises the rest of money that bought nothing, of which a part went back.
///
/// A whole refund may have been refused before, and whoever then sent a part has seen to the list of those refused.
fn queue_rest(payment: Payment, now: Timestamp) -> Result<Payment, StoreError> {
    let left = owed_for_nothing(&payment)?;
    if left.minor() <= 0 || payment.queued_refund().is_some() {
        return Ok(payment);
    }
    let id = RefundId::derived(payment.id, &format!("the rest after {}", payment.refunded));
    queue_refund(&payment, id, left, THE_REST, RefundTickets::None, now)
}

/// Writes a payment of which more went back, and takes the tickets that a refund names.
///
/// If the last of the money was sent back at the provider, the reservation it paid for ends.
pub(super) fn apply_refund(
    change: &mut ChangeBuilder<'_>,
    scope: &dyn Scope,
    mut payment: Payment,
    tickets: Option<&RefundTickets>,
    seats: RefundedSeats,
    now: Timestamp,
) -> Result<(), StoreError> {
    let in_full = payment.captured == Some(payment.refunded);
    let bought = bought_by(scope, &payment);
    let by_hand = payment.refunds.last().is_some_and(|last| last.tickets == RefundTickets::Unstated);
    payment.reconciliation = reconciliation_of_refunds(&payment, now);
    payment.state = payment.state.apply(&PaymentStep::Refund { in_full, at: now })?;
    if bought.is_none() {
        payment = queue_rest(payment, now)?;
    }
    change.payment_row(payment);
    match (bought, tickets) {
        (Some(reservation), _) if in_full && by_hand => end_refunded(change, reservation, seats, now),
        (Some(reservation), Some(RefundTickets::Returned(returned))) => {
            take_back(change, reservation, returned, seats, now)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
