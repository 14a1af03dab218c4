//! The words of the wire for the states of payments and seats.

use tiketi_core::{PaymentState, fact::SeatStatus};

/// Returns a payment's word on the wire.
pub(crate) const fn payment_word(state: &PaymentState) -> &'static str {
    match state {
        // A stuck payment may have been captured: until staff decide, no final word is true.
        PaymentState::Ready | PaymentState::Confirming { .. } | PaymentState::Stuck { .. } => "pending",
        PaymentState::Paid { .. } => "completed",
        PaymentState::PartlyRefunded { .. } => "partially_refunded",
        PaymentState::Refunded { .. } => "refunded",
        PaymentState::Declined { .. } => "failed",
        PaymentState::Abandoned => "cancelled",
    }
}

/// Returns a seat's word on the wire.
pub(crate) const fn seat_status_word(status: SeatStatus) -> &'static str {
    match status {
        SeatStatus::Available => "available",
        SeatStatus::Held => "locked",
        SeatStatus::Sold => "reserved",
        SeatStatus::Blocked => "blocked",
    }
}
