//! Seats.

use std::borrow::Cow;
use std::sync::Arc;

use tiketi_core::{
    BuyerId, EventId, ReservationId, Seat, SeatId, SeatState, StoreError, TicketTypeId,
    seat::{FormerHold, SeatPlace},
};
use uuid::Uuid;

use crate::row::{needed, small, stored, unreadable, unsigned};
use crate::table::table;

table! {
    /// A row of `seats`.
    SeatRow<'r> = "seats", listed by seat_columns {
        key { event: Uuid, id: Uuid }
        fixed {
            ticket_type: Uuid,
            section: Cow<'r, str>,
            row: Cow<'r, str>,
            number: Cow<'r, str>,
            label: Cow<'r, str>,
            col: i64,
            line: i64,
            accessible: bool,
        }
        changing {
            state: Cow<'r, str>,
            owner: Option<Uuid>,
            until: Option<i64>,
            reason: Option<Cow<'r, str>>,
            version: i64,
            map_version: i64,
            former_buyer: Option<Uuid>,
            former_since: Option<i64>,
            former_until: Option<i64>,
        }
        // The seat's position, counted from the stage; seats are read in this order.
        unread { position: i64 }
    }
}

impl<'r> SeatRow<'r> {
    /// Writes a seat as its columns, with the position.
    pub fn new(seat: &'r Seat, position: i64) -> Self {
        Self { position, ..Self::of(seat) }
    }

    /// Writes a seat as its columns, without the position.
    pub fn of(seat: &'r Seat) -> Self {
        let Seat { id, event, ticket_type, place, state, version, map_version, former } = seat;
        let SeatPlace { section, row, number, label, column, line, accessible } = &**place;
        let (state, owner, until, reason) = columns_of(state);
        Self {
            event: event.as_uuid(),
            id: id.as_uuid(),
            ticket_type: ticket_type.as_uuid(),
            section: section.into(),
            row: row.into(),
            number: number.into(),
            label: Cow::Borrowed(label),
            col: i64::from(*column),
            line: i64::from(*line),
            accessible: *accessible,
            state: state.into(),
            owner: owner.map(ReservationId::as_uuid),
            until,
            reason: reason.map(Cow::Borrowed),
            version: stored(*version),
            map_version: stored(*map_version),
            former_buyer: former.as_ref().map(|former| former.buyer.as_uuid()),
            former_since: former.as_ref().map(|former| former.since.as_micros()),
            former_until: former.as_ref().map(|former| former.until.as_micros()),
            position: 0,
        }
    }

    /// Reads the seat from its columns.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] if a column does not hold what it should.
    pub fn seat(self) -> Result<Seat, StoreError> {
        let state = self.state()?;
        let former = self.former()?;
        let place = SeatPlace {
            section: self.section.into_owned(),
            row: self.row.into_owned(),
            number: self.number.into_owned(),
            label: Arc::from(&*self.label),
            column: small(self.col, "col")?,
            line: small(self.line, "line")?,
            accessible: self.accessible,
        };
        Ok(Seat {
            id: SeatId::from_uuid(self.id),
            event: EventId::from_uuid(self.event),
            ticket_type: TicketTypeId::from_uuid(self.ticket_type),
            place: Arc::new(place),
            state,
            version: unsigned(self.version, "version")?,
            map_version: unsigned(self.map_version, "map_version")?,
            former,
        })
    }

    fn former(&self) -> Result<Option<Box<FormerHold>>, StoreError> {
        let Some(buyer) = self.former_buyer.map(BuyerId::from_uuid) else { return Ok(None) };
        let since = needed(self.former_since, "former_since")?;
        Ok(Some(Box::new(FormerHold { buyer, since, until: needed(self.former_until, "former_until")? })))
    }

    fn state(&self) -> Result<SeatState, StoreError> {
        let owner = || self.owner.map(ReservationId::from_uuid).ok_or_else(|| unreadable("owner"));
        match &*self.state {
            "available" => Ok(SeatState::Available),
            "held" => Ok(SeatState::Held { reservation: owner()?, until: needed(self.until, "until")? }),
            "sold" => Ok(SeatState::Sold { reservation: owner()? }),
            "blocked" => {
                Ok(SeatState::Blocked { reason: self.reason.as_deref().unwrap_or_default().to_owned() })
            }
            _ => Err(unreadable("state")),
        }
    }
}

/// The word of a state, its reservation, when its hold ends in microseconds, and why it is blocked.
type StateColumns<'s> = (&'static str, Option<ReservationId>, Option<i64>, Option<&'s str>);

fn columns_of(state: &SeatState) -> StateColumns<'_> {
    match state {
        SeatState::Available => ("available", None, None, None),
        SeatState::Held { reservation, until } => ("held", Some(*reservation), Some(until.as_micros()), None),
        SeatState::Sold { reservation } => ("sold", Some(*reservation), None, None),
        SeatState::Blocked { reason } => ("blocked", None, None, Some(reason)),
    }
}
