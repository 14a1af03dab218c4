//! Committed facts: what others are told, at least once each, after it is true.

use crate::event::EventStatus;
use crate::id::{BuyerId, EventId, PaymentId, ReservationId, SeatId, TicketTypeId};
use crate::seat::SeatState;
use crate::time::Timestamp;

/// Something that became true, kept in the outbox until it is delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Names the fact, so that a consumer applies it once.
    pub id: FactId,
    /// Which event it is about.
    pub event: EventId,
    /// When it became true.
    pub at: Timestamp,
    /// What became true.
    pub body: FactBody,
}

/// Names a fact of one store; later facts of one event have greater ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactId(pub u64);

/// What became true.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FactBody {
    /// Seats changed hands, in one commit or in a part of it. For everyone: no owner is named.
    SeatsChanged {
        /// The map version that includes these changes.
        map_version: u64,
        /// Each seat once, as it was left.
        changes: Vec<SeatChanged>,
    },
    /// A ticket type has more or less left. For everyone.
    StockChanged {
        /// Which ticket type.
        ticket_type: TicketTypeId,
        /// How much is left.
        available: u32,
    },
    /// The event's status changed. For everyone.
    EventStatusChanged {
        /// The new status.
        status: EventStatus,
    },
    /// A reservation was confirmed. For its buyer only.
    ReservationConfirmed {
        /// Which one.
        reservation: ReservationId,
        /// Whose.
        buyer: BuyerId,
    },
    /// A reservation's hold ran out. For its buyer only.
    ReservationExpired {
        /// Which one.
        reservation: ReservationId,
        /// Whose.
        buyer: BuyerId,
    },
    /// A reservation was cancelled. For its buyer only.
    ReservationCancelled {
        /// Which one.
        reservation: ReservationId,
        /// Whose.
        buyer: BuyerId,
    },
    /// A payment changed state. For its buyer only.
    PaymentUpdated {
        /// Which payment.
        payment: PaymentId,
        /// For which reservation.
        reservation: ReservationId,
        /// Whose.
        buyer: BuyerId,
    },
}

impl FactBody {
    /// Returns the reservation whose facts have to be told in their order, if it is about one.
    pub fn reservation(&self) -> Option<ReservationId> {
        match self {
            Self::ReservationConfirmed { reservation, .. }
            | Self::ReservationExpired { reservation, .. }
            | Self::ReservationCancelled { reservation, .. }
            | Self::PaymentUpdated { reservation, .. } => Some(*reservation),
            Self::SeatsChanged { .. } | Self::StockChanged { .. } | Self::EventStatusChanged { .. } => None,
        }
    }
}

/// One seat's new status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatChanged {
    /// Which seat.
    pub seat: SeatId,
    /// What it is now.
    pub status: SeatStatus,
    /// The seat's version, so that applying a change twice or late is harmless.
    pub version: u64,
}

/// What everyone may know of a seat: its state without its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SeatStatus {
    /// Anyone may hold it.
    Available,
    /// Someone holds it.
    Held,
    /// Someone bought it.
    Sold,
    /// Not for sale.
    Blocked,
}

impl SeatStatus {
    /// Returns what everyone may know of `state` at `now`; a lapsed hold is available.
    pub fn of(state: &SeatState, now: Timestamp) -> Self {
        match state {
            SeatState::Available => Self::Available,
            SeatState::Held { until, .. } if *until <= now => Self::Available,
            SeatState::Held { .. } => Self::Held,
            SeatState::Sold { .. } => Self::Sold,
            SeatState::Blocked { .. } => Self::Blocked,
        }
    }
}
