//! Payments: one record for each attempt to pay, and what became of the money.

use crate::id::{BuyerId, EventId, PaymentId, RefundId, ReservationId};
use crate::money::Money;
use crate::time::Timestamp;
use crate::transition::IllegalTransition;

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
    /// How much of it went back to the buyer.
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

/// Money on its way back to the buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Which refund; also the key the provider deduplicates by.
    pub id: RefundId,
    /// How much.
    pub amount: Money,
    /// Why, in words the provider and the buyer may read.
    pub reason: String,
    /// Where it stands.
    pub state: RefundState,
}

/// Where a refund stands. `Queued` becomes `Done` or `Refused`, each for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundState {
    /// Promised; the provider has not confirmed it.
    Queued {
        /// Since when.
        since: Timestamp,
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
/// | `Ready` | `Confirming` | – | – | `Abandoned` | – | – |
/// | `Confirming` | – | `Paid` | `Declined` | – | `Stuck` | – |
/// | `Paid` | – | – | – | – | – | `PartlyRefunded` or `Refunded` |
/// | `PartlyRefunded` | – | – | – | – | – | `PartlyRefunded` or `Refunded` |
/// | `Refunded`, `Declined`, `Abandoned`, `Stuck` | – | – | – | – | – | – |
///
/// A dash is an [`IllegalTransition`].
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
    /// The provider said no; the buyer may try again with a new attempt.
    Declined {
        /// The provider's code.
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
    /// The money came when the reservation could no longer take it.
    ReservationGone,
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
            Self::Declined { .. } => Err(illegal("declined", step)),
            Self::Abandoned => Err(illegal("abandoned", step)),
            Self::Stuck { .. } => Err(illegal("stuck", step)),
        }
    }

    fn from_ready(step: &PaymentStep) -> Result<Self, IllegalTransition> {
        match step {
            PaymentStep::Confirm { at } => Ok(Self::Confirming { since: *at }),
            PaymentStep::Abandon => Ok(Self::Abandoned),
            PaymentStep::Approve { .. }
            | PaymentStep::Decline { .. }
            | PaymentStep::Stick { .. }
            | PaymentStep::Refund { .. } => Err(illegal("ready", step)),
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
