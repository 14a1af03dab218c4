//! The rows of an event, as an audit reads them: in parts, each with the rows that it is compared with.

use std::collections::BTreeMap;

use crate::event::Event;
use crate::id::{BuyerId, PaymentId, ReservationId, SeatId};
use crate::payment::Payment;
use crate::reservation::Reservation;
use crate::seat::Seat;
use crate::ticket_type::TicketType;

/// An event's own row and its ticket types, which an audit reads first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores make it, and give every part")]
pub struct AuditedEvent {
    /// The event.
    pub event: Event,
    /// The stored map version, not one derived from the seats.
    pub map_version: u64,
    /// All of its ticket types, by position and id.
    pub ticket_types: Vec<TicketType>,
}

/// Some rows of an event, with the rows that they are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores make it, and give every part")]
pub struct AuditPart {
    /// The rows.
    pub rows: AuditRows,
    /// What they are compared with.
    pub related: RelatedRows,
}

/// Rows of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an audit checks every kind")]
pub enum AuditRows {
    /// Seats.
    Seats(Vec<Seat>),
    /// Reservations, ended ones included.
    Reservations(Vec<Reservation>),
    /// Payments.
    Payments(Vec<Payment>),
}

impl AuditRows {
    /// Returns how many rows there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Seats(rows) => rows.len(),
            Self::Reservations(rows) => rows.len(),
            Self::Payments(rows) => rows.len(),
        }
    }

    /// Returns whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Rows that the rows of a part are compared with, each at least once, in any order.
///
/// What does not exist is left out. Rows of the part itself may be among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores make it, and give every part")]
pub struct RelatedRows {
    /// For reservations: the event's seats that they list.
    pub seats: Vec<Seat>,
    /// Reservations of the event. For seats: their owners. For payments: what they are for. For reservations: the owners of
    /// the seats that they list, and every other one that has the same serial, or is pending for the same buyer as a
    /// pending one of the part.
    pub reservations: Vec<Reservation>,
    /// For reservations: the payments that they name, of whichever event.
    pub payments: Vec<Payment>,
}

/// Finds the rows of a part, and those related to them, by id.
pub(super) struct Lookup<'p> {
    seats: BTreeMap<SeatId, &'p Seat>,
    reservations: BTreeMap<ReservationId, &'p Reservation>,
    payments: BTreeMap<PaymentId, &'p Payment>,
    by_serial: BTreeMap<u64, Vec<&'p Reservation>>,
    pending: BTreeMap<BuyerId, Vec<&'p Reservation>>,
}

impl<'p> Lookup<'p> {
    pub(super) fn of(part: &'p AuditPart) -> Self {
        let own: &[Reservation] = match &part.rows {
            AuditRows::Reservations(rows) => rows,
            AuditRows::Seats(_) | AuditRows::Payments(_) => &[],
        };
        let related = part.related.reservations.iter();
        let reservations: BTreeMap<_, _> = related.chain(own).map(|row| (row.id, row)).collect();
        let (mut by_serial, mut pending) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        if !own.is_empty() {
            for row in reservations.values().copied() {
                by_serial.entry(row.number.serial()).or_default().push(row);
                if row.is_pending() {
                    pending.entry(row.buyer).or_default().push(row);
                }
            }
        }
        let seats = part.related.seats.iter().map(|seat| (seat.id, seat)).collect();
        let payments = part.related.payments.iter().map(|payment| (payment.id, payment)).collect();
        Self { seats, reservations, payments, by_serial, pending }
    }

    pub(super) fn seat(&self, id: SeatId) -> Option<&'p Seat> {
        self.seats.get(&id).copied()
    }

    pub(super) fn reservation(&self, id: ReservationId) -> Option<&'p Reservation> {
        self.reservations.get(&id).copied()
    }

    /// Returns the reservations with the serial of this one.
    pub(super) fn namesakes(&self, row: &Reservation) -> &[&'p Reservation] {
        self.by_serial.get(&row.number.serial()).map_or(&[], Vec::as_slice)
    }

    /// Returns the pending reservations of a buyer.
    pub(super) fn pending_of(&self, buyer: BuyerId) -> &[&'p Reservation] {
        self.pending.get(&buyer).map_or(&[], Vec::as_slice)
    }

    pub(super) fn payment(&self, id: PaymentId) -> Option<&'p Payment> {
        self.payments.get(&id).copied()
    }

    pub(super) fn payments(&self) -> impl Iterator<Item = &'p Payment> {
        self.payments.values().copied()
    }
}
