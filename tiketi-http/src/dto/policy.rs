//! Policies about late payments and refunded seats.

use serde::{Deserialize, Serialize};
use tiketi_core::terms::{LatePayment, RefundedSeats};
use utoipa::ToSchema;

/// What happens to a late payment.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LatePayment)]
pub(crate) enum LatePaymentWord {
    /// The buyer gets the same seats if all are free, otherwise a refund.
    TakeAgainElseRefund,
    /// The payment is refunded.
    Refund,
}

impl From<LatePaymentWord> for LatePayment {
    fn from(word: LatePaymentWord) -> Self {
        match word {
            LatePaymentWord::TakeAgainElseRefund => Self::TakeAgainElseRefund,
            LatePaymentWord::Refund => Self::Refund,
        }
    }
}

impl From<LatePayment> for LatePaymentWord {
    fn from(policy: LatePayment) -> Self {
        match policy {
            LatePayment::TakeAgainElseRefund => Self::TakeAgainElseRefund,
            LatePayment::Refund => Self::Refund,
        }
    }
}

/// What happens to seats whose payment was refunded.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RefundedSeats)]
pub(crate) enum RefundedSeatsWord {
    /// They are available again at once.
    OnSale,
    /// They are blocked until an administrator unblocks them.
    Blocked,
}

impl From<RefundedSeatsWord> for RefundedSeats {
    fn from(word: RefundedSeatsWord) -> Self {
        match word {
            RefundedSeatsWord::OnSale => Self::OnSale,
            RefundedSeatsWord::Blocked => Self::Blocked,
        }
    }
}

impl From<RefundedSeats> for RefundedSeatsWord {
    fn from(policy: RefundedSeats) -> Self {
        match policy {
            RefundedSeats::OnSale => Self::OnSale,
            RefundedSeats::Blocked => Self::Blocked,
        }
    }
}
