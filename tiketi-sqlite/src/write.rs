//! Statements that write decided rows.

use std::sync::LazyLock;

use rusqlite::{Connection, Params};
use tiketi_core::decide::{CommandRecord, CreationRecord};
use tiketi_core::{
    CommandKey, Event, EventDetails, EventId, FactBody, Payment, Reservation, Seat, StoreError, TicketType,
    Timestamp,
    event::EventState,
    search::{grams, searched_text},
};
use tiketi_sql::{
    CommandRow, CreationRow, EventRow, Part, PaymentRow, ReservationRow, SEARCH_SECOND_BITS, SeatRow,
    TicketTypeRow, fact_text, stored,
};

use crate::error::failed;
use crate::event_list::first_number;
use crate::load::Counters;
use crate::statement::{Guard, Statement, exactly_one};

static INSERT_RESERVATION: LazyLock<Statement> =
    LazyLock::new(|| Statement::insert::<ReservationRow<'_>>(""));
static UPDATE_RESERVATION: LazyLock<Statement> =
    LazyLock::new(|| Statement::update::<ReservationRow<'_>>(&[Part::Changing], Guard::PreviousVersion));
static INSERT_PAYMENT: LazyLock<Statement> = LazyLock::new(|| Statement::insert::<PaymentRow<'_>>(""));
static UPDATE_PAYMENT: LazyLock<Statement> =
    LazyLock::new(|| Statement::update::<PaymentRow<'_>>(&[Part::Changing], Guard::PreviousVersion));
static INSERT_SEAT: LazyLock<Statement> = LazyLock::new(|| Statement::insert::<SeatRow<'_>>(""));
static UPDATE_SEAT: LazyLock<Statement> =
    LazyLock::new(|| Statement::update::<SeatRow<'_>>(&[Part::Changing], Guard::PreviousVersion));
static INSERT_TICKET_TYPE: LazyLock<Statement> = LazyLock::new(|| Statement::insert::<TicketTypeRow<'_>>(""));
static UPDATE_TICKET_TYPE: LazyLock<Statement> =
    LazyLock::new(|| Statement::update::<TicketTypeRow<'_>>(&[Part::Changing], Guard::None));
static UPDATE_STOCK: LazyLock<Statement> =
    LazyLock::new(|| Statement::update::<TicketTypeRow<'_>>(&[Part::Counted], Guard::None));
static INSERT_EVENT: LazyLock<Statement> = LazyLock::new(|| Statement::insert::<EventRow<'_>>(""));
static UPDATE_EVENT: LazyLock<Statement> =
    LazyLock::new(|| Statement::update::<EventRow<'_>>(&[Part::Changing], Guard::None));
static INSERT_COMMAND: LazyLock<Statement> = LazyLock::new(|| Statement::insert::<CommandRow>(""));
static INSERT_CREATION: LazyLock<Statement> = LazyLock::new(|| Statement::insert::<CreationRow>(""));

/// Runs a statement, and returns how many rows it changed.
pub(crate) fn run(connection: &Connection, sql: &str, params: impl Params) -> Result<usize, StoreError> {
    connection.prepare_cached(sql).and_then(|mut statement| statement.execute(params)).map_err(failed)
}

/// Runs a statement, and fails unless it changes exactly one row.
fn run_one(connection: &Connection, sql: &str, params: impl Params) -> Result<(), StoreError> {
    exactly_one(run(connection, sql, params)?)
}

/// Inserts a reservation of version 1, or updates the changing columns of a later version.
pub(crate) fn reservation(connection: &Connection, row: &Reservation) -> Result<(), StoreError> {
    let statement = if row.version == 1 { &INSERT_RESERVATION } else { &UPDATE_RESERVATION };
    statement.run_one(connection, &ReservationRow::of(row)?)
}

/// Inserts a payment of version 1, or updates the changing columns of a later version.
pub(crate) fn payment(connection: &Connection, row: &Payment) -> Result<(), StoreError> {
    let statement = if row.version == 1 { &INSERT_PAYMENT } else { &UPDATE_PAYMENT };
    statement.run_one(connection, &PaymentRow::of(row)?)
}

/// Updates a seat's state.
pub(crate) fn seat_state(connection: &Connection, row: &Seat) -> Result<(), StoreError> {
    UPDATE_SEAT.run_one(connection, &SeatRow::of(row))
}

/// Updates the stock of a ticket type.
pub(crate) fn stock(connection: &Connection, row: &TicketType) -> Result<(), StoreError> {
    UPDATE_STOCK.run_one(connection, &TicketTypeRow::of(row))
}

pub(crate) fn map_version(
    connection: &Connection,
    event: EventId,
    map_version: u64,
) -> Result<(), StoreError> {
    let sql = "UPDATE events SET map_version = ?2 WHERE id = ?1";
    run_one(connection, sql, (event.as_uuid(), stored(map_version)))
}

pub(crate) fn counters(connection: &Connection, counters: Counters) -> Result<(), StoreError> {
    let sql = "UPDATE counters SET value = ?2 WHERE name = ?1 AND value <> ?2";
    run(connection, sql, ("reservation", stored(counters.reservation)))?;
    run(connection, sql, ("fact", stored(counters.fact)))?;
    Ok(())
}

/// Inserts the record of a command.
pub(crate) fn command(
    connection: &Connection,
    key: CommandKey,
    record: &CommandRecord,
) -> Result<(), StoreError> {
    INSERT_COMMAND.run_one(connection, &CommandRow::of(key, record))
}

/// Inserts the record of a creation.
pub(crate) fn creation(
    connection: &Connection,
    key: CommandKey,
    record: &CreationRecord,
) -> Result<(), StoreError> {
    INSERT_CREATION.run_one(connection, &CreationRow::of(key, record))
}

/// Adds a fact to the outbox of each of these subscribers.
pub(crate) fn fact(
    connection: &Connection,
    subscribers: &[i64],
    id: u64,
    event: EventId,
    (at, body): &(Timestamp, FactBody),
) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO outbox (subscriber, id, event, at, body, reservation) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let reservation = body.reservation().map(tiketi_core::ReservationId::as_uuid);
    let text = fact_text(body)?;
    for subscriber in subscribers {
        let values = (subscriber, stored(id), event.as_uuid(), at.as_micros(), &text, reservation);
        run_one(connection, sql, values)?;
    }
    Ok(())
}

/// Inserts an event.
pub(crate) fn new_event(
    connection: &Connection,
    row: &Event,
    map_version: u64,
    any_left: bool,
) -> Result<(), StoreError> {
    INSERT_EVENT.run_one(connection, &EventRow::of(row, map_version, any_left)?)?;
    new_search(connection, row)
}

/// Updates the changing columns of an event, without its map version and whether anything is left.
pub(crate) fn event(connection: &Connection, row: &Event) -> Result<(), StoreError> {
    if matches!(row.state, EventState::Cancelled { .. }) {
        // The list of events whose buyers are refunded.
        let sql = "INSERT INTO call_offs (event) VALUES (?1) ON CONFLICT DO NOTHING";
        run(connection, sql, [row.id.as_uuid()])?;
    }
    UPDATE_EVENT.run_one(connection, &EventRow::of(row, 0, false)?)
}

/// Updates whether any ticket type of an event is available.
pub(crate) fn any_left(connection: &Connection, event: EventId, any_left: bool) -> Result<(), StoreError> {
    run_one(connection, "UPDATE events SET any_left = ?2 WHERE id = ?1", (event.as_uuid(), any_left))
}

/// Inserts a ticket type.
pub(crate) fn new_ticket_type(connection: &Connection, row: &TicketType) -> Result<(), StoreError> {
    INSERT_TICKET_TYPE.run_one(connection, &TicketTypeRow::of(row))
}

/// Updates a ticket type's name, price and capacity.
pub(crate) fn ticket_type(connection: &Connection, row: &TicketType) -> Result<(), StoreError> {
    UPDATE_TICKET_TYPE.run_one(connection, &TicketTypeRow::of(row))
}

/// Inserts a seat at its position from the stage.
pub(crate) fn new_seat(connection: &Connection, position: u32, row: &Seat) -> Result<(), StoreError> {
    INSERT_SEAT.run_one(connection, &SeatRow::new(row, i64::from(position)))
}

/// Writes the text in which a new event is searched.
fn new_search(connection: &Connection, event: &Event) -> Result<(), StoreError> {
    let folded = searched_text(&event.details);
    // The next number of the second in which the event starts.
    let sql = "INSERT INTO event_searches (number, event, folded) VALUES \
        ((SELECT coalesce(max(number) + 1, ?3) FROM event_searches WHERE number >= ?3 AND number < ?4), ?1, ?2)";
    let first = first_number(event.details.starts_at);
    run(connection, sql, (event.id.as_uuid(), &folded, first, first + (1 << SEARCH_SECOND_BITS)))?;
    let grams: Vec<String> = grams(&folded).into_iter().collect();
    let sql = "INSERT INTO event_grams (rowid, grams) SELECT number, ?2 FROM event_searches WHERE event = ?1";
    run(connection, sql, (event.id.as_uuid(), grams.join(" "))).map(drop)
}

/// Replaces the text in which an event is searched, if an edit changed it or when the event starts.
pub(crate) fn edit_search(
    connection: &Connection,
    before: &EventDetails,
    event: &Event,
) -> Result<(), StoreError> {
    let is_as_before = before.starts_at == event.details.starts_at;
    if is_as_before && searched_text(before) == searched_text(&event.details) {
        return Ok(());
    }
    remove_search(connection, event.id)?;
    new_search(connection, event)
}

/// Removes the text of an event.
pub(crate) fn remove_search(connection: &Connection, event: EventId) -> Result<(), StoreError> {
    let event = [event.as_uuid()];
    let sql = "DELETE FROM event_grams WHERE rowid = (SELECT number FROM event_searches WHERE event = ?1)";
    run(connection, sql, event)?;
    run(connection, "DELETE FROM event_searches WHERE event = ?1", event).map(drop)
}
