//! Statements that read rows for a decision.

use rusqlite::{Connection, OptionalExtension, Params};
use tiketi_core::decide::{CommandRecord, CreationRecord, Snapshot};
use tiketi_core::{
    BuyerId, CommandKey, Currency, EventId, Payment, PaymentId, Reservation, ReservationId, Seat, SeatId,
    StoreError, TicketType, Timestamp, fact::FactKinds,
};
use tiketi_sql::Row as _;

use crate::error::failed;
use crate::row::{Row, first};
use tiketi_sql::{
    CommandRow, CreationRow, EventRow, PaymentRow, ReservationRow, SeatRow, TicketTypeRow, columns,
};

/// Reads at most one row.
pub(crate) fn one<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_, '_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    let mut rows = statement.query(params).map_err(failed)?;
    rows.next().map_err(failed)?.map(|row| read(&Row::of(row))).transpose()
}

/// Reads all rows.
pub(crate) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    mut read: impl FnMut(&Row<'_, '_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    let mut rows = statement.query(params).map_err(failed)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        found.push(read(&Row::of(row))?);
    }
    Ok(found)
}

/// Counters that only increase.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) reservation: u64,
    pub(crate) fact: u64,
}

/// Returns the counters of the last commit.
pub(crate) fn counters(connection: &Connection) -> Result<Counters, StoreError> {
    let value = |name: &str| -> Result<u64, StoreError> {
        let sql = "SELECT value FROM counters WHERE name = ?1";
        let value = one(connection, sql, [name], first::<i64>)?;
        Ok(value.and_then(|value| u64::try_from(value).ok()).unwrap_or_default())
    };
    Ok(Counters { reservation: value("reservation")?, fact: value("fact")? })
}

/// Returns the registered subscribers, and the kinds of facts that each wants.
pub(crate) fn subscribers(connection: &Connection) -> Result<Vec<(i64, FactKinds)>, StoreError> {
    let sql = "SELECT id, kinds FROM subscribers WHERE removed_at IS NULL ORDER BY id";
    all(connection, sql, (), |row| Ok((row.int("id")?, tiketi_sql::kinds(row.text("kinds")?))))
}

/// Returns a number that changes when another connection writes to the file.
pub(crate) fn data_version(connection: &Connection) -> Result<i64, StoreError> {
    one(connection, "PRAGMA data_version", (), first)?
        .ok_or_else(|| StoreError::corrupt("the file has no data version"))
}

/// Returns when the first pending reservation of any event ends.
pub(crate) fn next_end(connection: &Connection) -> Result<Timestamp, StoreError> {
    let sql = "SELECT min(state_at) FROM reservations WHERE state = 'held'";
    let micros = one(connection, sql, (), first::<Option<i64>>)?;
    Ok(micros.flatten().map_or(Timestamp::FAR_FUTURE, Timestamp::from_micros))
}

/// Loads an event with its ticket types and map version, without seats.
pub(crate) fn event(connection: &Connection, id: EventId) -> Result<Option<Snapshot>, StoreError> {
    let sql = concat!("SELECT ", columns!(event), " FROM events WHERE id = ?1");
    let found = one(connection, sql, [id.as_uuid()], |row| EventRow::read(row)?.event())?;
    let Some((event, map_version)) = found else { return Ok(None) };
    let ticket_types = ticket_types(connection, id, event.currency)?;
    let mut snapshot = Snapshot::new(event);
    snapshot.set_map_version(map_version);
    for ticket_type in ticket_types {
        snapshot.put_ticket_type(ticket_type);
    }
    Ok(Some(snapshot))
}

/// Returns an event's ticket types, by position.
pub(crate) fn ticket_types(
    connection: &Connection,
    event: EventId,
    currency: Currency,
) -> Result<Vec<TicketType>, StoreError> {
    let sql = concat!(
        "SELECT ",
        columns!(ticket_type),
        " FROM ticket_types WHERE event = ?1 ORDER BY position, id"
    );
    all(connection, sql, [event.as_uuid()], |row| TicketTypeRow::read(row)?.ticket_type(currency))
}

pub(crate) fn seat(connection: &Connection, event: EventId, id: SeatId) -> Result<Option<Seat>, StoreError> {
    let sql = concat!("SELECT ", columns!(seat), " FROM seats WHERE event = ?1 AND id = ?2");
    one(connection, sql, (event.as_uuid(), id.as_uuid()), |row| SeatRow::read(row)?.seat())
}

