//! Facts: what became true with a commit, delivered at least once after it.

use std::sync::Arc;

use crate::event::EventStatus;
use crate::id::{BuyerId, EventId, PaymentId, ReservationId, SeatId, TicketTypeId};
use crate::money::Money;
use crate::payment::{Deposit, Payment, PaymentState, ReturnedTickets};
use crate::reservation::{CancelReason, ItemLine, Reservation, ReservationNumber, SeatLine};
use crate::seat::SeatState;
use crate::time::Timestamp;

/// Something that became true, stored in the outbox until it is delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Fact {
    /// Id of the fact; a consumer uses it to apply the fact once. Every subscriber gets a fact under the same id.
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

    /// Returns what names the fact in an outbox.
    pub const fn key(&self) -> FactKey {
        FactKey { event: self.event, id: self.id }
    }
}

/// Names a fact in an outbox: a store that is distributed by event finds it on one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a store needs both parts")]
pub struct FactKey {
    /// The event that the fact is about.
    pub event: EventId,
    /// The fact's id.
    pub id: FactId,
}

/// Id of a fact, unique within a store; later facts of one event have greater ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "an id is its number")]
pub struct FactId(pub u64);

/// What became true.
///
/// A fact carries what a host needs to act on it without reading the row back. One that is for everyone names no buyer;
/// one that is for a buyer only names that buyer ([`FactBody::buyer`]).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum FactBody {
    /// Seats changed in one commit or in a part of it. For everyone: no owner is named.
    SeatsChanged {
        /// The map version before these changes.
        since: u64,
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
        /// The status that was announced before.
        before: EventStatus,
        /// The new status.
        status: EventStatus,
    },
    /// A hold is new, or its tickets or its end changed. For its buyer only.
    ///
    /// A hold that was changed again, confirmed or ended by the same commit has no such fact; see
    /// [`crate::decide::coalesce_facts`].
    ReservationHeld {
        /// The reservation, with all the tickets that it holds now.
        reservation: Arc<ReservationSummary>,
        /// When the hold ends.
        until: Timestamp,
    },
    /// A reservation was confirmed. For its buyer only.
    ReservationConfirmed {
        /// The reservation, with the tickets that the buyer owns now.
        reservation: Arc<ReservationSummary>,
    },
    /// The hold of a reservation ended. For its buyer only.
    ReservationExpired {
        /// The reservation, with the tickets that it held.
        reservation: Arc<ReservationSummary>,
    },
    /// A reservation was cancelled. For its buyer only.
    ReservationCancelled {
        /// The reservation, with the tickets that it held or owned.
        reservation: Arc<ReservationSummary>,
        /// Why it was cancelled.
        reason: CancelReason,
    },
    /// Some tickets of a confirmed reservation were taken back; the buyer keeps the rest. For its buyer only.
    ///
    /// If all of them are taken back, the reservation is cancelled instead.
    TicketsReturned {
        /// The reservation, with the tickets that the buyer keeps.
        reservation: Arc<ReservationSummary>,
        /// The tickets that were taken back.
        returned: ReturnedTickets,
    },
    /// A payment changed state, amounts or its awaited deposit. For its buyer only.
    PaymentUpdated {
        /// The payment.
        payment: Arc<PaymentSummary>,
    },
}

impl FactBody {
    /// Returns the reservation that the fact is about, if any.
    ///
    /// Facts of one reservation are delivered in order.
    pub fn reservation(&self) -> Option<ReservationId> {
        match self {
            Self::PaymentUpdated { payment } => Some(payment.reservation),
            other => other.summary().map(|summary| summary.id),
        }
    }

    /// Returns the buyer that the fact is for; `None` if it is for everyone.
    pub fn buyer(&self) -> Option<BuyerId> {
        match self {
            Self::PaymentUpdated { payment } => Some(payment.buyer),
            other => other.summary().map(|summary| summary.buyer),
        }
    }

    /// Returns the reservation as the commit left it, if the fact is about a reservation itself.
    pub fn summary(&self) -> Option<&ReservationSummary> {
        match self {
            Self::ReservationHeld { reservation, .. }
            | Self::ReservationConfirmed { reservation }
            | Self::ReservationExpired { reservation }
            | Self::ReservationCancelled { reservation, .. }
            | Self::TicketsReturned { reservation, .. } => Some(reservation),
            Self::SeatsChanged { .. }
            | Self::StockChanged { .. }
            | Self::EventStatusChanged { .. }
            | Self::PaymentUpdated { .. } => None,
        }
    }

