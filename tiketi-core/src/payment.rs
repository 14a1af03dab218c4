//! Payments: one record for each attempt to pay, and what became of the money.

use std::time::Duration;

use crate::id::{BuyerId, EventId, PaymentId, RefundId, ReservationId, SeatId, TicketTypeId};
use crate::money::{Money, MoneyError};
use crate::refund_account::RefundAccount;
use crate::time::Timestamp;
use crate::transition::IllegalTransition;

/// The code of a payment that a person ended because its provider did not tell the outcome.
pub const ENDED_BY_STAFF: &str = "ENDED_BY_STAFF";

/// One attempt to pay for one reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Which attempt; also its order id and the key the provider deduplicates by.
    pub id: PaymentId,
    /// What it pays for.
    pub reservation: ReservationId,
    /// Of which event.
    pub event: EventId,
    /// Who pays.
    pub buyer: BuyerId,
    /// How much: the reservation's total when the attempt was made.
    pub amount: Money,
    /// How much the provider took, once it said so.
    pub captured: Option<Money>,
    /// How much of what was taken went back to the buyer, in its currency.
    pub refunded: Money,
    /// Name of the gateway that takes the money; see [`crate::PaymentGateway::name`].
    pub gateway: String,
    /// The way of paying the buyer chose, in the gateway's words.
    pub method: String,
    /// The provider's own key for the money, once known.
    pub provider_key: Option<String>,
    /// Where it stands.
    pub state: PaymentState,
    /// Refunds asked for, oldest first.
    pub refunds: Vec<Refund>,
    /// What the provider has yet to say; `None` while nothing is awaited.
    pub reconciliation: Option<Reconciliation>,
    /// What people wrote about it, oldest first.
    pub notes: Vec<Note>,
    /// When the attempt was made.
    pub created_at: Timestamp,
    /// Grows by one with each change.
    pub version: u64,
}

impl Payment {
    /// Returns the refund of that id.
    pub fn refund(&self, id: RefundId) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.id == id)
    }

    /// Returns the refund that is to be sent next: the oldest that is queued.
    pub fn queued_refund(&self) -> Option<&Refund> {
        self.refunds.iter().find(|refund| matches!(refund.state, RefundState::Queued { .. }))
    }

    /// Returns how much was taken and neither went back nor is promised back.
    ///
    /// # Errors
    ///
    /// [`MoneyError`] if the row's amounts contradict each other.
    pub fn refundable(&self) -> Result<Money, MoneyError> {
        let Some(captured) = self.captured else { return Ok(Money::zero(self.amount.currency())) };
        let queued = self.refunds.iter().filter(|refund| matches!(refund.state, RefundState::Queued { .. }));
        queued.map(|refund| refund.amount).try_fold(captured.minus(self.refunded)?, Money::minus)
    }

    /// Returns how much the shop keeps, of what was taken, for tickets that were given back or will be.
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

    /// Tells whether a part of the money was sent back at the provider, and no refund says what for.
    pub fn is_refund_unstated(&self) -> bool {
        self.unstated_since().is_some()
    }

    /// Returns when the latest part was sent back at the provider while the buyer keeps what the rest paid for.
    fn unstated_since(&self) -> Option<Timestamp> {
        let partly = matches!(self.state, PaymentState::PartlyRefunded { .. });
        let unstated = |refund: &Refund| match (&refund.tickets, &refund.state) {
            (RefundTickets::Unstated, RefundState::Done { at }) => Some(*at),
            _ => None,
        };
        self.refunds.iter().filter(|_| partly).filter_map(unstated).max()
    }

    /// Tells whether the latest refund was refused by the provider.
    pub fn is_refund_refused(&self) -> bool {
        matches!(self.refunds.last(), Some(Refund { state: RefundState::Refused { .. }, .. }))
    }

    /// Tells whether the provider refused what is owed because the event was cancelled, and nothing went back since.
    ///
    /// It is not asked for the same again by itself; a person has to look.
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

    /// Returns the id of the refund that is promised as the `at`-th because the event was cancelled.
    pub(crate) fn call_off_refund(&self, at: usize) -> RefundId {
        RefundId::derived(self.id, &format!("the event was cancelled {at}"))
    }

    /// Returns the deposit that has to come in before it is paid, if that is what it waits for.
    pub fn awaited_deposit(&self) -> Option<&Deposit> {
        let confirming = matches!(self.state, PaymentState::Confirming { .. });
        self.reconciliation
            .as_ref()
            .filter(|_| confirming)
            .and_then(|reconciliation| reconciliation.deposit.as_ref())
    }

    /// Tells whether the provider waits anew for a deposit that it had said was there.
    pub fn is_withdrawn(&self) -> bool {
        let kept = matches!(self.state, PaymentState::Paid { .. } | PaymentState::PartlyRefunded { .. });
        kept && self.reconciliation.as_ref().is_some_and(|reconciliation| reconciliation.deposit.is_some())
    }

    /// Tells whether a person has to look, until one wrote after it that it is settled.
    pub fn needs_attention(&self) -> bool {
        let settled =
            |since| self.notes.last().is_some_and(|note| note.settles == Settles::Yes && note.at >= since);
        self.trouble_since().is_some_and(|since| !settled(since))
    }

    /// Returns when the latest thing happened that a person has to look at, settled or not.
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

    /// Returns `now`, or just after the last note where the clock of its server was ahead.
    ///
    /// What happens after a note has to look later than the note, or the note would seem to settle it.
    pub(crate) fn after_notes(&self, now: Timestamp) -> Timestamp {
        self.notes.last().map_or(now, |note| now.max(note.at.after(Duration::from_micros(1))))
    }

    /// Returns since when the provider's word about money that moves is overdue; a deposit is not before its own day.
    pub fn awaited_since(&self) -> Option<Timestamp> {
        let confirming = matches!(self.state, PaymentState::Confirming { .. });
        let reconciliation =
            self.reconciliation.as_ref().filter(|_| confirming || self.queued_refund().is_some())?;
        Some(
            self.awaited_deposit()
                .map_or(reconciliation.since, |deposit| deposit.due.max(reconciliation.since)),
        )
    }

    /// Tells whether a person ended it without knowing its outcome; its provider is asked until it says that it took nothing.
    pub fn is_ended_by_staff(&self) -> bool {
        matches!(&self.state, PaymentState::Declined { code, .. } if code == ENDED_BY_STAFF)
    }

    /// Tells whether the provider's word is awaited for longer than since `before`.
    pub fn is_slow(&self, before: Timestamp) -> bool {
        self.awaited_since().is_some_and(|since| since <= before)
    }

    /// Tells whether the money was taken and none of the states after it undid that fact.
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

