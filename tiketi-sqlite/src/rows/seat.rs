//! Seats.

use std::sync::Arc;

use rusqlite::Row;
use tiketi_core::{EventId, ReservationId, Seat, SeatId, SeatPlace, SeatState, StoreError, TicketTypeId};
use uuid::Uuid;

use super::{count, due_moment, get};
use crate::error::unreadable;

pub(crate) const SEAT_COLUMNS: &str = "event, id, ticket_type, section, row, number, label, col, line, accessible, \
    state, owner, until, reason, version, map_version";

/// A seat's state as columns.
pub(crate) struct SeatColumns<'s> {
    pub(crate) state: &'static str,
    pub(crate) owner: Option<Uuid>,
    pub(crate) until: Option<i64>,
    pub(crate) reason: Option<&'s str>,
}

pub(crate) fn seat(row: &Row<'_>) -> Result<Seat, StoreError> {
    let place = SeatPlace {
        section: get(row, "section")?,
        row: get(row, "row")?,
        number: get(row, "number")?,
        label: Arc::from(get::<String>(row, "label")?),
        column: get(row, "col")?,
        line: get(row, "line")?,
        accessible: get(row, "accessible")?,
    };
    Ok(Seat {
        id: SeatId::from_uuid(get(row, "id")?),
        event: EventId::from_uuid(get(row, "event")?),
        ticket_type: TicketTypeId::from_uuid(get(row, "ticket_type")?),
        place: Arc::new(place),
        state: state(row)?,
        version: count(row, "version")?,
        map_version: count(row, "map_version")?,
    })
}

fn state(row: &Row<'_>) -> Result<SeatState, StoreError> {
    let owner = || -> Result<ReservationId, StoreError> {
        let owner: Option<Uuid> = get(row, "owner")?;
        owner.map(ReservationId::from_uuid).ok_or_else(|| unreadable("owner"))
    };
    match row.get_ref("state").ok().and_then(|state| state.as_str().ok()) {
        Some("available") => Ok(SeatState::Available),
        Some("held") => Ok(SeatState::Held { reservation: owner()?, until: due_moment(row, "until")? }),
        Some("sold") => Ok(SeatState::Sold { reservation: owner()? }),
        Some("blocked") => {
            let reason: Option<String> = get(row, "reason")?;
            Ok(SeatState::Blocked { reason: reason.unwrap_or_default() })
        }
        _ => Err(unreadable("state")),
    }
}

pub(crate) fn seat_state(state: &SeatState) -> SeatColumns<'_> {
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
