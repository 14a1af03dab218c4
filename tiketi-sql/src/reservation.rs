//! Reservations.

use std::sync::Arc;

use tiketi_core::{
    BuyerId, Currency, EventId, Money, PaymentId, Reservation, ReservationId, ReservationState, SeatId,
    StoreError, TicketTypeId, Timestamp,
    reservation::{CancelReason, ItemLine, ReservationNumber, SeatLine},
};
use uuid::Uuid;

use crate::cancellation::agreed;
use crate::row::{Row, count, currency, json, moment, money, parse, small, unreadable};

/// A seat of a reservation: seat, ticket type, label, price.
type SeatEntry<T> = (Uuid, Uuid, T, i64);
/// Units of a reservation: ticket type, name, quantity, unit price.
type ItemEntry<T> = (Uuid, T, u32, i64);

/// Reads a reservation.
pub fn reservation(row: &impl Row) -> Result<Reservation, StoreError> {
    let currency = currency(row)?;
    let payment = row.maybe_uuid("payment")?.map(PaymentId::from_uuid);
    Ok(Reservation {
        id: ReservationId::from_uuid(row.uuid("id")?),
        number: ReservationNumber::from_parts(small(row, "date")?, count(row, "serial")?),
        event: EventId::from_uuid(row.uuid("event")?),
        buyer: BuyerId::from_uuid(row.uuid("buyer")?),
        seats: seats(row.text("seats")?, currency)?,
        items: items(row.text("items")?, currency)?,
        total: money(row, "total", currency)?,
        state: state(row, payment)?,
        created_at: moment(row, "created_at")?,
        payment_window_granted: row.flag("window_granted")?,
        payment,
        cancellation: row.maybe_text("cancellation")?.map(agreed).transpose()?,
        version: count(row, "version")?,
    })
}

fn state(row: &impl Row, payment: Option<PaymentId>) -> Result<ReservationState, StoreError> {
    let at = moment(row, "state_at")?;
    match row.text("state")? {
        "held" => Ok(ReservationState::Held { until: at }),
        "paying" => {
            let payment = payment.ok_or_else(|| unreadable("payment"))?;
            Ok(ReservationState::Paying { payment, deadline: at })
        }
        "confirmed" => Ok(ReservationState::Confirmed { at }),
        "expired" => Ok(ReservationState::Expired { at }),
        "cancelled" => Ok(ReservationState::Cancelled { reason: cancel_reason(row)?, at }),
        _ => Err(unreadable("state")),
    }
}

fn cancel_reason(row: &impl Row) -> Result<CancelReason, StoreError> {
    match row.maybe_text("cancel_reason")? {
        Some("buyer") => Ok(CancelReason::ByBuyer),
        Some("organiser") => Ok(CancelReason::ByOrganiser),
        Some("refunded") => Ok(CancelReason::Refunded),
        _ => Err(unreadable("cancel_reason")),
    }
}

/// Writes a state as its word, its moment, and why it was cancelled.
pub fn reservation_state(state: ReservationState) -> (&'static str, Timestamp, Option<&'static str>) {
    match state {
        ReservationState::Held { until } => ("held", until, None),
        ReservationState::Paying { deadline, .. } => ("paying", deadline, None),
        ReservationState::Confirmed { at } => ("confirmed", at, None),
        ReservationState::Expired { at } => ("expired", at, None),
        ReservationState::Cancelled { reason, at } => {
            let reason = match reason {
                CancelReason::ByBuyer => "buyer",
                CancelReason::ByOrganiser => "organiser",
                CancelReason::Refunded => "refunded",
            };
            ("cancelled", at, Some(reason))
        }
    }
}

/// Writes the seats of a reservation as a JSON array.
pub fn seats_text(lines: &[SeatLine]) -> Result<String, StoreError> {
    let entries: Vec<SeatEntry<&str>> = lines
        .iter()
        .map(|line| (line.seat.as_uuid(), line.ticket_type.as_uuid(), &*line.label, line.price.minor()))
        .collect();
    json(&entries)
}

fn seats(text: &str, currency: Currency) -> Result<Vec<SeatLine>, StoreError> {
    let entries: Vec<SeatEntry<String>> = parse(text, "seats")?;
    let line = |(seat, ticket_type, label, price): SeatEntry<String>| SeatLine {
        seat: SeatId::from_uuid(seat),
        ticket_type: TicketTypeId::from_uuid(ticket_type),
        label: Arc::from(label),
        price: Money::new(price, currency),
    };
    Ok(entries.into_iter().map(line).collect())
}

/// Writes the units of a reservation as a JSON array.
pub fn items_text(lines: &[ItemLine]) -> Result<String, StoreError> {
    let entries: Vec<ItemEntry<&str>> = lines
        .iter()
        .map(|line| (line.ticket_type.as_uuid(), &*line.name, line.quantity, line.unit_price.minor()))
        .collect();
    json(&entries)
}

fn items(text: &str, currency: Currency) -> Result<Vec<ItemLine>, StoreError> {
    let entries: Vec<ItemEntry<String>> = parse(text, "items")?;
    let line = |(ticket_type, name, quantity, unit_price): ItemEntry<String>| ItemLine {
        ticket_type: TicketTypeId::from_uuid(ticket_type),
        name: Arc::from(name),
        quantity,
        unit_price: Money::new(unit_price, currency),
    };
    Ok(entries.into_iter().map(line).collect())
}
