//! The state machine of a payment.

use crate::money::Money;
use crate::time::Timestamp;
use crate::transition::IllegalTransition;

/// State of a payment.
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
/// A dash is an [`IllegalTransition`]. A late capture is recorded, whatever the state was before. Once a capture is
/// recorded, a later answer that no money was taken changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a complete set of states, which hosts match on")]
pub enum PaymentState {
    /// Prepared; the provider was not asked for the money.
    Ready,
    /// The provider was asked for the money; the outcome is not known yet.
    Confirming {
        /// When the confirm was committed.
        since: Timestamp,
    },
    /// The money is captured.
    Paid {
        /// When the shop learned it.
        at: Timestamp,
    },
    /// A part of the money was refunded.
    PartlyRefunded {
        /// When the latest refund was recorded.
        at: Timestamp,
    },
    /// All of the money was refunded.
    Refunded {
        /// When the latest refund was recorded.
        at: Timestamp,
    },
    /// The provider declined, or staff ended the payment. The buyer may try again with a new attempt.
    Declined {
        /// The provider's code, [`ENDED_BY_STAFF`](crate::payment::ENDED_BY_STAFF) or
        /// [`NOT_FOUND`](crate::payment::NOT_FOUND).
        code: String,
        /// When the shop learned it.
        at: Timestamp,
    },
    /// Given up before the provider was asked for the money.
    Abandoned,
    /// The provider's record contradicts ours. Nothing is sold, and staff must act.
    Stuck {
        /// The contradiction.
        reason: StuckReason,
        /// When the shop learned it.
        at: Timestamp,
    },
}

/// Why a payment is stuck.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum StuckReason {
    /// The provider captured another amount than the payment's.
    AmountMismatch {
        /// The amount that the provider reports.
        captured: Money,
    },
    /// The money belongs to another order; none of it was captured for this one.
    OrderMismatch {
        /// The order that the provider named.
        order: String,
    },
}

/// What can happen to a [`PaymentState`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the steps of a complete state table")]
pub enum PaymentStep {
    /// The provider is about to be asked for the money.
    Confirm {
        /// The moment of the commit.
        at: Timestamp,
    },
    /// The provider captured the money.
    Approve {
        /// When the shop learned it.
        at: Timestamp,
    },
    /// The provider declined.
    Decline {
        /// The provider's code.
        code: String,
        /// When the shop learned it.
        at: Timestamp,
    },
    /// The attempt is given up before the provider was asked for the money.
    Abandon,
    /// The provider's record contradicts ours.
    Stick {
        /// The contradiction.
        reason: StuckReason,
        /// When the shop learned it.
        at: Timestamp,
    },
    /// A part or all of the money was refunded.
    Refund {
        /// Whether all of the money is refunded now.
        in_full: bool,
        /// When the shop learned it.
        at: Timestamp,
    },
}

impl PaymentState {
    /// Returns the state after `step`; see the table on [`PaymentState`].
    ///
    /// # Errors
    ///
    /// [`IllegalTransition`] where the table has a dash.
    pub fn apply(&self, step: &PaymentStep) -> Result<Self, IllegalTransition> {
        match self {
            Self::Ready => Self::from_ready(step),
            Self::Confirming { .. } => Self::from_confirming(step),
            Self::Paid { .. } => Self::from_captured("paid", step),
            Self::PartlyRefunded { .. } => Self::from_captured("partly refunded", step),
            Self::Refunded { .. } => Err(illegal("refunded", step)),
            Self::Declined { .. } => Self::from_given_up("declined", step),
            Self::Abandoned => Self::from_given_up("abandoned", step),
            // No money was captured for this order so far, but it may still be: the same steps stay possible.
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
