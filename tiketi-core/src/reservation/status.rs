//! The status of a reservation, and of its payment, as people read them.

use crate::payment::{Payment, PaymentState};
use crate::reservation::{Reservation, ReservationState};
use crate::time::Timestamp;

/// The kind of a reservation's state, without its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of states, which stores match on")]
pub enum ReservationStateKind {
    /// [`ReservationState::Held`].
    Held,
    /// [`ReservationState::Paying`].
    Paying,
    /// [`ReservationState::Confirmed`].
    Confirmed,
    /// [`ReservationState::Expired`].
    Expired,
    /// [`ReservationState::Cancelled`].
    Cancelled,
}

/// What a reservation is at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of cases, which hosts match on")]
pub enum ReservationStatus {
    /// Held, or being paid.
    Pending,
    /// Sold.
    Confirmed,
    /// Its hold has ended, whether or not a job has ended it.
    Expired,
    /// Cancelled.
    Cancelled,
}

/// How the payment of a reservation stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of cases, which hosts match on")]
pub enum PaymentStatus {
    /// Not paid yet, or the outcome is not known.
    Pending,
    /// Paid, or there was nothing to pay.
    Completed,
    /// Declined.
    Failed,
    /// Nothing was paid, and nothing will be.
    Cancelled,
    /// All of it went back.
    Refunded,
    /// A part of it went back.
    PartlyRefunded,
}

impl ReservationStateKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Held, Self::Paying, Self::Confirmed, Self::Expired, Self::Cancelled];

    /// Returns the kind of a state.
    pub const fn of(state: ReservationState) -> Self {
        match state {
            ReservationState::Held { .. } => Self::Held,
            ReservationState::Paying { .. } => Self::Paying,
            ReservationState::Confirmed { .. } => Self::Confirmed,
            ReservationState::Expired { .. } => Self::Expired,
            ReservationState::Cancelled { .. } => Self::Cancelled,
        }
    }

    /// Returns the word by which stores know it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Paying => "paying",
            Self::Confirmed => "confirmed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

impl ReservationStatus {
    /// Returns the status at `now`.
    pub fn of(reservation: &Reservation, now: Timestamp) -> Self {
        match reservation.state {
            ReservationState::Held { until } if until <= now => Self::Expired,
            ReservationState::Held { .. } | ReservationState::Paying { .. } => Self::Pending,
            ReservationState::Confirmed { .. } => Self::Confirmed,
            ReservationState::Expired { .. } => Self::Expired,
            ReservationState::Cancelled { .. } => Self::Cancelled,
        }
    }

    /// Returns the kinds of states that reservations with the status can have.
    pub const fn kinds(self) -> &'static [ReservationStateKind] {
        use ReservationStateKind::{Cancelled, Confirmed, Expired, Held, Paying};
        match self {
            Self::Pending => &[Held, Paying],
            Self::Confirmed => &[Confirmed],
            Self::Expired => &[Held, Expired],
            Self::Cancelled => &[Cancelled],
        }
    }
}

impl PaymentStatus {
    /// Returns the status at `now`; `payment` is the reservation's latest attempt.
    pub fn of(reservation: &Reservation, payment: Option<&Payment>, now: Timestamp) -> Self {
        match (payment, reservation.state) {
            // An attempt that was not confirmed ends with its hold.
            (_, ReservationState::Held { until }) if until <= now => Self::Cancelled,
            (Some(payment), _) => Self::of_payment(&payment.state),
            (None, ReservationState::Held { .. } | ReservationState::Paying { .. }) => Self::Pending,
            (None, ReservationState::Confirmed { .. }) => Self::Completed,
            (None, ReservationState::Expired { .. } | ReservationState::Cancelled { .. }) => Self::Cancelled,
        }
    }

    /// Returns the status of a payment.
    pub const fn of_payment(state: &PaymentState) -> Self {
        match state {
            // A stuck payment may have been captured: until staff decide, no final status is true.
            PaymentState::Ready | PaymentState::Confirming { .. } | PaymentState::Stuck { .. } => {
                Self::Pending
            }
            PaymentState::Paid { .. } => Self::Completed,
            PaymentState::PartlyRefunded { .. } => Self::PartlyRefunded,
            PaymentState::Refunded { .. } => Self::Refunded,
            PaymentState::Declined { .. } => Self::Failed,
            PaymentState::Abandoned => Self::Cancelled,
        }
    }
}
