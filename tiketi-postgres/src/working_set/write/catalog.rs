//! Events, ticket types and new seats.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use tiketi_core::decide::{Scope, Snapshot, any_left};
use tiketi_core::event::EventState;
use tiketi_core::{Event, EventId, Seat, StoreError, TicketType, TicketTypeId};
use tiketi_sql::{EventRow, Part, Row as _, SeatRow, TicketTypeRow};
use uuid::Uuid;

use super::{column, miscounted, run};
use crate::sql::creation_records::unless_raced;
use crate::sql::event_list;
use crate::sql::row::maybe;
use crate::sql::session::Session;
use crate::sql::statement::{Guard, RowStatement};

static UPDATE_EVENT: LazyLock<RowStatement> = LazyLock::new(|| {
    RowStatement::update::<EventRow<'_>>(&[Part::Changing, Part::Counted], "RETURNING ctid::text AS place")
});
static INSERT_EVENT: LazyLock<RowStatement> =
    LazyLock::new(|| RowStatement::insert::<EventRow<'_>>("ON CONFLICT DO NOTHING"));
/// Stock and capacity are written together, because either alone may violate the constraint between them.
static UPDATE_TICKET_TYPES: LazyLock<RowStatement> = LazyLock::new(|| {
    RowStatement::update_of_event::<TicketTypeRow<'_>>(&[Part::Changing, Part::Counted], Guard::None)
});
static INSERT_TICKET_TYPES: LazyLock<RowStatement> =
    LazyLock::new(RowStatement::insert_of_event::<TicketTypeRow<'_>>);
static INSERT_SEATS: LazyLock<RowStatement> = LazyLock::new(RowStatement::insert_of_event::<SeatRow<'_>>);
/// Puts a cancelled event on the list of those whose buyers are refunded.
const CALL_OFF: &str = "INSERT INTO tiketi.call_offs (event) VALUES ($1) ON CONFLICT DO NOTHING";
const DELETE_TICKET_TYPES: &str = "DELETE FROM tiketi.ticket_types WHERE event = $1 AND id = ANY($2)";
/// Deletes the rows of an event without reservations; its seats are deleted afterwards, in parts.
const DELETE_EVENT: [&str; 5] = [
    "DELETE FROM tiketi.call_offs WHERE event = $1",
    "DELETE FROM tiketi.event_searches WHERE event = $1",
    "INSERT INTO tiketi.partial_events (event, at) VALUES ($1, 0)",
    "DELETE FROM tiketi.ticket_types WHERE event = $1",
    "DELETE FROM tiketi.events WHERE id = $1",
];

/// Writes an event's details, and returns the new place of its row.
pub(super) async fn details(session: &mut Session, snapshot: &Snapshot) -> Result<String, StoreError> {
    let row = EventRow::of(snapshot.event(), snapshot.map_version(), any_left(snapshot.ticket_types()))?;
    let statement = UPDATE_EVENT.bind(session.query(UPDATE_EVENT.sql()), &row);
    let place = maybe(session.fetch_optional(statement).await?, |row| row.text("place").map(str::to_owned))?;
    if matches!(snapshot.event().state, EventState::Cancelled { .. }) {
        session.execute(session.query(CALL_OFF).bind(snapshot.event().id.as_uuid())).await?;
    }
    place.ok_or_else(|| miscounted("events"))
}

/// Inserts an event.
pub(crate) async fn new_event(
    session: &mut Session,
    event: &Event,
    map_version: u64,
    any_left: bool,
) -> Result<(), StoreError> {
    let row = EventRow::of(event, map_version, any_left)?;
    let statement = INSERT_EVENT.bind(session.query(INSERT_EVENT.sql()), &row);
    unless_raced(session.execute(statement).await?)?;
    event_list::write_search(session, event).await
}

/// Writes names, prices and capacities, and stocks with them.
pub(super) async fn edit_ticket_types(
    session: &mut Session,
    event: EventId,
    edited: &[&TicketType],
) -> Result<(), StoreError> {
    write_ticket_types(session, event, &UPDATE_TICKET_TYPES, edited).await
}

/// Inserts ticket types.
pub(crate) async fn new_ticket_types(
    session: &mut Session,
    event: EventId,
    new: &[&TicketType],
) -> Result<(), StoreError> {
    write_ticket_types(session, event, &INSERT_TICKET_TYPES, new).await
}

async fn write_ticket_types(
    session: &mut Session,
    event: EventId,
    write: &'static RowStatement,
    ticket_types: &[&TicketType],
) -> Result<(), StoreError> {
    if ticket_types.is_empty() {
        return Ok(());
    }
    let rows = column(ticket_types, |it| TicketTypeRow::of(it));
    let statement = write.bind_all(session.query(write.sql()).bind(event.as_uuid()), &rows);
    run(session, statement, rows.len()).await
}

/// Removes ticket types.
pub(super) async fn remove_ticket_types(
    session: &mut Session,
    event: EventId,
    removed: &BTreeSet<TicketTypeId>,
) -> Result<(), StoreError> {
    if removed.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = removed.iter().map(|id| id.as_uuid()).collect();
    let statement = session.query(DELETE_TICKET_TYPES).bind(event.as_uuid()).bind(ids);
    run(session, statement, removed.len()).await
}

/// Inserts seats; `first` is the position of the first one.
pub(crate) async fn new_seats(
    session: &mut Session,
    event: EventId,
    first: i64,
    new: &[Seat],
) -> Result<(), StoreError> {
    let rows: Vec<_> = new.iter().zip(first..).map(|(seat, position)| SeatRow::new(seat, position)).collect();
    let statement = INSERT_SEATS.bind_all(session.query(INSERT_SEATS.sql()).bind(event.as_uuid()), &rows);
    run(session, statement, rows.len()).await
}

/// Removes an event with its ticket types; its seats are left over.
pub(super) async fn delete_event(session: &mut Session, event: EventId) -> Result<(), StoreError> {
    for sql in DELETE_EVENT {
        session.execute(session.query(sql).bind(event.as_uuid())).await?;
    }
    Ok(())
}
