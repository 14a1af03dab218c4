//! What an audit can find.

use std::fmt;

use crate::id::{BuyerId, EventId, PaymentId, ReservationId, SeatId, TicketTypeId};
use crate::money::Money;
use crate::reservation::ReservationNumber;
use crate::ticket_type::Stock;

/// One thing that must never be, and is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A seat's owner does not exist.
    #[error("seat {seat} belongs to reservation {reservation}, which does not exist")]
    OwnerUnknown {
        /// The seat.
        seat: SeatId,
        /// Its owner, by its own word.
        reservation: ReservationId,
    },
    /// A seat's owner does not list it.
    #[error("seat {seat} belongs to reservation {reservation}, which does not list it")]
    OwnerDoesNotList {
        /// The seat.
        seat: SeatId,
        /// Its owner, by its own word.
        reservation: ReservationId,
    },
    /// A seat and its owner are in states that do not fit each other.
    #[error(
        "seat {seat} and its reservation {reservation} do not agree on whether it is held, sold or over, or until when"
    )]
    OwnerDisagrees {
        /// The seat.
        seat: SeatId,
        /// Its owner.
        reservation: ReservationId,
    },
    /// A live reservation lists a seat that is not its own.
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
        /// The owner by the seat's word.
        owner: ReservationId,
        /// The other.
        other: ReservationId,
    },
    /// A seat changed at a later map version than the event has.
    #[error("seat {seat} changed at map version {version}, but the event's is {map_version}")]
    SeatAheadOfMap {
        /// The seat.
        seat: SeatId,
        /// Its map version.
        version: u64,
        /// The event's.
        map_version: u64,
    },
    /// The event has a map version at which no seat changed.
    #[error("the event's map version is {map_version}, but the latest change of a seat was at {latest}")]
    MapAheadOfSeats {
        /// The event's map version.
        map_version: u64,
        /// The greatest of its seats.
        latest: u64,
    },
    /// A kept counter is not what counting the rows gives.
    #[error("ticket type {ticket_type} keeps {kept:?}, but its rows come to {counted:?}")]
    StockMiscounted {
        /// The ticket type.
        ticket_type: TicketTypeId,
        /// As kept.
        kept: Stock,
        /// As counted.
        counted: Stock,
    },
    /// More is held, sold and blocked than there is.
    #[error("ticket type {ticket_type} is oversold: {counted:?}")]
    Oversold {
        /// The ticket type.
        ticket_type: TicketTypeId,
        /// As counted.
        counted: Stock,
    },
    /// A seat or a live reservation names a ticket type the event has not.
    #[error("{row} names ticket type {ticket_type}, which does not exist")]
    TicketTypeUnknown {
        /// What names it.
        row: AuditedRow,
        /// The ticket type.
        ticket_type: TicketTypeId,
    },
    /// A row of another event is among the rows of this one.
    #[error("{row} is of event {event}, and is kept with another's")]
    StrayRow {
        /// The row.
        row: AuditedRow,
        /// The event it says it is of.
        event: EventId,
    },
    /// A row has the version 0, which none is ever written with.
    #[error("{row} has version 0")]
    VersionMissing {
        /// The row.
        row: AuditedRow,
    },
    /// A total is not the sum of the lines.
    #[error("reservation {reservation} has a total of {total}, but its lines come to {counted}")]
    TotalMiscounted {
        /// The reservation.
        reservation: ReservationId,
        /// As kept.
        total: Money,
        /// As counted.
        counted: i128,
    },
    /// A live reservation has no tickets.
    #[error("reservation {reservation} holds or owns nothing")]
    NothingReserved {
        /// The reservation.
        reservation: ReservationId,
    },
    /// A buyer has two pending reservations.
    #[error("buyer {buyer} has two pending reservations, {first} and {second}")]
    TwoPending {
        /// The buyer.
        buyer: BuyerId,
        /// One.
        first: ReservationId,
        /// Another.
        second: ReservationId,
    },
    /// Two reservations have one number.
    #[error("the number {number} was given twice: to reservation {first} and to {second}")]
    NumberGivenTwice {
        /// The number.
        number: ReservationNumber,
        /// One.
        first: ReservationId,
        /// Another.
        second: ReservationId,
    },
    /// A reservation names a payment that does not exist, or that pays for another.
    #[error("reservation {reservation} names payment {payment}, which is not for it")]
    PaymentUnknown {
        /// The reservation.
        reservation: ReservationId,
        /// The payment.
        payment: PaymentId,
    },
    /// A payment is for a reservation that does not exist, or that is another buyer's.
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
    #[error("reservation {reservation} costs {total}, but payment {payment} took {amount}")]
    WrongAmount {
        /// The reservation.
        reservation: ReservationId,
        /// The payment.
        payment: PaymentId,
        /// The price.
        total: Money,
        /// What was taken.
        amount: Money,
    },
    /// A buyer owns tickets for which the money went back, and no refund says why.
    #[error(
        "reservation {reservation} owns what {due} have to be kept for, but payment {payment} keeps {kept}"
    )]
    OwnedUnpaid {
        /// The reservation.
        reservation: ReservationId,
        /// The payment.
        payment: PaymentId,
        /// What was taken and not given back, in minor units.
        kept: i128,
        /// In minor units: the price of what is owned, and what the policy kept of what was given back, less what staff
        /// waived.
        due: i128,
    },
    /// Two payments took money for one reservation, and neither gives it back.
    #[error("reservation {reservation} was paid twice: by {first} and by {second}")]
    PaidTwice {
        /// The reservation.
        reservation: ReservationId,
        /// One.
        first: PaymentId,
        /// Another.
        second: PaymentId,
    },
    /// Money is kept for which the buyer owns nothing, and no refund is queued.
    #[error("payment {payment} keeps {kept}, for which its buyer owns nothing and no refund is queued")]
    MoneyWithoutTickets {
        /// The payment.
        payment: PaymentId,
        /// What was taken and not given back.
        kept: Money,
    },
    /// Money is kept that is owed to its buyer, neither a refund is queued nor a person told.
    #[error("payment {payment} keeps {kept}, which is owed to its buyer and on no list")]
    UnlistedMoney {
        /// The payment.
        payment: PaymentId,
        /// What was taken and not given back.
        kept: Money,
    },
    /// A reservation is being paid, but its payment is not under way.
    #[error("reservation {reservation} is being paid, but its payment is neither under way nor stuck")]
    PayingByNothing {
        /// The reservation.
        reservation: ReservationId,
    },
    /// A payment is under way, but its reservation does not wait for it.
    #[error("payment {payment} is under way, but reservation {reservation} does not wait for it")]
    ConfirmingForNothing {
        /// The payment.
        payment: PaymentId,
        /// The reservation.
        reservation: ReservationId,
    },
    /// A payment could still be begun for a reservation that no longer awaits it.
    #[error("payment {payment} is ready, but reservation {reservation} does not await it")]
    ReadyForNothing {
        /// The payment.
        payment: PaymentId,
        /// The reservation.
        reservation: ReservationId,
    },
    /// A reservation and its latest payment are in states that do not fit each other.
    #[error("reservation {reservation} and its payment {payment} are in states that contradict each other")]
    PaymentDisagrees {
        /// The reservation.
        reservation: ReservationId,
        /// The payment.
        payment: PaymentId,
    },
    /// What went back is not the sum of the refunds that are done.
    #[error("payment {payment} gave back {refunded}, but its refunds come to {counted}")]
    RefundsMiscounted {
        /// The payment.
        payment: PaymentId,
        /// As kept.
        refunded: Money,
        /// As counted.
        counted: i128,
    },
    /// More went back, or was promised, than was taken.
    #[error("payment {payment} took {amount}, and gives back more")]
    Overrefunded {
        /// The payment.
        payment: PaymentId,
        /// What was taken.
        amount: Money,
    },
    /// What a payment is known to have taken does not fit its state.
    #[error("payment {payment} is in a state that contradicts what it took")]
    CapturedDisagrees {
        /// The payment.
        payment: PaymentId,
    },
    /// A provider's word is awaited, and nobody will ever ask for it.
    #[error("payment {payment} awaits its provider's word, and nobody will ask for it")]
    NoReconciliation {
        /// The payment.
        payment: PaymentId,
    },
    /// A provider is to be asked for what is known.
    #[error("payment {payment} awaits nothing, and its provider is to be asked all the same")]
    AskedForNothing {
        /// The payment.
        payment: PaymentId,
    },
    /// Two refunds of a payment have one id, so that the provider would send one of them.
    #[error("payment {payment} has two refunds of one id")]
    RefundIdTwice {
        /// The payment.
        payment: PaymentId,
    },
    /// A payment's state does not fit what went back.
    #[error("payment {payment} gave back {refunded} of {amount}, which its state contradicts")]
    RefundDisagrees {
        /// The payment.
        payment: PaymentId,
        /// What went back.
        refunded: Money,
        /// What was taken.
        amount: Money,
    },
}

/// Names the row a violation is about, where it may be of several kinds.
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
