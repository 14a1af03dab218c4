//! Violations that an audit can find.

use std::fmt;

use crate::id::{BuyerId, EventId, PaymentId, ReservationId, SeatId, TicketTypeId};
use crate::money::Money;
use crate::reservation::ReservationNumber;
use crate::ticket_type::Stock;

/// One violated invariant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A seat's owner does not exist.
    #[error("seat {seat} belongs to reservation {reservation}, which does not exist")]
    OwnerUnknown {
        /// Its owner, as the seat names it.
        seat: SeatId,
        /// Its owner, as the seat names it.
        reservation: ReservationId,
    },
    /// A seat's owner does not list it.
    #[error("seat {seat} belongs to reservation {reservation}, which does not list it")]
    OwnerDoesNotList {
        /// The seat.
        seat: SeatId,
        /// Its owner, as the seat names it.
        reservation: ReservationId,
    },
    /// A seat and its owner are in states that contradict each other.
    #[error(
        "seat {seat} and its reservation {reservation} do not agree on whether it is held, sold or over, or until when"
    )]
    OwnerDisagrees {
        /// The seat.
        seat: SeatId,
        /// Its owner.
        reservation: ReservationId,
    },
    /// A live reservation lists a seat that it does not own.
    #[error("reservation {reservation} lists seat {seat}, which is not its own")]
    SeatLost {
        /// The seat.
        seat: SeatId,
        /// The reservation.
        reservation: ReservationId,
    },
    /// Two live reservations list one seat.
    #[error("seat {seat} was given twice: to reservation {owner} and to {other}")]
    SeatGivenTwice {
        /// The seat.
        seat: SeatId,
        /// The owner that the seat names.
        owner: ReservationId,
        /// The other reservation.
        other: ReservationId,
    },
    /// A seat changed at a later map version than the event's.
    #[error("seat {seat} changed at map version {version}, but the event's is {map_version}")]
    SeatAheadOfMap {
        /// The seat.
        seat: SeatId,
        /// Its map version.
        version: u64,
        /// The event's map version.
        map_version: u64,
    },
    /// The event has a map version at which no seat changed.
    #[error("the event's map version is {map_version}, but the latest change of a seat was at {latest}")]
    MapAheadOfSeats {
        /// The event's map version.
        map_version: u64,
        /// The greatest map version of its seats.
        latest: u64,
    },
    /// A stock counter differs from the counted rows.
    #[error("ticket type {ticket_type} keeps {kept:?}, but its rows come to {counted:?}")]
    StockMiscounted {
        /// The ticket type.
        ticket_type: TicketTypeId,
        /// The stored stock.
        kept: Stock,
        /// The counted stock.
        counted: Stock,
    },
    /// More is held, sold and blocked than the capacity.
    #[error("ticket type {ticket_type} is oversold: {counted:?}")]
    Oversold {
        /// The ticket type.
        ticket_type: TicketTypeId,
        /// The counted stock.
        counted: Stock,
    },
    /// A seat or a live reservation names a ticket type that the event does not have.
    #[error("{row} names ticket type {ticket_type}, which does not exist")]
    TicketTypeUnknown {
        /// The row that names it.
        row: AuditedRow,
        /// The ticket type.
        ticket_type: TicketTypeId,
    },
    /// A row of another event is among the rows of this one.
    #[error("{row} is of event {event}, and is kept with another's")]
    StrayRow {
        /// The row.
        row: AuditedRow,
        /// The event that the row names.
        event: EventId,
    },
    /// A row has version 0, although the first version is 1.
    #[error("{row} has version 0")]
    VersionMissing {
        /// The row.
        row: AuditedRow,
    },
    /// A total is not the sum of the lines.
    #[error("reservation {reservation} has a total of {total}, but its lines sum to {counted}")]
    TotalMiscounted {
        /// The reservation.
        reservation: ReservationId,
        /// The stored total.
        total: Money,
        /// The sum of the lines.
        counted: i128,
    },
    /// A live reservation has no tickets.
    #[error("reservation {reservation} holds or owns nothing")]
    NothingReserved {
        /// The reservation.
        reservation: ReservationId,
    },
    /// A buyer has two held reservations.
    #[error("buyer {buyer} has two pending reservations, {first} and {second}")]
    TwoPending {
        /// The buyer.
        buyer: BuyerId,
        /// One of them.
        first: ReservationId,
        /// The other.
        second: ReservationId,
    },
    /// Two reservations have the same number.
    #[error("the number {number} was given twice: to reservation {first} and to {second}")]
    NumberGivenTwice {
        /// The number.
        number: ReservationNumber,
        /// One of them.
        first: ReservationId,
        /// The other.
        second: ReservationId,
    },
    /// A reservation names a payment that does not exist, or that is for another reservation.
    #[error("reservation {reservation} names payment {payment}, which is not for it")]
    PaymentUnknown {
        /// The reservation.
        reservation: ReservationId,
        /// The payment.
        payment: PaymentId,
    },
    /// A payment is for a reservation that does not exist, or that belongs to another buyer.
    #[error("payment {payment} is for reservation {reservation}, which its buyer does not have")]
    PaidForNothing {
        /// The payment.
        payment: PaymentId,
        /// The reservation.
        reservation: ReservationId,
    },
    /// A reservation is sold, but neither paid nor free.
    #[error("reservation {reservation} is sold, but neither paid nor free")]
    SoldUnpaid {
        /// The reservation.
        reservation: ReservationId,
    },
    /// A reservation was sold for another amount than its price.
    #[error("reservation {reservation} costs {total}, but payment {payment} captured {amount}")]
    WrongAmount {
        /// The reservation.
        reservation: ReservationId,
        /// The payment.
        payment: PaymentId,
        /// The price.
        total: Money,
        /// The captured amount.
        amount: Money,
    },
    /// A buyer owns tickets whose money was refunded, and no refund says why.
    #[error(
        "reservation {reservation} owns what {due} have to be kept for, but payment {payment} keeps {kept}"
    )]
    OwnedUnpaid {
        /// The reservation.
        reservation: ReservationId,
        /// The payment.
        payment: PaymentId,
        /// The captured amount that was not refunded, in minor units.
        kept: i128,
        /// The expected amount, in minor units: the price of the owned tickets, plus what the policy kept of returned
        /// tickets, minus waivers.
        due: i128,
    },
    /// Two payments captured money for one reservation, and neither is refunded.
    #[error("reservation {reservation} was paid twice: by {first} and by {second}")]
    PaidTwice {
        /// The reservation.
        reservation: ReservationId,
        /// One of them.
        first: PaymentId,
        /// The other.
        second: PaymentId,
    },
    /// Money is kept for which the buyer owns nothing, and no refund is queued.
    #[error("payment {payment} keeps {kept}, for which its buyer owns nothing and no refund is queued")]
    MoneyWithoutTickets {
        /// The payment.
        payment: PaymentId,
        /// The captured amount that was not refunded.
        kept: Money,
    },
    /// Money is owed to its buyer, but no refund is queued and it does not need attention.
    #[error("payment {payment} keeps {kept}, which is owed to its buyer, and does not need attention")]
    UnlistedMoney {
        /// The payment.
        payment: PaymentId,
        /// The captured amount that was not refunded.
        kept: Money,
    },
    /// A reservation is being paid, but its payment is not in progress.
    #[error("reservation {reservation} is being paid, but its payment is neither in progress nor stuck")]
    PayingByNothing {
        /// The reservation.
        reservation: ReservationId,
    },
    /// A payment is in progress, but its reservation does not wait for it.
    #[error("payment {payment} is in progress, but reservation {reservation} does not wait for it")]
    ConfirmingForNothing {
        /// The payment.
        payment: PaymentId,
        /// The reservation.
        reservation: ReservationId,
    },
    /// A payment could still be confirmed for a reservation that does not wait for it any more.
    #[error("payment {payment} is ready, but reservation {reservation} does not await it")]
    ReadyForNothing {
        /// The payment.
        payment: PaymentId,
        /// The reservation.
        reservation: ReservationId,
    },
    /// A reservation and its latest payment are in states that contradict each other.
    #[error("reservation {reservation} and its payment {payment} are in states that contradict each other")]
    PaymentDisagrees {
        /// The reservation.
        reservation: ReservationId,
        /// The payment.
        payment: PaymentId,
    },
    /// The refunded amount is not the sum of the refunds that are done.
    #[error("payment {payment} refunded {refunded}, but its refunds sum to {counted}")]
    RefundsMiscounted {
        /// The payment.
        payment: PaymentId,
        /// The stored amount.
        refunded: Money,
        /// The sum of the refunds.
        counted: i128,
    },
    /// More was refunded, or queued, than was captured.
    #[error("payment {payment} captured {amount} and refunds more")]
    Overrefunded {
        /// The payment.
        payment: PaymentId,
        /// The captured amount.
        amount: Money,
    },
    /// The captured amount of a payment contradicts its state.
    #[error("payment {payment} is in a state that contradicts its captured amount")]
    CapturedDisagrees {
        /// The payment.
        payment: PaymentId,
    },
    /// A payment's outcome is unknown, but no reconciliation is scheduled.
    #[error("payment {payment} awaits an answer of its provider, but has no reconciliation")]
    NoReconciliation {
        /// The payment.
        payment: PaymentId,
    },
    /// A payment's outcome is known, but a reconciliation is scheduled.
    #[error("payment {payment} awaits no answer, but has a reconciliation")]
    AskedForNothing {
        /// The payment.
        payment: PaymentId,
    },
    /// Two refunds of a payment have the same id, so that the provider would send one of them.
    #[error("payment {payment} has two refunds with one id")]
    RefundIdTwice {
        /// The payment.
        payment: PaymentId,
    },
    /// A payment's state contradicts its refunded amount.
    #[error("payment {payment} refunded {refunded} of {amount}, which contradicts its state")]
    RefundDisagrees {
        /// The payment.
        payment: PaymentId,
        /// The refunded amount.
        refunded: Money,
        /// The captured amount.
        amount: Money,
    },
}

/// The row that a violation is about, if several kinds are possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuditedRow {
    /// The event itself.
    Event(EventId),
    /// A ticket type.
    TicketType(TicketTypeId),
    /// A seat.
    Seat(SeatId),
    /// A reservation.
    Reservation(ReservationId),
    /// A payment.
    Payment(PaymentId),
}

impl fmt::Display for AuditedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(id) => write!(f, "event {id}"),
            Self::TicketType(id) => write!(f, "ticket type {id}"),
            Self::Seat(id) => write!(f, "seat {id}"),
            Self::Reservation(id) => write!(f, "reservation {id}"),
            Self::Payment(id) => write!(f, "payment {id}"),
        }
    }
}
