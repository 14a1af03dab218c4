//! The words of the wire for the states of payments and seats.

use tiketi_core::{PaymentState, fact::SeatStatus};

/// Returns the status as buyers' clients know it.
pub(crate) const fn payment_word(state: &PaymentState) -> &'static str {
    match state {
        // Stuck money may have been taken: until a person has looked, neither word that is final is true.
        PaymentState::Ready | PaymentState::Confirming { .. } | PaymentState::Stuck { .. } => "pending",
        PaymentState::Paid { .. } => "completed",
        PaymentState::PartlyRefunded { .. } => "partially_refunded",
        PaymentState::Refunded { .. } => "refunded",
        PaymentState::Declined { .. } => "failed",
        PaymentState::Abandoned => "cancelled",
    }
}

/// Returns the status as buyers' clients know it.
pub(crate) const fn seat_status_word(status: SeatStatus) -> &'static str {
    match status {
        SeatStatus::Available => "available",
        SeatStatus::Held => "locked",
        SeatStatus::Sold => "reserved",
        SeatStatus::Blocked => "blocked",
    }
}
