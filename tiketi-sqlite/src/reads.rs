//! Reads for buyers and staff, which no rule uses.

use std::cmp::Reverse;

use rusqlite::{Connection, params};
use tiketi_core::{
    BuyerId, EventId, Page, PageRequest, Reservation, SeatMap, StoreError, TicketType, TicketTypeId,
    Timestamp,
    limits::MAX_TOTAL,
    reservation::ReservationNumber,
    store::{EventView, ReservationKey, ReservationQuery},
};
use uuid::Uuid;

use crate::load::{self, all, one};
use crate::row::{Row, first};
use tiketi_sql::{EventRow, ReservationRow, SeatRow, TicketTypeRow, columns, stored};

pub(crate) fn reservations_of(
    connection: &Connection,
    buyer: BuyerId,
    event: Option<EventId>,
    page: PageRequest,
) -> Result<Page<Reservation>, StoreError> {
    let (buyer, event) = (buyer.as_uuid(), event.map(EventId::as_uuid));
    let sql = concat!(
        "SELECT ",
        columns!(reservation),
        " FROM reservations WHERE buyer = ?1 AND (?2 IS NULL OR event = ?2) ORDER BY created_at DESC, serial DESC LIMIT ?3 OFFSET ?4"
    );
    let values = params![buyer, event, page.size() + 1, stored(page.offset())];
    let found = all(connection, sql, values, |row| ReservationRow::read(row)?.reservation())?;
    let sql = "SELECT count(*) FROM (SELECT 1 FROM reservations WHERE buyer = ?1 AND (?2 IS NULL OR event = ?2) LIMIT ?3)";
    let counted = total(connection, sql, params![buyer, event, stored(MAX_TOTAL + 1)])?;
    Ok(Page::with_one_more(found, counted, page))
}

/// Expands to a page of reservations of one state.
macro_rules! in_state {
    ($of:literal) => {
        concat!(
            "SELECT ",
            columns!(reservation),
            " FROM reservations WHERE state = ?1 AND (created_at, serial) < (?2, ?3) AND created_at >= ?4",
            $of,
            " ORDER BY created_at DESC, serial DESC LIMIT ?5"
        )
    };
}

/// The indexes of reservations begin with the event, the state, or the buyer, whose reservations are few.
const IN_EVENT: &str = in_state!(" AND event = ?6 AND (?7 IS NULL OR buyer = ?7)");
const OF_BUYER: &str = in_state!(" AND buyer = ?7 AND ?6 IS NULL");
const IN_SHOP: &str = in_state!(" AND ?6 IS NULL AND ?7 IS NULL");

/// Reads a page of each state, and merges them: an index orders the reservations of one state only.
pub(crate) fn list_reservations(
    connection: &Connection,
    query: &ReservationQuery,
) -> Result<Vec<Reservation>, StoreError> {
    let sql = match (query.event, query.buyer) {
        (Some(_), _) => IN_EVENT,
        (None, Some(_)) => OF_BUYER,
        (None, None) => IN_SHOP,
    };
    let (before, from) = (query.before, query.from.map_or(i64::MIN, Timestamp::as_micros));
    let (event, buyer) = (query.event.map(EventId::as_uuid), query.buyer.map(BuyerId::as_uuid));
    let mut found = Vec::new();
    for state in &query.states {
        let (at, serial) = (before.created_at.as_micros(), stored(before.serial));
        let values = params![state.word(), at, serial, from, query.limit, event, buyer];
        found.extend(all(connection, sql, values, |row| ReservationRow::read(row)?.reservation())?);
    }
    found.sort_by_key(|reservation: &Reservation| Reverse(ReservationKey::of(reservation)));
    found.truncate(query.limit as usize);
    Ok(found)
}

pub(crate) fn reservation_numbered(
    connection: &Connection,
    number: ReservationNumber,
) -> Result<Option<Reservation>, StoreError> {
    let sql = concat!("SELECT ", columns!(reservation), " FROM reservations WHERE serial = ?1 AND date = ?2");
    let values = (stored(number.serial()), number.date());
    one(connection, sql, values, |row| ReservationRow::read(row)?.reservation())
}

pub(crate) fn total(
    connection: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<u64, StoreError> {
    let total = one(connection, sql, params, first::<i64>)?;
    Ok(total.and_then(|total| u64::try_from(total).ok()).unwrap_or_default())
}

pub(crate) fn event(connection: &Connection, id: EventId) -> Result<Option<EventView>, StoreError> {
    let sql = concat!("SELECT ", columns!(event), " FROM events WHERE id = ?1");
    let found = one(connection, sql, [id.as_uuid()], |row| EventRow::read(row)?.event())?;
    let Some((event, _)) = found else { return Ok(None) };
    let ticket_types = load::ticket_types(connection, id, event.currency)?;
    Ok(Some(EventView { event, ticket_types }))
}

pub(crate) fn event_of_ticket_type(
    connection: &Connection,
    id: TicketTypeId,
) -> Result<Option<EventId>, StoreError> {
    let sql = "SELECT event FROM ticket_types WHERE id = ?1";
    let event = one(connection, sql, [id.as_uuid()], first::<Uuid>)?;
    Ok(event.map(EventId::from_uuid))
}

pub(crate) fn ticket_type(
    connection: &Connection,
    id: TicketTypeId,
) -> Result<Option<TicketType>, StoreError> {
    let Some(event) = event_of_ticket_type(connection, id)? else { return Ok(None) };
    let Some(view) = self::event(connection, event)? else { return Ok(None) };
    let sql = concat!("SELECT ", columns!(ticket_type), " FROM ticket_types WHERE id = ?1");
    let read = |row: &Row<'_, '_>| TicketTypeRow::read(row)?.ticket_type(view.event.currency);
    one(connection, sql, [id.as_uuid()], read)
}

pub(crate) fn map_version(connection: &Connection, event: EventId) -> Result<Option<u64>, StoreError> {
    let sql = "SELECT map_version FROM events WHERE id = ?1";
    let version = one(connection, sql, [event.as_uuid()], first::<i64>)?;
    Ok(version.map(|version| u64::try_from(version).unwrap_or_default()))
}

pub(crate) fn seat_map(
    connection: &Connection,
    event: EventId,
    since: u64,
) -> Result<Option<SeatMap>, StoreError> {
    let Some(version) = map_version(connection, event)? else { return Ok(None) };
    let complete = since == 0 || since > version;
    let since = if complete { 0 } else { since };
    let sql = concat!(
        "SELECT ",
        columns!(seat),
        " FROM seats WHERE event = ?1 AND map_version > ?2 ORDER BY position"
    );
    let seats = all(connection, sql, (event.as_uuid(), stored(since)), |row| SeatRow::read(row)?.seat())?;
    Ok(Some(SeatMap { version, complete, seats }))
}
