//! Facts: what became true with a commit, delivered at least once after it.

use crate::event::EventStatus;
use crate::id::{BuyerId, EventId, PaymentId, ReservationId, SeatId, TicketTypeId};
use crate::seat::SeatState;
use crate::time::Timestamp;

/// Something that became true, stored in the outbox until it is delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Fact {
    /// Id of the fact; a consumer uses it to apply the fact once.
    pub id: FactId,
    /// The event it is about.
    pub event: EventId,
    /// The moment of the commit.
    pub at: Timestamp,
    /// What became true.
    pub body: FactBody,
}

impl Fact {
    /// Makes a fact of a commit.
    pub const fn new(id: FactId, event: EventId, at: Timestamp, body: FactBody) -> Self {
        Self { id, event, at, body }
    }
}

/// Id of a fact, unique within a store; later facts of one event have greater ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "an id is its number")]
pub struct FactId(pub u64);

/// What became true.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum FactBody {
    /// Seats changed in one commit or in a part of it. For everyone: no owner is named.
    SeatsChanged {
        /// The map version that includes these changes.
        map_version: u64,
        /// Each changed seat once, as the commit left it.
        changes: Vec<SeatChanged>,
    },
    /// The available stock of a ticket type changed. For everyone.
    StockChanged {
        /// The ticket type.
        ticket_type: TicketTypeId,
        /// The available units.
        available: u32,
    },
    /// The event's status changed. For everyone.
    EventStatusChanged {
        /// The new status.
        status: EventStatus,
    },
    /// A reservation was confirmed. For its buyer only.
    ReservationConfirmed {
        /// The reservation.
        reservation: ReservationId,
        /// The buyer.
        buyer: BuyerId,
    },
    /// The hold of a reservation ended. For its buyer only.
    ReservationExpired {
        /// The reservation.
        reservation: ReservationId,
        /// The buyer.
        buyer: BuyerId,
    },
    /// A reservation was cancelled. For its buyer only.
    ReservationCancelled {
        /// The reservation.
        reservation: ReservationId,
        /// The buyer.
        buyer: BuyerId,
    },
    /// A payment changed state. For its buyer only.
    PaymentUpdated {
        /// The payment.
        payment: PaymentId,
        /// Its reservation.
        reservation: ReservationId,
        /// The buyer.
        buyer: BuyerId,
    },
}

impl FactBody {
    /// Returns the reservation that the fact is about, if any.
    ///
    /// Facts of one reservation are delivered in order.
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SeatChanged {
    /// The seat.
    pub seat: SeatId,
    /// Its new status.
    pub status: SeatStatus,
    /// The seat's version; a consumer uses it to ignore changes that arrive twice or late.
    pub version: u64,
}

impl SeatChanged {
    /// Makes the change of one seat.
    pub const fn new(seat: SeatId, status: SeatStatus, version: u64) -> Self {
        Self { seat, status, version }
    }
}

/// The public status of a seat: its state without its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a complete set of states, which hosts match on")]
pub enum SeatStatus {
    /// Any buyer may hold it.
    Available,
    /// A buyer holds it.
    Held,
    /// A buyer owns it.
    Sold,
    /// Not for sale.
    Blocked,
}

impl SeatStatus {
    /// Returns the public status of `state` at `now`; a hold that has ended is available.
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
