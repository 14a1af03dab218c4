//! Reservations.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tiketi_core::{
    BuyerId, Currency, EventId, Money, PaymentId, Reservation, ReservationId, ReservationState, SeatId,
    StoreError, TicketTypeId, Timestamp,
    hold_time::HoldTime,
    reservation::{CancelReason, ItemLine, ReservationNumber, SeatLine},
};
use uuid::Uuid;

use crate::cancellation::{agreed, cancellation_text};
use crate::metadata::{metadata, metadata_text};
use crate::row::{currency, json, parse, small, stored, unreadable, unsigned};
use crate::table::table;

/// A seat of a reservation: seat, ticket type, label, price.
pub(crate) type SeatEntry<T> = (Uuid, Uuid, T, i64);
/// Units of a reservation: ticket type, name, quantity, unit price.
pub(crate) type ItemEntry<T> = (Uuid, T, u32, i64);

table! {
    /// A row of `reservations`.
    ReservationRow<'r> = "reservations", listed by reservation_columns {
        key { id: Uuid }
        fixed {
            event: Uuid,
            buyer: Uuid,
            date: i64,
            serial: i64,
            currency: Cow<'r, str>,
            created_at: i64,
        }
        changing {
            confirmed_at: Option<i64>,
            held_since: i64,
            hold_used: i64,
            hold_used_at: i64,
            seats: Cow<'r, str>,
            items: Cow<'r, str>,
            total: i64,
            state: Cow<'r, str>,
            state_at: i64,
            cancel_reason: Option<Cow<'r, str>>,
            payment: Option<Uuid>,
            window_granted: bool,
            cancellation: Option<Cow<'r, str>>,
            metadata: Option<Cow<'r, str>>,
            version: i64,
        }
    }
}

impl<'r> ReservationRow<'r> {
    /// Writes a reservation as its columns.
    ///
    /// # Errors
    ///
    /// None for a reservation of `tiketi-core`: all its parts can be written as JSON.
    pub fn of(reservation: &'r Reservation) -> Result<Self, StoreError> {
        let Reservation {
            id,
            number,
            event,
            buyer,
            seats,
            items,
            total,
            state,
            created_at,
            confirmed_at,
            held_since,
            hold_time,
            payment_window_granted,
            payment,
            cancellation,
            metadata,
            version,
        } = reservation;
        let (state, state_at, cancel_reason) = state_columns(*state);
        Ok(Self {
            id: id.as_uuid(),
            event: event.as_uuid(),
            buyer: buyer.as_uuid(),
            date: i64::from(number.date()),
            serial: stored(number.serial()),
            currency: total.currency().code().into(),
            created_at: created_at.as_micros(),
            confirmed_at: confirmed_at.map(Timestamp::as_micros),
            held_since: held_since.as_micros(),
            hold_used: i64::try_from(hold_time.used.as_micros()).unwrap_or(i64::MAX),
            hold_used_at: hold_time.at.as_micros(),
            seats: seats_text(seats)?.into(),
            items: items_text(items)?.into(),
            total: total.minor(),
            state: state.into(),
            state_at: state_at.as_micros(),
            cancel_reason: cancel_reason.map(Cow::Borrowed),
            payment: payment.map(PaymentId::as_uuid),
            window_granted: *payment_window_granted,
            cancellation: cancellation_text(cancellation.as_deref())?.map(Cow::Owned),
            metadata: metadata_text(metadata),
            version: stored(*version),
        })
    }

    /// Reads the reservation from its columns.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] if a column does not hold what it should.
    pub fn reservation(self) -> Result<Reservation, StoreError> {
        let currency = currency(&self.currency)?;
        Ok(Reservation {
            id: ReservationId::from_uuid(self.id),
            number: ReservationNumber::from_parts(
                small(self.date, "date")?,
                unsigned(self.serial, "serial")?,
            ),
            event: EventId::from_uuid(self.event),
            buyer: BuyerId::from_uuid(self.buyer),
            seats: seats(&self.seats, currency)?,
            items: items(&self.items, currency)?,
            total: Money::new(self.total, currency),
            state: self.state()?,
            created_at: Timestamp::from_micros(self.created_at),
            confirmed_at: self.confirmed_at.map(Timestamp::from_micros),
            held_since: Timestamp::from_micros(self.held_since),
            hold_time: HoldTime {
                used: Duration::from_micros(unsigned(self.hold_used, "hold_used")?),
                at: Timestamp::from_micros(self.hold_used_at),
            },
            payment_window_granted: self.window_granted,
            payment: self.payment.map(PaymentId::from_uuid),
            cancellation: self.cancellation.as_deref().map(agreed).transpose()?.map(Box::new),
            metadata: metadata(self.metadata.as_deref())?,
            version: unsigned(self.version, "version")?,
        })
    }

