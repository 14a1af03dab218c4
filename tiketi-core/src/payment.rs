//! Payments: one record for each attempt to pay, and the state of its money.

mod refund;
mod state;

pub use refund::{Refund, RefundState, RefundTickets, ReturnedItem, ReturnedTickets};
pub use state::{PaymentState, PaymentStep, StuckReason};

use std::time::Duration;

use crate::id::{BuyerId, EventId, PaymentId, RefundId, ReservationId};
use crate::metadata::Metadata;
use crate::money::{Money, MoneyError};
use crate::secret_digest::SecretDigest;
use crate::time::Timestamp;

/// Decline code of a payment that staff ended while its outcome was unknown.
pub const ENDED_BY_STAFF: &str = "ENDED_BY_STAFF";
/// Decline code of a payment that the provider did not know when [`crate::Terms::not_found_grace`] ended.
pub const NOT_FOUND: &str = "NOT_FOUND";

/// One attempt to pay for one reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Payment {
    /// Id of the attempt; also the order id at the provider and the provider's idempotency key.
    pub id: PaymentId,
    /// The reservation it pays for.
    pub reservation: ReservationId,
    /// The event of that reservation.
    pub event: EventId,
    /// The buyer who pays.
    pub buyer: BuyerId,
    /// The amount to pay: the reservation's total when the attempt was prepared.
    pub amount: Money,
    /// The amount the provider captured; `None` until the provider reports a capture.
    pub captured: Option<Money>,
    /// When the shop learned of the capture.
    pub captured_at: Option<Timestamp>,
    /// The part of the captured amount that was refunded, in its currency.
    pub refunded: Money,
    /// Name of the payment gateway; see [`crate::PaymentGateway::name`].
    pub gateway: String,
    /// The payment method that the buyer chose, as the gateway names it.
    pub method: String,
    /// The provider's own key for the payment, once known.
    pub provider_key: Option<String>,
    /// State of the payment.
    pub state: PaymentState,
    /// Refunds, oldest first.
    pub refunds: Vec<Refund>,
    /// The pending reconciliation; `None` while the provider owes no answer.
    pub reconciliation: Option<Reconciliation>,
    /// Notes of the staff, oldest first.
    pub notes: Vec<Note>,
    /// The secret with which the provider proves a message about the deposit, once it named one.
    pub deposit_secret: Option<SecretDigest>,
    /// When the attempt was prepared.
    pub created_at: Timestamp,
    /// The host's own data.
    pub metadata: Metadata,
    /// Grows by one with each change.
    pub version: u64,
}