/// What the provider has yet to say, and when it is to be asked next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciliation {
    /// Since when that is awaited.
    pub since: Timestamp,
    /// The first moment at which it is to be asked again.
    pub next: Timestamp,
    /// How often it was asked again.
    pub tries: u32,
    /// What was said last, if it decided nothing.
    pub last_inconclusive: Option<String>,
    /// The deposit it waits for, if that is what it said.
    pub deposit: Option<Deposit>,
}

/// Money that the buyer has to pay into an account made for the payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deposit {
    /// Where to, if the provider said.
    pub account: Option<DepositAccount>,
    /// Until when; then the account is closed, and the seats go back.
    pub due: Timestamp,
}

/// An account that a provider made for one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepositAccount {
    /// The bank, in the provider's word or code for it.
    pub bank: String,
    /// The account's number.
    pub number: String,
}

/// What a person wrote about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// Who, in the host's words.
    pub author: String,
    /// What.
    pub text: String,
    /// Whether nothing more is to be done.
    pub settles: Settles,
}

/// Whether a note takes its payment off the list of those a person has to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Settles {
    /// It does.
    Yes,
    /// There is more to do.
    No,
}

/// Money on its way back to the buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Which refund; also the key the provider deduplicates by.
    pub id: RefundId,
    /// How much.
    pub amount: Money,
    /// Why, in words the provider and the buyer may read.
    pub reason: String,
    /// What becomes of the tickets that the payment bought.
    pub tickets: RefundTickets,
    /// Where it stands.
    pub state: RefundState,
}

/// What a refund says of the tickets that its payment bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundTickets {
    /// The payment bought none.
    None,
    /// The buyer keeps all of them: staff waive the amount, for the refund's reason.
    Kept,
    /// These stop being the buyer's once the money has been sent back.
    Returned(ReturnedTickets),
    /// Nothing was said: the money was sent back at the provider. The buyer keeps them unless all of it was.
    Unstated,
}

/// Tickets that a refund takes back from the buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedTickets {
    /// Which seats.
    pub seats: Vec<SeatId>,
    /// How many general-admission units.
    pub items: Vec<ReturnedItem>,
    /// What the buyer paid for all of them. The shop keeps what the refund's amount leaves of it.
    pub price: Money,
}

/// General-admission units that a refund takes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReturnedItem {
    /// Of which ticket type.
    pub ticket_type: TicketTypeId,
    /// Price of one when it was held; it tells lines of one ticket type apart.
    pub unit_price: Money,
    /// How many.
    pub quantity: u32,
}