    fn state(&self) -> Result<ReservationState, StoreError> {
        let at = Timestamp::from_micros(self.state_at);
        match &*self.state {
            "held" => Ok(ReservationState::Held { until: at }),
            "paying" => {
                let payment = self.payment.map(PaymentId::from_uuid).ok_or_else(|| unreadable("payment"))?;
                Ok(ReservationState::Paying { payment, deadline: at })
            }
            "confirmed" => Ok(ReservationState::Confirmed { at }),
            "expired" => Ok(ReservationState::Expired { at }),
            "cancelled" => Ok(ReservationState::Cancelled { reason: self.reason()?, at }),
            _ => Err(unreadable("state")),
        }
    }

    fn reason(&self) -> Result<CancelReason, StoreError> {
        cancel_reason_of(self.cancel_reason.as_deref().unwrap_or_default())
    }
}

pub(crate) fn cancel_reason_of(word: &str) -> Result<CancelReason, StoreError> {
    match word {
        "buyer" => Ok(CancelReason::ByBuyer),
        "organiser" => Ok(CancelReason::ByOrganiser),
        "refunded" => Ok(CancelReason::Refunded),
        _ => Err(unreadable("cancel_reason")),
    }
}

pub(crate) fn cancel_reason_word(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::ByBuyer => "buyer",
        CancelReason::ByOrganiser => "organiser",
        CancelReason::Refunded => "refunded",
    }
}

/// Writes a state as its word, its moment, and why it was cancelled.
fn state_columns(state: ReservationState) -> (&'static str, Timestamp, Option<&'static str>) {
    match state {
        ReservationState::Held { until } => ("held", until, None),
        ReservationState::Paying { deadline, .. } => ("paying", deadline, None),
        ReservationState::Confirmed { at } => ("confirmed", at, None),
        ReservationState::Expired { at } => ("expired", at, None),
        ReservationState::Cancelled { reason, at } => ("cancelled", at, Some(cancel_reason_word(reason))),
    }
}

/// Writes the seats of a reservation as a JSON array.
fn seats_text(lines: &[SeatLine]) -> Result<String, StoreError> {
    json(&seat_entries(lines))
}

pub(crate) fn seat_entries(lines: &[SeatLine]) -> Vec<SeatEntry<&str>> {
    lines
        .iter()
        .map(|line| (line.seat.as_uuid(), line.ticket_type.as_uuid(), &*line.label, line.price.minor()))
        .collect()
}

fn seats(text: &str, currency: Currency) -> Result<Vec<SeatLine>, StoreError> {
    Ok(seat_lines(parse(text, "seats")?, currency))
}

pub(crate) fn seat_lines(entries: Vec<SeatEntry<String>>, currency: Currency) -> Vec<SeatLine> {
    let line = |(seat, ticket_type, label, price): SeatEntry<String>| SeatLine {
        seat: SeatId::from_uuid(seat),
        ticket_type: TicketTypeId::from_uuid(ticket_type),
        label: Arc::from(label),
        price: Money::new(price, currency),
    };
    entries.into_iter().map(line).collect()
}

/// Writes the units of a reservation as a JSON array.
fn items_text(lines: &[ItemLine]) -> Result<String, StoreError> {
    json(&item_entries(lines))
}

pub(crate) fn item_entries(lines: &[ItemLine]) -> Vec<ItemEntry<&str>> {
    lines
        .iter()
        .map(|line| (line.ticket_type.as_uuid(), &*line.name, line.quantity, line.unit_price.minor()))
        .collect()
}

fn items(text: &str, currency: Currency) -> Result<Vec<ItemLine>, StoreError> {
    Ok(item_lines(parse(text, "items")?, currency))
}

pub(crate) fn item_lines(entries: Vec<ItemEntry<String>>, currency: Currency) -> Vec<ItemLine> {
    let line = |(ticket_type, name, quantity, unit_price): ItemEntry<String>| ItemLine {
        ticket_type: TicketTypeId::from_uuid(ticket_type),
        name: Arc::from(name),
        quantity,
        unit_price: Money::new(unit_price, currency),
    };
    entries.into_iter().map(line).collect()
}