    /// Returns the kind of the fact.
    pub fn kind(&self) -> FactKind {
        match self {
            Self::SeatsChanged { .. } => FactKind::SeatsChanged,
            Self::StockChanged { .. } => FactKind::StockChanged,
            Self::EventStatusChanged { .. } => FactKind::EventStatusChanged,
            Self::ReservationHeld { .. } => FactKind::ReservationHeld,
            Self::ReservationConfirmed { .. } => FactKind::ReservationConfirmed,
            Self::ReservationExpired { .. } => FactKind::ReservationExpired,
            Self::ReservationCancelled { .. } => FactKind::ReservationCancelled,
            Self::TicketsReturned { .. } => FactKind::TicketsReturned,
            Self::PaymentUpdated { .. } => FactKind::PaymentUpdated,
        }
    }
}

/// A reservation as a commit left it, for facts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a part of a row: each store reads and writes every field")]
pub struct ReservationSummary {
    /// Id of the reservation.
    pub id: ReservationId,
    /// The number that people read.
    pub number: ReservationNumber,
    /// The buyer.
    pub buyer: BuyerId,
    /// Its seats, each with the price it was held at.
    pub seats: Vec<SeatLine>,
    /// Its general-admission units, one line for each ticket type.
    pub items: Vec<ItemLine>,
    /// Sum of all lines.
    pub total: Money,
    /// The latest payment attempt, if any.
    pub payment: Option<PaymentId>,
    /// The reservation's version; a consumer uses it to ignore facts that arrive twice or late.
    pub version: u64,
}

impl ReservationSummary {
    /// Summarises a row.
    pub fn of(reservation: &Reservation) -> Self {
        Self {
            id: reservation.id,
            number: reservation.number,
            buyer: reservation.buyer,
            seats: reservation.seats.clone(),
            items: reservation.items.clone(),
            total: reservation.total,
            payment: reservation.payment,
            version: reservation.version,
        }
    }

    /// Returns how many tickets it has: seats plus units.
    pub fn tickets(&self) -> u32 {
        let seats = u32::try_from(self.seats.len()).unwrap_or(u32::MAX);
        self.items.iter().fold(seats, |sum, line| sum.saturating_add(line.quantity))
    }
}

/// A payment as a commit left it, for facts; it has no notes of the staff.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a part of a row: each store reads and writes every field")]
pub struct PaymentSummary {
    /// Id of the attempt.
    pub id: PaymentId,
    /// The reservation it pays for.
    pub reservation: ReservationId,
    /// The buyer who pays.
    pub buyer: BuyerId,
    /// Name of the payment gateway.
    pub gateway: String,
    /// The payment method, as the gateway names it.
    pub method: String,
    /// The amount to pay.
    pub amount: Money,
    /// The amount the provider captured; `None` until the provider reports a capture.
    pub captured: Option<Money>,
    /// The part of the captured amount that was refunded.
    pub refunded: Money,
    /// State of the payment.
    pub state: PaymentState,
    /// The deposit that the payment waits for, if it waits for one: where the buyer transfers the money.
    pub deposit: Option<Deposit>,
    /// The payment's version; a consumer uses it to ignore facts that arrive twice or late.
    pub version: u64,
}

impl PaymentSummary {
    /// Summarises a row.
    pub fn of(payment: &Payment) -> Self {
        Self {
            id: payment.id,
            reservation: payment.reservation,
            buyer: payment.buyer,
            gateway: payment.gateway.clone(),
            method: payment.method.clone(),
            amount: payment.amount,
            captured: payment.captured,
            refunded: payment.refunded,
            state: payment.state.clone(),
            deposit: payment.awaited_deposit().cloned(),
            version: payment.version,
        }
    }
}

/// A kind of fact; a subscriber states which kinds it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FactKind {
    /// [`FactBody::SeatsChanged`].
    SeatsChanged,
    /// [`FactBody::StockChanged`].
    StockChanged,
    /// [`FactBody::EventStatusChanged`].
    EventStatusChanged,
    /// [`FactBody::ReservationHeld`].
    ReservationHeld,
    /// [`FactBody::ReservationConfirmed`].
    ReservationConfirmed,
    /// [`FactBody::ReservationExpired`].
    ReservationExpired,
    /// [`FactBody::ReservationCancelled`].
    ReservationCancelled,
    /// [`FactBody::TicketsReturned`].
    TicketsReturned,
    /// [`FactBody::PaymentUpdated`].
    PaymentUpdated,
}

