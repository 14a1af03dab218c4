//! Facts in the outbox.

use serde::{Deserialize, Serialize};
use tiketi_core::{
    BuyerId, EventId, Fact, FactBody, PaymentId, ReservationId, SeatId, StoreError, TicketTypeId,
    fact::{FactId, SeatChanged, SeatStatus},
};
use uuid::Uuid;

use crate::event::{status, status_word};
use crate::row::{Row, count, json, moment, parse, unreadable};

/// A fact as JSON.
#[derive(Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
enum Entry {
    SeatsChanged { map_version: u64, changes: Vec<(Uuid, String, u64)> },
    StockChanged { ticket_type: Uuid, available: u32 },
    EventStatusChanged { status: String },
    ReservationConfirmed { reservation: Uuid, buyer: Uuid },
    ReservationExpired { reservation: Uuid, buyer: Uuid },
    ReservationCancelled { reservation: Uuid, buyer: Uuid },
    PaymentUpdated { payment: Uuid, reservation: Uuid, buyer: Uuid },
}

/// Writes what became true as a JSON object.
pub fn fact_text(body: &FactBody) -> Result<String, StoreError> {
    let pair = |reservation: &ReservationId, buyer: &BuyerId| (reservation.as_uuid(), buyer.as_uuid());
    json(&match body {
        FactBody::SeatsChanged { map_version, changes } => Entry::SeatsChanged {
            map_version: *map_version,
            changes: changes
                .iter()
                .map(|it| (it.seat.as_uuid(), word(it.status).to_owned(), it.version))
                .collect(),
        },
        FactBody::StockChanged { ticket_type, available } => {
            Entry::StockChanged { ticket_type: ticket_type.as_uuid(), available: *available }
        }
        FactBody::EventStatusChanged { status } => {
            Entry::EventStatusChanged { status: status_word(*status).to_owned() }
        }
        FactBody::ReservationConfirmed { reservation, buyer } => {
            let (reservation, buyer) = pair(reservation, buyer);
            Entry::ReservationConfirmed { reservation, buyer }
        }
        FactBody::ReservationExpired { reservation, buyer } => {
            let (reservation, buyer) = pair(reservation, buyer);
            Entry::ReservationExpired { reservation, buyer }
        }
        FactBody::ReservationCancelled { reservation, buyer } => {
            let (reservation, buyer) = pair(reservation, buyer);
            Entry::ReservationCancelled { reservation, buyer }
        }
        FactBody::PaymentUpdated { payment, reservation, buyer } => {
            let (reservation, buyer) = pair(reservation, buyer);
            Entry::PaymentUpdated { payment: payment.as_uuid(), reservation, buyer }
        }
        other => return Err(StoreError::corrupt(format!("{other:?} cannot be written"))),
    })
}

/// Reads a fact of the outbox.
pub fn fact(row: &impl Row) -> Result<Fact, StoreError> {
    Ok(Fact::new(
        FactId(count(row, "id")?),
        EventId::from_uuid(row.uuid("event")?),
        moment(row, "at")?,
        fact_body(row.text("body")?)?,
    ))
}

pub(crate) fn fact_body(text: &str) -> Result<FactBody, StoreError> {
    let (reservation_id, buyer_id) = (ReservationId::from_uuid, BuyerId::from_uuid);
    Ok(match parse(text, "fact")? {
        Entry::SeatsChanged { map_version, changes } => {
            let changes = changes.into_iter().map(changed).collect::<Result<_, _>>()?;
            FactBody::SeatsChanged { map_version, changes }
        }
        Entry::StockChanged { ticket_type, available } => {
            FactBody::StockChanged { ticket_type: TicketTypeId::from_uuid(ticket_type), available }
        }
        Entry::EventStatusChanged { status: word } => FactBody::EventStatusChanged { status: status(&word)? },
        Entry::ReservationConfirmed { reservation, buyer } => FactBody::ReservationConfirmed {
            reservation: reservation_id(reservation),
            buyer: buyer_id(buyer),
        },
        Entry::ReservationExpired { reservation, buyer } => {
            FactBody::ReservationExpired { reservation: reservation_id(reservation), buyer: buyer_id(buyer) }
        }
        Entry::ReservationCancelled { reservation, buyer } => FactBody::ReservationCancelled {
            reservation: reservation_id(reservation),
            buyer: buyer_id(buyer),
        },
        Entry::PaymentUpdated { payment, reservation, buyer } => FactBody::PaymentUpdated {
            payment: PaymentId::from_uuid(payment),
            reservation: reservation_id(reservation),
            buyer: buyer_id(buyer),
        },
    })
}

fn changed((seat, word, version): (Uuid, String, u64)) -> Result<SeatChanged, StoreError> {
    let status = match word.as_str() {
        "available" => SeatStatus::Available,
        "held" => SeatStatus::Held,
        "sold" => SeatStatus::Sold,
        "blocked" => SeatStatus::Blocked,
        _ => return Err(unreadable("seat status")),
    };
    Ok(SeatChanged::new(SeatId::from_uuid(seat), status, version))
}

fn word(status: SeatStatus) -> &'static str {
    match status {
        SeatStatus::Available => "available",
        SeatStatus::Held => "held",
        SeatStatus::Sold => "sold",
        SeatStatus::Blocked => "blocked",
    }
}
