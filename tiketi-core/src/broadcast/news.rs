//! News: what a broadcast carries.

use std::sync::Arc;

use crate::event::EventStatus;
use crate::fact::{FactBody, SeatChanged};
use crate::id::{EventId, PaymentId, ReservationId, TicketTypeId};
use crate::time::Timestamp;
use crate::waiting_room::{PlaceId, Serving};

/// News about an event that everyone may see; it names no buyer, reservation or payment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a broadcast sends every case")]
pub enum PublicNews {
    /// Seats changed.
    Seats(SeatsDelta),
    /// Seats changed, and the map has this version now; which seats has to be read from the store.
    ///
    /// A broadcast whose messages are small sends it to other servers instead of [`PublicNews::Seats`].
    MapVersion {
        /// The map version with the changes.
        version: u64,
    },
    /// The available stock of a ticket type changed.
    Stock {
        /// The ticket type.
        ticket_type: TicketTypeId,
        /// The available units.
        available: u32,
    },
    /// The event's status changed.
    Status {
        /// The new status.
        status: EventStatus,
    },
    /// The waiting room's public state changed.
    Serving(Box<Serving>),
}

/// The seats that one commit or several in a row changed.
///
/// It holds each change of the map versions after `since`, up to `version`. A delta whose `since` is greater than the
/// version that a listener has shows that one before it is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a broadcast sends every part")]
pub struct SeatsDelta {
    /// The map version before the changes.
    pub since: u64,
    /// The map version with the changes.
    pub version: u64,
    /// Each changed seat once, as the last commit left it.
    pub changes: Arc<[SeatChanged]>,
}

/// News for one buyer only.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a broadcast sends every case")]
pub enum PrivateNews {
    /// A waiting room called the buyer.
    Called {
        /// The buyer's place.
        place: PlaceId,
        /// Until when the buyer may enter.
        until: Timestamp,
    },
    /// A hold is new or changed.
    ReservationHeld {
        /// The event.
        event: EventId,
        /// The reservation.
        reservation: ReservationId,
        /// When the hold ends.
        until: Timestamp,
    },
    /// A reservation was confirmed.
    ReservationConfirmed {
        /// The event.
        event: EventId,
        /// The reservation.
        reservation: ReservationId,
    },
    /// The hold of a reservation ended.
    ReservationExpired {
        /// The event.
        event: EventId,
        /// The reservation.
        reservation: ReservationId,
    },
    /// A reservation was cancelled.
    ReservationCancelled {
        /// The event.
        event: EventId,
        /// The reservation.
        reservation: ReservationId,
    },
    /// Some tickets of a confirmed reservation were taken back.
    TicketsReturned {
        /// The event.
        event: EventId,
        /// The reservation.
        reservation: ReservationId,
    },
    /// A payment changed.
    PaymentUpdated {
        /// The event.
        event: EventId,
        /// The reservation that it pays for.
        reservation: ReservationId,
        /// The payment.
        payment: PaymentId,
    },
}

impl PublicNews {
    /// Returns the news of a fact that is for everyone; `None` for a buyer's own fact.
    pub fn of(body: FactBody) -> Option<Self> {
        match body {
            FactBody::SeatsChanged { since, map_version, changes } => {
                Some(Self::Seats(SeatsDelta { since, version: map_version, changes: changes.into() }))
            }
            FactBody::StockChanged { ticket_type, available } => Some(Self::Stock { ticket_type, available }),
            FactBody::EventStatusChanged { before: _, status } => Some(Self::Status { status }),
            FactBody::ReservationHeld { .. }
            | FactBody::ReservationConfirmed { .. }
            | FactBody::ReservationExpired { .. }
            | FactBody::ReservationCancelled { .. }
            | FactBody::TicketsReturned { .. }
            | FactBody::PaymentUpdated { .. } => None,
        }
    }
}

impl PrivateNews {
    /// Returns the news of a buyer's own fact; `None` for a fact that is for everyone.
    pub fn of(event: EventId, body: &FactBody) -> Option<Self> {
        match body {
            FactBody::SeatsChanged { .. }
            | FactBody::StockChanged { .. }
            | FactBody::EventStatusChanged { .. } => None,
            FactBody::ReservationHeld { reservation, until } => {
                Some(Self::ReservationHeld { event, reservation: reservation.id, until: *until })
            }
            FactBody::ReservationConfirmed { reservation } => {
                Some(Self::ReservationConfirmed { event, reservation: reservation.id })
            }
            FactBody::ReservationExpired { reservation } => {
                Some(Self::ReservationExpired { event, reservation: reservation.id })
            }
            FactBody::ReservationCancelled { reservation, .. } => {
                Some(Self::ReservationCancelled { event, reservation: reservation.id })
            }
            FactBody::TicketsReturned { reservation, .. } => {
                Some(Self::TicketsReturned { event, reservation: reservation.id })
            }
            FactBody::PaymentUpdated { payment } => {
                Some(Self::PaymentUpdated { event, reservation: payment.reservation, payment: payment.id })
            }
        }
    }
}