impl Refund {
    /// Returns what the shop keeps of the price of the tickets that go back; zero unless some do.
    ///
    /// It is negative if staff gave back more than the price.
    ///
    /// # Errors
    ///
    /// [`MoneyError`] if the refund's amounts contradict each other.
    pub fn kept(&self) -> Result<Money, MoneyError> {
        match &self.tickets {
            RefundTickets::Returned(returned) => returned.price.minus(self.amount),
            RefundTickets::None | RefundTickets::Kept | RefundTickets::Unstated => {
                Ok(Money::zero(self.amount.currency()))
            }
        }
    }

    /// Returns the account it is on its way to, if it does not go where the money came from.
    pub fn account(&self) -> Option<&RefundAccount> {
        match &self.state {
            RefundState::Queued { account, .. } => account.as_ref(),
            RefundState::Done { .. } | RefundState::Refused { .. } => None,
        }
    }
}

/// Where a refund stands. `Queued` becomes `Done` or `Refused`, each for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundState {
    /// Promised; the provider has not confirmed it.
    Queued {
        /// Since when.
        since: Timestamp,
        /// Where to, if it cannot go where it came from; kept no longer than that.
        account: Option<RefundAccount>,
    },
    /// The provider has sent the money back.
    Done {
        /// When that was learned.
        at: Timestamp,
    },
    /// The provider will not send it back; a person has to look.
    Refused {
        /// The provider's code.
        code: String,
        /// When that was learned.
        at: Timestamp,
    },
}

/// Where a payment stands.
///
/// | from \ on | `Confirm` | `Approve` | `Decline` | `Abandon` | `Stick` | `Refund` |
/// |---|---|---|---|---|---|---|
/// | `Ready` | `Confirming` | `Paid` | – | `Abandoned` | `Stuck` | – |
/// | `Confirming` | – | `Paid` | `Declined` | – | `Stuck` | – |
/// | `Declined`, `Abandoned` | – | `Paid` | – | – | `Stuck` | – |
/// | `Paid` | – | – | – | – | – | `PartlyRefunded` or `Refunded` |
/// | `PartlyRefunded` | – | – | – | – | – | `PartlyRefunded` or `Refunded` |
/// | `Stuck` on another order's money | – | `Paid` | – | – | `Stuck` | – |
/// | `Stuck` on another amount | – | – | – | – | – | `Stuck` or `Refunded` |
/// | `Refunded` | – | – | – | – | – | – |
///
/// A dash is an [`IllegalTransition`]. Money that turns up late is a fact, whatever was believed before;
/// once it is known to be taken, no word that it was not changes that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentState {
    /// Prepared; no money has been asked for.
    Ready,
    /// The provider was asked for the money; whether it was taken is not known yet.
    Confirming {
        /// Since when.
        since: Timestamp,
    },
    /// The money is ours.
    Paid {
        /// When that was learned.
        at: Timestamp,
    },
    /// Some of the money went back.
    PartlyRefunded {
        /// When the last of it did.
        at: Timestamp,
    },
    /// All of the money went back.
    Refunded {
        /// When the last of it did.
        at: Timestamp,
    },
    /// The provider said no, or a person ended it; the buyer may try again with a new attempt.
    Declined {
        /// The provider's code, or [`ENDED_BY_STAFF`].
        code: String,
        /// When that was learned.
        at: Timestamp,
    },
    /// Given up before any money was asked for.
    Abandoned,
    /// The provider's word contradicts our record; nothing is sold and a person has to look.
    Stuck {
        /// What does not fit.
        reason: StuckReason,
        /// When that was learned.
        at: Timestamp,
    },
}

/// Why a payment needs a person.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StuckReason {
    /// The provider took another amount than was asked for.
    AmountMismatch {
        /// What the provider says it took.
        captured: Money,
    },
    /// The money belongs to another order: none of it was taken for this one.
    OrderMismatch {
        /// The order the provider named.
        order: String,
    },
}

/// What may happen to a [`PaymentState`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentStep {
    /// The provider is about to be asked for the money.
    Confirm {
        /// When.
        at: Timestamp,
    },
    /// The provider took the money.
    Approve {
        /// When that was learned.
        at: Timestamp,
    },
    /// The provider said no.
    Decline {
        /// The provider's code.
        code: String,
        /// When that was learned.
        at: Timestamp,
    },
    /// The attempt is given up before any money was asked for.
    Abandon,
    /// The provider's word contradicts our record.
    Stick {
        /// What does not fit.
        reason: StuckReason,
        /// When that was learned.
        at: Timestamp,
    },
    /// Some money went back.
    Refund {
        /// Whether that was the last of it.
        in_full: bool,
        /// When that was learned.
        at: Timestamp,
    },
}