impl Payment {
    /// Returns the refund with this id.
    pub fn refund(&self, id: RefundId) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.id == id)
    }

    /// Returns the refund to send next: the oldest one that is queued.
    pub fn queued_refund(&self) -> Option<&Refund> {
        self.refunds.iter().find(|refund| matches!(refund.state, RefundState::Queued { .. }))
    }

    /// Returns the captured amount that is neither refunded nor queued for a refund.
    ///
    /// # Errors
    ///
    /// [`MoneyError`] if the row's amounts contradict each other.
    pub fn refundable(&self) -> Result<Money, MoneyError> {
        let Some(captured) = self.captured else { return Ok(Money::zero(self.amount.currency())) };
        let queued = self.refunds.iter().filter(|refund| matches!(refund.state, RefundState::Queued { .. }));
        queued.map(|refund| refund.amount).try_fold(captured.minus(self.refunded)?, Money::minus)
    }

    /// Returns how much of the price of returned tickets the shop keeps.
    ///
    /// Queued refunds count; refused refunds do not.
    ///
    /// # Errors
    ///
    /// [`MoneyError`] if the row's amounts contradict each other.
    pub fn kept_for_returned(&self) -> Result<Money, MoneyError> {
        let stands = |refund: &&Refund| !matches!(refund.state, RefundState::Refused { .. });
        let nothing = Money::zero(self.refunded.currency());
        let sum = |sum: Money, refund: &Refund| sum.plus(refund.kept()?);
        self.refunds.iter().filter(stands).try_fold(nothing, sum)
    }

    /// Returns whether a part was refunded at the provider, for unstated tickets.
    pub fn is_refund_unstated(&self) -> bool {
        self.unstated_since().is_some()
    }

    /// Returns when the latest such refund was recorded, while the rest is still paid.
    fn unstated_since(&self) -> Option<Timestamp> {
        let partly = matches!(self.state, PaymentState::PartlyRefunded { .. });
        let unstated = |refund: &Refund| match (&refund.tickets, &refund.state) {
            (RefundTickets::Unstated, RefundState::Done { at }) => Some(*at),
            _ => None,
        };
        self.refunds.iter().filter(|_| partly).filter_map(unstated).max()
    }

    /// Returns whether the provider refused the latest refund.
    pub fn is_refund_refused(&self) -> bool {
        matches!(self.refunds.last(), Some(Refund { state: RefundState::Refused { .. }, .. }))
    }

    /// Returns whether the refund for a cancelled event was refused.
    ///
    /// It is `false` again once a later refund is done. The shop does not send a refused refund again; staff must act.
    pub fn is_call_off_refused(&self) -> bool {
        let refused = |(at, refund): (usize, &Refund)| {
            matches!(refund.state, RefundState::Refused { .. }) && refund.id == self.call_off_refund(at)
        };
        let apply_refund = |(_, refund): (usize, &Refund)| {
            matches!(refund.state, RefundState::Done { .. }) && !refund.amount.is_zero()
        };
        let last = |wanted: &dyn Fn((usize, &Refund)) -> bool| {
            self.refunds.iter().enumerate().rev().find(|it| wanted(*it)).map(|(at, _)| at)
        };
        last(&refused).is_some_and(|refused| last(&apply_refund) < Some(refused))
    }

    /// Returns the id of the `at`-th refund, queued because the event was cancelled.
    pub(crate) fn call_off_refund(&self, at: usize) -> RefundId {
        RefundId::derived(self.id, &format!("the event was cancelled {at}"))
    }

    /// Returns the deposit that the payment waits for, if it waits for one.
    pub fn awaited_deposit(&self) -> Option<&Deposit> {
        let confirming = matches!(self.state, PaymentState::Confirming { .. });
        self.reconciliation
            .as_ref()
            .filter(|_| confirming)
            .and_then(|reconciliation| reconciliation.deposit.as_ref())
    }

    /// Returns whether the provider awaits a deposit that it reported as paid before.
    pub fn is_withdrawn(&self) -> bool {
        let kept = matches!(self.state, PaymentState::Paid { .. } | PaymentState::PartlyRefunded { .. });
        kept && self.reconciliation.as_ref().is_some_and(|reconciliation| reconciliation.deposit.is_some())
    }

    /// Returns whether staff must act.
    ///
    /// It is `false` once a later note settles the matter.
    pub fn needs_attention(&self) -> bool {
        let settled =
            |since| self.notes.last().is_some_and(|note| note.settles == Settles::Yes && note.at >= since);
        self.trouble_since().is_some_and(|since| !settled(since))
    }

    /// Returns when the latest thing that needs attention happened, settled or not.
    pub(crate) fn trouble_since(&self) -> Option<Timestamp> {
        let stuck = match self.state {
            PaymentState::Stuck { at, .. } if self.queued_refund().is_none() => Some(at),
            PaymentState::Stuck { .. }
            | PaymentState::Ready
            | PaymentState::Confirming { .. }
            | PaymentState::Paid { .. }
            | PaymentState::PartlyRefunded { .. }
            | PaymentState::Refunded { .. }
            | PaymentState::Declined { .. }
            | PaymentState::Abandoned => None,
        };
        let refused = self.refunds.last().and_then(|refund| match refund.state {
            RefundState::Refused { at, .. } => Some(at),
            RefundState::Queued { .. } | RefundState::Done { .. } => None,
        });
        let withdrawn = self
            .reconciliation
            .as_ref()
            .filter(|_| self.is_withdrawn())
            .map(|reconciliation| reconciliation.since);
        [stuck, refused, withdrawn, self.unstated_since()].into_iter().flatten().max()
    }

    /// Returns `now`, or the moment just after the last note if that is later.
    ///
    /// The clock of the note's server may have been ahead. What happens after a note must carry a later moment, or the
    /// note would seem to settle it.
    pub(crate) fn after_notes(&self, now: Timestamp) -> Timestamp {
        self.notes.last().map_or(now, |note| now.max(note.at.after(Duration::from_micros(1))))
    }

    /// Returns since when an answer about the money is awaited.
    ///
    /// A deposit counts from its due time on.
    pub fn awaited_since(&self) -> Option<Timestamp> {
        let confirming = matches!(self.state, PaymentState::Confirming { .. });
        let reconciliation =
            self.reconciliation.as_ref().filter(|_| confirming || self.queued_refund().is_some())?;
        Some(
            self.awaited_deposit()
                .map_or(reconciliation.since, |deposit| deposit.due.max(reconciliation.since)),
        )
    }

    /// Returns whether the payment was declined although its provider did not say that it took no money.
    ///
    /// Staff ended it ([`ENDED_BY_STAFF`]), or the provider did not know it in time ([`NOT_FOUND`]). The buyer, or a
    /// request of ours, may reach the provider later. So reconciliation continues until the provider has closed the
    /// attempt, or says that it took no money.
    pub fn is_ended_unanswered(&self) -> bool {
        let PaymentState::Declined { code, .. } = &self.state else { return false };
        code == ENDED_BY_STAFF || code == NOT_FOUND
    }

    /// Returns whether an answer is awaited since `before` or earlier.
    pub fn is_slow(&self, before: Timestamp) -> bool {
        self.awaited_since().is_some_and(|since| since <= before)
    }

    /// Returns whether the money was captured.
    ///
    /// A stuck payment does not count: its capture does not match the record.
    pub fn is_captured(&self) -> bool {
        match self.state {
            PaymentState::Paid { .. }
            | PaymentState::PartlyRefunded { .. }
            | PaymentState::Refunded { .. } => true,
            PaymentState::Ready
            | PaymentState::Confirming { .. }
            | PaymentState::Declined { .. }
            | PaymentState::Abandoned
            | PaymentState::Stuck { .. } => false,
        }
    }
}

