//! Seats.

use std::sync::Arc;

use tiketi_core::{
    EventId, ReservationId, Seat, SeatId, SeatState, StoreError, TicketTypeId, seat::SeatPlace,
};
use uuid::Uuid;

use crate::row::{Row, count, due_moment, small, unreadable};

/// A seat's state as columns.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct SeatColumns<'s> {
    /// The state's word.
    pub state: &'static str,
    /// The reservation that has it.
    pub owner: Option<Uuid>,
    /// When the hold ends, in microseconds.
    pub until: Option<i64>,
    /// Why it is off sale.
    pub reason: Option<&'s str>,
}

/// Reads a seat.
pub fn seat(row: &impl Row) -> Result<Seat, StoreError> {
    let place = SeatPlace {
        section: row.text("section")?.to_owned(),
        row: row.text("row")?.to_owned(),
        number: row.text("number")?.to_owned(),
        label: Arc::from(row.text("label")?),
        column: small(row, "col")?,
        line: small(row, "line")?,
        accessible: row.flag("accessible")?,
    };
    Ok(Seat {
        id: SeatId::from_uuid(row.uuid("id")?),
        event: EventId::from_uuid(row.uuid("event")?),
        ticket_type: TicketTypeId::from_uuid(row.uuid("ticket_type")?),
        place: Arc::new(place),
        state: state(row)?,
        version: count(row, "version")?,
        map_version: count(row, "map_version")?,
    })
}

fn state(row: &impl Row) -> Result<SeatState, StoreError> {
    let owner = || -> Result<ReservationId, StoreError> {
        row.maybe_uuid("owner")?.map(ReservationId::from_uuid).ok_or_else(|| unreadable("owner"))
    };
    match row.text("state")? {
        "available" => Ok(SeatState::Available),
        "held" => Ok(SeatState::Held { reservation: owner()?, until: due_moment(row, "until")? }),
        "sold" => Ok(SeatState::Sold { reservation: owner()? }),
        "blocked" => {
            let reason = row.maybe_text("reason")?.map(str::to_owned);
            Ok(SeatState::Blocked { reason: reason.unwrap_or_default() })
        }
        _ => Err(unreadable("state")),
    }
}

/// Writes a state as columns.
pub fn seat_state(state: &SeatState) -> SeatColumns<'_> {
    let none = SeatColumns { state: "available", owner: None, until: None, reason: None };
    match state {
        SeatState::Available => none,
        SeatState::Held { reservation, until } => SeatColumns {
            state: "held",
            owner: Some(reservation.as_uuid()),
            until: Some(until.as_micros()),
            ..none
        },
        SeatState::Sold { reservation } => {
            SeatColumns { state: "sold", owner: Some(reservation.as_uuid()), ..none }
        }
        SeatState::Blocked { reason } => SeatColumns { state: "blocked", reason: Some(reason), ..none },
    }
}
