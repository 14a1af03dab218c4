//! Reservations.

use std::sync::Arc;

use rusqlite::Row;
use tiketi_core::{
    BuyerId, CancelReason, Currency, EventId, ItemLine, Money, PaymentId, Reservation, ReservationId,
    ReservationNumber, ReservationState, SeatId, SeatLine, StoreError, TicketTypeId, Timestamp,
};
use uuid::Uuid;

use super::{count, currency, get, moment, money, parse, text};
use crate::error::unreadable;

pub(crate) const RESERVATION_COLUMNS: &str = "id, event, buyer, date, serial, seats, items, total, currency, state, \
    state_at, cancel_reason, payment, window_granted, created_at, version";

/// A seat of a reservation: seat, ticket type, label, price.
type SeatEntry<T> = (Uuid, Uuid, T, i64);
/// Units of a reservation: ticket type, name, quantity, unit price.
type ItemEntry<T> = (Uuid, T, u32, i64);

pub(crate) fn reservation(row: &Row<'_>) -> Result<Reservation, StoreError> {
    let currency = currency(row)?;
    let payment: Option<Uuid> = get(row, "payment")?;
    let payment = payment.map(PaymentId::from_uuid);
    Ok(Reservation {
        id: ReservationId::from_uuid(get(row, "id")?),
        number: ReservationNumber::from_parts(get(row, "date")?, count(row, "serial")?),
        event: EventId::from_uuid(get(row, "event")?),
        buyer: BuyerId::from_uuid(get(row, "buyer")?),
        seats: seats(&get::<String>(row, "seats")?, currency)?,
        items: items(&get::<String>(row, "items")?, currency)?,
        total: money(row, "total", currency)?,
        state: state(row, payment)?,
        created_at: moment(row, "created_at")?,
        payment_window_granted: get(row, "window_granted")?,
        payment,
        version: count(row, "version")?,
    })
}

fn state(row: &Row<'_>, payment: Option<PaymentId>) -> Result<ReservationState, StoreError> {
    let at = moment(row, "state_at")?;
    match get::<String>(row, "state")?.as_str() {
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

fn cancel_reason(row: &Row<'_>) -> Result<CancelReason, StoreError> {
    match get::<Option<String>>(row, "cancel_reason")?.as_deref() {
        Some("buyer") => Ok(CancelReason::ByBuyer),
        Some("organiser") => Ok(CancelReason::ByOrganiser),
        Some("refunded") => Ok(CancelReason::Refunded),
        _ => Err(unreadable("cancel_reason")),
    }
}

/// Writes a state as its word, its moment, and why it was cancelled.
pub(crate) fn reservation_state(state: ReservationState) -> (&'static str, Timestamp, Option<&'static str>) {
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

pub(crate) fn seats_text(lines: &[SeatLine]) -> Result<String, StoreError> {
    let entries: Vec<SeatEntry<&str>> = lines
        .iter()
        .map(|line| (line.seat.as_uuid(), line.ticket_type.as_uuid(), &*line.label, line.price.minor()))
        .collect();
    text(&entries)
}

fn seats(json: &str, currency: Currency) -> Result<Vec<SeatLine>, StoreError> {
    let entries: Vec<SeatEntry<String>> = parse(json, "seats")?;
    let line = |(seat, ticket_type, label, price): SeatEntry<String>| SeatLine {
        seat: SeatId::from_uuid(seat),
        ticket_type: TicketTypeId::from_uuid(ticket_type),
        label: Arc::from(label),
        price: Money::new(price, currency),
    };
    Ok(entries.into_iter().map(line).collect())
}

pub(crate) fn items_text(lines: &[ItemLine]) -> Result<String, StoreError> {
    let entries: Vec<ItemEntry<&str>> = lines
        .iter()
        .map(|line| (line.ticket_type.as_uuid(), &*line.name, line.quantity, line.unit_price.minor()))
        .collect();
    text(&entries)
}

fn items(json: &str, currency: Currency) -> Result<Vec<ItemLine>, StoreError> {
    let entries: Vec<ItemEntry<String>> = parse(json, "items")?;
    let line = |(ticket_type, name, quantity, unit_price): ItemEntry<String>| ItemLine {
        ticket_type: TicketTypeId::from_uuid(ticket_type),
        name: Arc::from(name),
        quantity,
        unit_price: Money::new(unit_price, currency),
    };
    Ok(entries.into_iter().map(line).collect())
}