/// The question that the provider has not answered yet, and when to ask it again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Reconciliation {
    /// Since when the answer is awaited.
    pub since: Timestamp,
    /// The earliest moment to ask the provider again.
    pub next: Timestamp,
    /// How often the provider was asked again.
    pub tries: u32,
    /// The last inconclusive answer, if any.
    pub last_inconclusive: Option<String>,
    /// The deposit that the provider waits for, if it reported one.
    pub deposit: Option<Deposit>,
}

/// Money that the buyer must transfer to an account made for the payment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Deposit {
    /// The account, if the provider named it.
    pub account: Option<DepositAccount>,
    /// Due time. From then on the account is closed and the seats are released.
    pub due: Timestamp,
}

/// An account that a provider made for one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct DepositAccount {
    /// The bank, as the provider names or codes it.
    pub bank: String,
    /// The account number.
    pub number: String,
}

/// What staff wrote about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Note {
    /// When it was written.
    pub at: Timestamp,
    /// The author, as the host names them.
    pub author: String,
    /// The text.
    pub text: String,
    /// Whether the note settles what happened before it.
    pub settles: Settles,
}

/// Whether a note takes its payment off the list of payments that need attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a complete set of states, which hosts match on")]
pub enum Settles {
    /// It does: nothing more has to be done.
    Yes,
    /// It does not: there is more to do.
    No,
}