impl FactKind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::SeatsChanged,
        Self::StockChanged,
        Self::EventStatusChanged,
        Self::ReservationHeld,
        Self::ReservationConfirmed,
        Self::ReservationExpired,
        Self::ReservationCancelled,
        Self::TicketsReturned,
        Self::PaymentUpdated,
    ];

    /// Returns the kind's name in stores, topics and logs, such as `reservation_held`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SeatsChanged => "seats_changed",
            Self::StockChanged => "stock_changed",
            Self::EventStatusChanged => "event_status_changed",
            Self::ReservationHeld => "reservation_held",
            Self::ReservationConfirmed => "reservation_confirmed",
            Self::ReservationExpired => "reservation_expired",
            Self::ReservationCancelled => "reservation_cancelled",
            Self::TicketsReturned => "tickets_returned",
            Self::PaymentUpdated => "payment_updated",
        }
    }

    /// Returns the kind of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// A set of kinds of facts.
///
/// ```
/// use tiketi_core::fact::{FactKind, FactKinds};
///
/// let kinds: FactKinds = [FactKind::ReservationConfirmed, FactKind::PaymentUpdated].into_iter().collect();
/// assert!(kinds.contains(FactKind::PaymentUpdated) && !kinds.contains(FactKind::SeatsChanged));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FactKinds(u32);

impl FactKinds {
    /// No kind.
    pub const NONE: Self = Self(0);
    /// The kinds that are for everyone: seats, stock and status.
    pub const PUBLIC: Self = Self(
        FactKind::SeatsChanged.bit() | FactKind::StockChanged.bit() | FactKind::EventStatusChanged.bit(),
    );

    /// The kinds that are for one buyer only and are broadcast: all but holds, whose callers are answered.
    pub const PRIVATE_NEWS: Self = Self(
        FactKind::ReservationConfirmed.bit()
            | FactKind::ReservationExpired.bit()
            | FactKind::ReservationCancelled.bit()
            | FactKind::TicketsReturned.bit()
            | FactKind::PaymentUpdated.bit(),
    );

    /// Returns the set of every kind.
    pub fn all() -> Self {
        FactKind::ALL.iter().copied().collect()
    }

    /// Returns the kinds that are in either set.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns whether the sets have a kind in common.
    pub const fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns whether the set has a kind.
    pub const fn contains(self, kind: FactKind) -> bool {
        self.0 & kind.bit() != 0
    }

    /// Returns whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the kinds of the set.
    pub fn kinds(self) -> impl Iterator<Item = FactKind> {
        FactKind::ALL.iter().copied().filter(move |kind| self.contains(*kind))
    }
}

impl FromIterator<FactKind> for FactKinds {
    fn from_iter<I: IntoIterator<Item = FactKind>>(kinds: I) -> Self {
        Self(kinds.into_iter().fold(0, |bits, kind| bits | kind.bit()))
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
    /// The first moment at which a held seat is available again; [`Timestamp::FAR_FUTURE`] if it is not held, or held
    /// without an end.
    pub until: Timestamp,
    /// The seat's version; a consumer uses it to ignore changes that arrive twice or late.
    pub version: u64,
}

impl SeatChanged {
    /// Makes the change of one seat; a hold has no end.
    pub const fn new(seat: SeatId, status: SeatStatus, version: u64) -> Self {
        Self { seat, status, until: Timestamp::FAR_FUTURE, version }
    }

    /// Makes the change of a seat to a state, as it is at `now`.
    pub fn of(seat: SeatId, state: &SeatState, version: u64, now: Timestamp) -> Self {
        let status = SeatStatus::of(state, now);
        let until = match state {
            SeatState::Held { until, .. } if status == SeatStatus::Held => *until,
            SeatState::Held { .. }
            | SeatState::Available
            | SeatState::Sold { .. }
            | SeatState::Blocked { .. } => Timestamp::FAR_FUTURE,
        };
        Self { seat, status, until, version }
    }

    /// Sets the end of a hold.
    #[must_use]
    pub const fn held_until(mut self, until: Timestamp) -> Self {
        self.until = until;
        self
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
