//! The payment provider's own books, which the shop learns of late, out of order, or never.

use tiketi_core::Payment;
use tiketi_core::decide::CaptureOutcome;
use tiketi_core::gateway::Captured;
use tiketi_core::id::RefundId;

use crate::sale::won;

/// What the provider did with one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Order {
    /// The request for money is on its way, or the provider has not decided.
    Open,
    /// The request never arrived.
    Lost,
    /// It took no money, and never will.
    Declined,
    /// It took the money.
    Captured,
}

/// The provider's account of one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) order: Order,
    pub(crate) captured: i64,
    /// Each total that was refunded at some moment, growing; the last one is the present total.
    pub(crate) refunded: Vec<i64>,
    /// Which refunds of the shop were done; a repeated request has no second effect.
    pub(crate) done: Vec<RefundId>,
    /// Which refunds of the shop were refused.
    pub(crate) refused: Vec<RefundId>,
}

/// An answer about an order that was true at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// There is no such order.
    NotFound,
    /// No money was taken.
    Declined,
    /// The money was captured, and this total of it refunded.
    Captured {
        /// The refunded total, in won.
        refunded: i64,
    },
}

impl Account {
    pub(crate) fn new() -> Self {
        Self { order: Order::Open, captured: 0, refunded: Vec::new(), done: Vec::new(), refused: Vec::new() }
    }

    pub(crate) fn returned(&self) -> i64 {
        self.refunded.last().copied().unwrap_or(0)
    }

    pub(crate) fn left(&self) -> i64 {
        self.captured - self.returned()
    }

    pub(crate) fn capture(&mut self, amount: i64) {
        (self.order, self.captured) = (Order::Captured, amount);
        self.refunded.push(0);
    }

    pub(crate) fn refund(&mut self, amount: i64) {
        self.refunded.push(self.returned() + amount);
    }

    /// Returns each answer that is true, or was true once and was delayed.
    pub(crate) fn answers(&self) -> Vec<Answer> {
        match self.order {
            // "Not found" that is read after the capture leads where "not found" before the capture leads.
            Order::Open | Order::Lost => vec![Answer::NotFound],
            Order::Declined => vec![Answer::Declined],
            Order::Captured => {
                self.refunded.iter().map(|refunded| Answer::Captured { refunded: *refunded }).collect()
            }
        }
    }
}

impl Answer {
    /// Returns the answer as a gateway gives it.
    pub(crate) fn about(self, payment: &Payment, captured: i64) -> CaptureOutcome {
        match self {
            Self::NotFound => CaptureOutcome::NotFound,
            Self::Declined => CaptureOutcome::Declined { code: "REJECTED".to_owned() },
            Self::Captured { refunded } => {
                let kept = Captured::kept(payment.id.to_string(), "taken", won(captured));
                CaptureOutcome::Paid(kept.refunded(won(refunded)))
            }
        }
    }
}
