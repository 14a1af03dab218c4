//! The words of the wire for the states of events, payments, seats and places in waiting rooms.

use tiketi_core::{EventStatus, PaymentState, fact::SeatStatus, waiting_room::PlaceState};

/// Returns the status of an event as buyers' clients know it.
pub(crate) const fn event_status_word(status: EventStatus) -> &'static str {
    match status {
        EventStatus::Upcoming => "upcoming",
        EventStatus::OnSale => "on_sale",
        EventStatus::SoldOut => "sold_out",
        EventStatus::Ended => "ended",
        EventStatus::Cancelled => "cancelled",
    }
}

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

/// Returns the state of a place as clients read it.
pub(crate) const fn place_state_word(state: PlaceState) -> &'static str {
    match state {
        PlaceState::Waiting => "waiting",
        PlaceState::Called { .. } => "called",
        PlaceState::Active { .. } => "active",
        PlaceState::Done => "done",
        PlaceState::Left => "left",
        PlaceState::Lapsed => "lapsed",
    }
}