pub(crate) fn reservation(
    connection: &Connection,
    id: ReservationId,
) -> Result<Option<Reservation>, StoreError> {
    let sql = concat!("SELECT ", columns!(reservation), " FROM reservations WHERE id = ?1");
    one(connection, sql, [id.as_uuid()], |row| ReservationRow::read(row)?.reservation())
}

pub(crate) fn payment(connection: &Connection, id: PaymentId) -> Result<Option<Payment>, StoreError> {
    let sql = concat!("SELECT ", columns!(payment), " FROM payments WHERE id = ?1");
    one(connection, sql, [id.as_uuid()], |row| PaymentRow::read(row)?.payment())
}

pub(crate) fn event_of_reservation(
    connection: &Connection,
    id: ReservationId,
) -> Result<Option<EventId>, StoreError> {
    one(connection, "SELECT event FROM reservations WHERE id = ?1", [id.as_uuid()], event_id)
}

pub(crate) fn event_of_payment(
    connection: &Connection,
    id: PaymentId,
) -> Result<Option<EventId>, StoreError> {
    one(connection, "SELECT event FROM payments WHERE id = ?1", [id.as_uuid()], event_id)
}

/// Returns a buyer's live reservations of an event, and the latest one.
pub(crate) fn live_of(
    connection: &Connection,
    event: EventId,
    buyer: BuyerId,
) -> Result<Vec<ReservationId>, StoreError> {
    let sql = "SELECT id FROM reservations \
        WHERE event = ?1 AND buyer = ?2 AND state IN ('held', 'paying', 'confirmed') \
        UNION SELECT id FROM (SELECT id FROM reservations INDEXED BY latest_reservations \
            WHERE event = ?1 AND buyer = ?2 ORDER BY serial DESC LIMIT 1)";
    all(connection, sql, (event.as_uuid(), buyer.as_uuid()), reservation_id)
}

/// Returns the due reservations of all events, the most overdue first.
pub(crate) fn due(
    connection: &Connection,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<(EventId, ReservationId)>, StoreError> {
    let sql = "SELECT event, id FROM reservations WHERE state = 'held' AND state_at <= ?1 ORDER BY state_at, id LIMIT ?2";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    all(connection, sql, (now.as_micros(), limit), |row| Ok((event_id(row)?, reservation_id(row)?)))
}

/// Returns the due reservations of one event, the most overdue first.
pub(crate) fn due_in(
    connection: &Connection,
    event: EventId,
    now: Timestamp,
) -> Result<Vec<ReservationId>, StoreError> {
    let sql = "SELECT id FROM reservations INDEXED BY due_reservations \
        WHERE state = 'held' AND state_at <= ?1 AND event = ?2 ORDER BY state_at, id";
    all(connection, sql, (now.as_micros(), event.as_uuid()), reservation_id)
}

/// Returns the record under a command's key.
pub(crate) fn command(connection: &Connection, key: CommandKey) -> Result<Option<CommandRecord>, StoreError> {
    let sql = concat!("SELECT ", columns!(command), " FROM commands WHERE key = ?1");
    one(connection, sql, [key.as_uuid()], |row| Ok(CommandRow::read(row)?.record()))
}

pub(crate) fn creation(
    connection: &Connection,
    key: CommandKey,
) -> Result<Option<CreationRecord>, StoreError> {
    let sql = concat!("SELECT ", columns!(creation), " FROM creations WHERE key = ?1");
    one(connection, sql, [key.as_uuid()], |row| Ok(CreationRow::read(row)?.record()))
}

/// Returns whether a statement finds a row.
pub(crate) fn exists(connection: &Connection, sql: &str, params: impl Params) -> Result<bool, StoreError> {
    let found = connection.prepare_cached(sql).and_then(|mut it| it.query_row(params, |_| Ok(())).optional());
    Ok(found.map_err(failed)?.is_some())
}

fn event_id(row: &Row<'_, '_>) -> Result<EventId, StoreError> {
    Ok(EventId::from_uuid(row.uuid("event")?))
}

fn reservation_id(row: &Row<'_, '_>) -> Result<ReservationId, StoreError> {
    Ok(ReservationId::from_uuid(row.uuid("id")?))
}