impl PaymentState {
    /// Returns the state after `step`; see the table on [`PaymentState`].
    pub fn apply(&self, step: &PaymentStep) -> Result<Self, IllegalTransition> {
        match self {
            Self::Ready => Self::from_ready(step),
            Self::Confirming { .. } => Self::from_confirming(step),
            Self::Paid { .. } => Self::from_captured("paid", step),
            Self::PartlyRefunded { .. } => Self::from_captured("partly refunded", step),
            Self::Refunded { .. } => Err(illegal("refunded", step)),
            Self::Declined { .. } => Self::from_given_up("declined", step),
            Self::Abandoned => Self::from_given_up("abandoned", step),
            // Nothing is known to be taken for this order, so that it may still turn up.
            Self::Stuck { reason: StuckReason::OrderMismatch { .. }, .. } => {
                Self::from_given_up("stuck", step)
            }
            Self::Stuck { reason: StuckReason::AmountMismatch { .. }, .. } => self.while_stuck(step),
        }
    }

    fn from_ready(step: &PaymentStep) -> Result<Self, IllegalTransition> {
        match step {
            PaymentStep::Confirm { at } => Ok(Self::Confirming { since: *at }),
            PaymentStep::Abandon => Ok(Self::Abandoned),
            PaymentStep::Approve { .. } | PaymentStep::Stick { .. } => Self::from_given_up("ready", step),
            PaymentStep::Decline { .. } | PaymentStep::Refund { .. } => Err(illegal("ready", step)),
        }
    }

    fn from_given_up(state: &'static str, step: &PaymentStep) -> Result<Self, IllegalTransition> {
        match step {
            PaymentStep::Approve { at } => Ok(Self::Paid { at: *at }),
            PaymentStep::Stick { reason, at } => Ok(Self::Stuck { reason: reason.clone(), at: *at }),
            PaymentStep::Confirm { .. }
            | PaymentStep::Decline { .. }
            | PaymentStep::Abandon
            | PaymentStep::Refund { .. } => Err(illegal(state, step)),
        }
    }

    fn while_stuck(&self, step: &PaymentStep) -> Result<Self, IllegalTransition> {
        match step {
            PaymentStep::Refund { in_full: true, at } => Ok(Self::Refunded { at: *at }),
            PaymentStep::Refund { in_full: false, .. } => Ok(self.clone()),
            PaymentStep::Confirm { .. }
            | PaymentStep::Approve { .. }
            | PaymentStep::Decline { .. }
            | PaymentStep::Abandon
            | PaymentStep::Stick { .. } => Err(illegal("stuck", step)),
        }
    }

    fn from_confirming(step: &PaymentStep) -> Result<Self, IllegalTransition> {
        match step {
            PaymentStep::Approve { at } => Ok(Self::Paid { at: *at }),
            PaymentStep::Decline { code, at } => Ok(Self::Declined { code: code.clone(), at: *at }),
            PaymentStep::Stick { reason, at } => Ok(Self::Stuck { reason: reason.clone(), at: *at }),
            PaymentStep::Confirm { .. } | PaymentStep::Abandon | PaymentStep::Refund { .. } => {
                Err(illegal("confirming", step))
            }
        }
    }

    fn from_captured(state: &'static str, step: &PaymentStep) -> Result<Self, IllegalTransition> {
        match step {
            PaymentStep::Refund { in_full: true, at } => Ok(Self::Refunded { at: *at }),
            PaymentStep::Refund { in_full: false, at } => Ok(Self::PartlyRefunded { at: *at }),
            PaymentStep::Confirm { .. }
            | PaymentStep::Approve { .. }
            | PaymentStep::Decline { .. }
            | PaymentStep::Abandon
            | PaymentStep::Stick { .. } => Err(illegal(state, step)),
        }
    }
}

fn illegal(state: &'static str, step: &PaymentStep) -> IllegalTransition {
    let step = match step {
        PaymentStep::Confirm { .. } => "be confirmed",
        PaymentStep::Approve { .. } => "be approved",
        PaymentStep::Decline { .. } => "be declined",
        PaymentStep::Abandon => "be abandoned",
        PaymentStep::Stick { .. } => "get stuck",
        PaymentStep::Refund { .. } => "be refunded",
    };
    IllegalTransition::new("payment", state, step)
}
