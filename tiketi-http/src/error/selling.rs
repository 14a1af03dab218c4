//! Converts refusals about holds and reservations.

use serde_json::json;
use tiketi_core::decide::{
    CancelRefused, ConfirmFreeRefused, ExtendRefused, HoldRefused, ReleaseRefused, Shortage,
};

use crate::error::{ApiError, Code};

impl From<HoldRefused> for ApiError {
    fn from(refused: HoldRefused) -> Self {
        use HoldRefused as R;
        match refused {
            R::EventNotFound => Self::new(Code::EventNotFound),
            R::EventCancelled => Self::new(Code::EventCancelled),
            R::SaleNotOpen { opens_at } => {
                Self::new(Code::SaleNotOpen).detail("opensAt", opens_at.to_string())
            }
            R::SaleClosed { closed_at } => {
                Self::new(Code::SaleClosed).detail("closedAt", closed_at.to_string())
            }
            R::NotAdmitted => Self::new(Code::NotAdmitted),
            R::NothingAsked => Self::new(Code::NothingAsked),
            R::TooManyLines { asked, limit } => {
                Self::new(Code::TooManyLines).detail("asked", asked).detail("limit", limit)
            }
            R::DuplicateSeats { seats } => Self::new(Code::DuplicateSeats).ids("seatIds", seats),
            R::DuplicateTicketTypes { ticket_types } => {
                Self::new(Code::DuplicateTicketTypes).ids("ticketTypeIds", ticket_types)
            }
            R::UnknownSeats { seats } => Self::new(Code::UnknownSeats).ids("seatIds", seats),
            R::UnknownTicketTypes { ticket_types } => {
                Self::new(Code::UnknownTicketTypes).ids("ticketTypeIds", ticket_types)
            }
            R::SoldBySeat { ticket_types } => Self::new(Code::SoldBySeat).ids("ticketTypeIds", ticket_types),
            R::QuantityOutOfRange { ticket_types, limit } => {
                Self::new(Code::QuantityOutOfRange).ids("ticketTypeIds", ticket_types).detail("limit", limit)
            }
            R::SeatsTaken { seats } => Self::new(Code::SeatsTaken).ids("unavailableSeats", seats),
            R::HeldTooLong { seats, again_at } => {
                Self::new(Code::HeldTooLong).ids("seatIds", seats).detail("againAt", again_at.to_string())
            }
            R::HoldTimeUsedUp { again_at } => {
                Self::new(Code::HoldTimeUsedUp).detail("againAt", again_at.to_string())
            }
            R::NotEnoughLeft { shortages } => Self::new(Code::NotEnoughLeft)
                .detail("shortages", shortages.iter().map(shortage).collect::<Vec<_>>()),
            R::LimitReached { limit, owned, asked } => Self::new(Code::LimitReached)
                .detail("limit", limit)
                .detail("owned", owned)
                .detail("asked", asked),
            R::PaymentInProgress { reservation } => {
                Self::new(Code::PaymentInProgress).detail("reservationId", reservation.to_string())
            }
            other => Self::unlisted(other),
        }
    }
}

fn shortage(short: &Shortage) -> serde_json::Value {
    json!({
        "ticketTypeId": short.ticket_type.to_string(),
        "asked": short.asked,
        "available": short.available,
    })
}

impl From<ExtendRefused> for ApiError {
    fn from(refused: ExtendRefused) -> Self {
        match refused {
            ExtendRefused::ReservationNotFound => Self::new(Code::ReservationNotFound),
            ExtendRefused::NotPending => Self::new(Code::ReservationNotPending),
            ExtendRefused::CapReached { until } => {
                Self::new(Code::HoldCapReached).detail("until", until.to_string())
            }
            other => Self::unlisted(other),
        }
    }
}

impl From<ReleaseRefused> for ApiError {
    fn from(refused: ReleaseRefused) -> Self {
        match refused {
            ReleaseRefused::ReservationNotFound => Self::new(Code::ReservationNotFound),
            ReleaseRefused::NotPending => Self::new(Code::ReservationNotPending),
            ReleaseRefused::NothingAsked => Self::new(Code::NothingAsked),
            ReleaseRefused::NotInReservation { seats } => {
                Self::new(Code::SeatsNotInReservation).ids("seatIds", seats)
            }
            other => Self::unlisted(other),
        }
    }
}

impl From<CancelRefused> for ApiError {
    fn from(refused: CancelRefused) -> Self {
        match refused {
            CancelRefused::ReservationNotFound => Self::new(Code::ReservationNotFound),
            CancelRefused::AlreadyEnded => Self::new(Code::ReservationEnded),
            CancelRefused::CancellationClosed { since } => Self::cancellation_closed(since),
            CancelRefused::PaymentInProgress => Self::new(Code::PaymentInProgress),
            CancelRefused::Paid { payment } => {
                Self::new(Code::ReservationPaid).detail("paymentId", payment.to_string())
            }
            other => Self::unlisted(other),
        }
    }
}

impl From<ConfirmFreeRefused> for ApiError {
    fn from(refused: ConfirmFreeRefused) -> Self {
        match refused {
            ConfirmFreeRefused::ReservationNotFound => Self::new(Code::ReservationNotFound),
            ConfirmFreeRefused::NotPending => Self::new(Code::ReservationNotPending),
            ConfirmFreeRefused::NotFree => Self::new(Code::ReservationNotFree),
            other => Self::unlisted(other),
        }
    }
}
