//! The words of the wire for the states of events, payments, seats and places in waiting rooms.

use tiketi_core::{
    EventStatus, PaymentState,
    fact::SeatStatus,
    reservation::{PaymentStatus, ReservationStatus},
    waiting_room::PlaceState,
};

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
    payment_status_word(PaymentStatus::of_payment(state))
}

/// Returns the word of how a payment stands.
pub(crate) const fn payment_status_word(status: PaymentStatus) -> &'static str {
    match status {
        PaymentStatus::Pending => "pending",
        PaymentStatus::Completed => "completed",
        PaymentStatus::Failed => "failed",
        PaymentStatus::Cancelled => "cancelled",
        PaymentStatus::Refunded => "refunded",
        PaymentStatus::PartlyRefunded => "partially_refunded",
    }
}

/// Returns a reservation's word on the wire.
pub(crate) const fn reservation_status_word(status: ReservationStatus) -> &'static str {
    match status {
        ReservationStatus::Pending => "pending",
        ReservationStatus::Confirmed => "confirmed",
        ReservationStatus::Expired => "expired",
        ReservationStatus::Cancelled => "cancelled",
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
