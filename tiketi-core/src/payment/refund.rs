//! Refunds of a payment, and what they do to its tickets.

use crate::id::{RefundId, SeatId, TicketTypeId};
use crate::money::{Money, MoneyError};
use crate::refund_account::RefundAccount;
use crate::time::Timestamp;

/// Money that is refunded to the buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Refund {
    /// Id of the refund; also the provider's idempotency key.
    pub id: RefundId,
    /// The amount.
    pub amount: Money,
    /// The reason, in words that the provider and the buyer may read.
    pub reason: String,
    /// What happens to the tickets that the payment bought.
    pub tickets: RefundTickets,
    /// State of the refund.
    pub state: RefundState,
}

/// What a refund does to the tickets that its payment bought.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a complete set of states, which hosts match on")]
pub enum RefundTickets {
    /// The payment bought none.
    None,
    /// The buyer keeps all of them: staff waive the amount, for the refund's reason.
    Kept,
    /// The buyer loses these tickets once the refund is done.
    Returned(ReturnedTickets),
    /// Not stated: the refund was made at the provider. The buyer keeps the tickets unless all of the money was
    /// refunded.
    Unstated,
}

/// Tickets that a refund takes back from the buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct ReturnedTickets {
    /// The returned seats.
    pub seats: Vec<SeatId>,
    /// The returned general-admission units.
    pub items: Vec<ReturnedItem>,
    /// What the buyer paid for all of them. The shop keeps the difference between this price and the refund's amount.
    pub price: Money,
}

/// General-admission units that a refund takes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct ReturnedItem {
    /// The ticket type.
    pub ticket_type: TicketTypeId,
    /// Price of one unit when it was held; it distinguishes lines of one ticket type.
    pub unit_price: Money,
    /// The number of units.
    pub quantity: u32,
}

impl Refund {
    /// Returns how much of the returned tickets' price the shop keeps.
    ///
    /// It is zero if the refund returns no tickets.
    /// It is negative if staff refund more than the price.
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

    /// Returns the buyer's account of a queued refund.
    ///
    /// It is `None` if the money goes back to where it came from, or if the refund is no longer queued.
    pub fn account(&self) -> Option<&RefundAccount> {
        match &self.state {
            RefundState::Queued { account, .. } => account.as_ref(),
            RefundState::Done { .. } | RefundState::Refused { .. } => None,
        }
    }
}

/// State of a refund. `Queued` becomes `Done` or `Refused`; both are final.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a complete set of states, which hosts match on")]
pub enum RefundState {
    /// The refund is owed; the provider has not confirmed it.
    Queued {
        /// When it was queued.
        since: Timestamp,
        /// The account, if the money cannot go back to where it came from; deleted when the refund is no longer queued.
        /// It is secret, and never serialised.
        #[cfg_attr(feature = "serde", serde(skip))]
        account: Option<RefundAccount>,
    },
    /// The provider has sent the money back.
    Done {
        /// When the shop learned it.
        at: Timestamp,
    },
    /// The provider will not send the money back; staff must act.
    Refused {
        /// The provider's code.
        code: String,
        /// When the shop learned it.
        at: Timestamp,
    },
}
