//! Statements that write rows a decision changed.

use rusqlite::{Connection, Params, params};
use tiketi_core::decide::{CommandRecord, CreationRecord, SeatChange};
use tiketi_core::{
    CommandKey, Event, EventId, FactBody, Payment, PaymentState, Reservation, Seat, StoreError, TicketType,
    Timestamp, ticket_type::TicketKind,
};
use uuid::Uuid;

use crate::error::failed;
use crate::load::Counters;
use tiketi_sql::{self as rows, stored};

/// Runs a statement, and returns how many rows it changed.
pub(crate) fn run(connection: &Connection, sql: &str, params: impl Params) -> Result<usize, StoreError> {
    connection.prepare_cached(sql).and_then(|mut statement| statement.execute(params)).map_err(failed)
}

/// Runs a statement that has to change exactly one row.
fn run_one(connection: &Connection, sql: &str, params: impl Params) -> Result<(), StoreError> {
    match run(connection, sql, params)? {
        1 => Ok(()),
        changed => Err(StoreError::corrupt(format!("a write changed {changed} rows instead of one"))),
    }
}

/// Inserts a reservation of version 1, or updates what may change of a later one.
pub(crate) fn reservation(connection: &Connection, row: &Reservation) -> Result<(), StoreError> {
    let (state, at, reason) = rows::reservation_state(row.state);
    let (seats, items) = (rows::seats_text(&row.seats)?, rows::items_text(&row.items)?);
    let payment = row.payment.map(tiketi_core::PaymentId::as_uuid);
    let cancellation = rows::cancellation_text(row.cancellation.as_ref())?;
    if row.version == 1 {
        let sql = "INSERT INTO reservations (id, event, buyer, date, serial, currency, created_at, \
            seats, items, total, state, state_at, cancel_reason, payment, window_granted, cancellation, version) \
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
        let values = params![
            row.id.as_uuid(),
            row.event.as_uuid(),
            row.buyer.as_uuid(),
            row.number.date(),
            stored(row.number.serial()),
            row.total.currency().code(),
            row.created_at.as_micros(),
            seats,
            items,
            row.total.minor(),
            state,
            at.as_micros(),
            reason,
            payment,
            row.payment_window_granted,
            cancellation,
            stored(row.version),
        ];
        return run_one(connection, sql, values);
    }
    let sql = "UPDATE reservations SET seats = ?3, items = ?4, total = ?5, state = ?6, state_at = ?7, \
        cancel_reason = ?8, payment = ?9, window_granted = ?10, cancellation = ?11, version = ?2 WHERE id = ?1 AND version = ?2 - 1";
    let values = params![
        row.id.as_uuid(),
        stored(row.version),
        seats,
        items,
        row.total.minor(),
        state,
        at.as_micros(),
        reason,
        payment,
        row.payment_window_granted,
        cancellation,
    ];
    run_one(connection, sql, values)
}

/// Inserts a payment of version 1, or updates what may change of a later one.
pub(crate) fn payment(connection: &Connection, row: &Payment) -> Result<(), StoreError> {
    if row.version == 1 {
        let sql = "INSERT INTO payments (id, reservation, event, buyer, amount, currency, gateway, method, created_at, \
            version, refunded, state, refunds, notes, needs_attention, call_off_refused) \
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, 'ready', '[]', '[]', 0, 0)";
        // Most attempts are nothing more than this; of others the rest follows.
        let plain = row.state == PaymentState::Ready && row.reconciliation.is_none();
        let values = params![
            row.id.as_uuid(),
            row.reservation.as_uuid(),
            row.event.as_uuid(),
            row.buyer.as_uuid(),
            row.amount.minor(),
            row.amount.currency().code(),
            row.gateway,
            row.method,
            row.created_at.as_micros(),
            i64::from(plain),
        ];
        run_one(connection, sql, values)?;
        if plain {
            return Ok(());
        }
    }
    let columns = rows::payment_columns(row)?;
    let sql = "UPDATE payments SET version = ?2, provider_key = ?3, state = ?4, state_at = ?5, detail = ?6, \
        refunds = ?7, captured = ?8, taken_in = ?9, refunded = ?10, reconcile_at = ?11, reconciliation = ?12, awaited_since = ?13, \
        notes = ?14, needs_attention = ?15, call_off_refused = ?16 WHERE id = ?1 AND version = ?2 - 1";
    let values = params![
        row.id.as_uuid(),
        stored(row.version),
        row.provider_key,
        columns.state,
        columns.state_at,
        columns.detail,
        columns.refunds,
        columns.captured,
        columns.taken_in,
        columns.refunded,
        columns.reconcile_at,
        columns.reconciliation,
        columns.awaited_since,
        columns.notes,
        columns.needs_attention,
        columns.call_off_refused,
    ];
    run_one(connection, sql, values)
}

pub(crate) fn seat_state(
    connection: &Connection,
    event: EventId,
    change: &SeatChange,
    map_version: u64,
) -> Result<(), StoreError> {
    let columns = rows::seat_state(&change.state);
    let sql = "UPDATE seats SET state = ?3, owner = ?4, until = ?5, reason = ?6, version = ?7, map_version = ?8 \
        WHERE event = ?1 AND id = ?2 AND version = ?7 - 1";
    let values = (
        event.as_uuid(),
        change.seat.as_uuid(),
        columns.state,
        columns.owner,
        columns.until,
        columns.reason,
        stored(change.version),
        stored(map_version),
    );
    run_one(connection, sql, values)
}

pub(crate) fn stock(connection: &Connection, row: &TicketType) -> Result<(), StoreError> {
    let sql = "UPDATE ticket_types SET held = ?2, sold = ?3, blocked = ?4 WHERE id = ?1";
    run_one(connection, sql, (row.id.as_uuid(), row.stock.held, row.stock.sold, row.stock.blocked))
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

pub(crate) fn command(
    connection: &Connection,
    key: CommandKey,
    record: &CommandRecord,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO commands (key, fingerprint, reservation, payment, at) VALUES (?1, ?2, ?3, ?4, ?5)";
    let effect = record.effect;
    let payment = effect.payment.map(tiketi_core::PaymentId::as_uuid);
    let fingerprint = Uuid::from_u128(record.fingerprint);
    let values = (key.as_uuid(), fingerprint, effect.reservation.as_uuid(), payment, record.at.as_micros());
    run_one(connection, sql, values)
}

pub(crate) fn creation(
    connection: &Connection,
    key: CommandKey,
    record: &CreationRecord,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO creations (key, fingerprint, made, at) VALUES (?1, ?2, ?3, ?4)";
    let fingerprint = Uuid::from_u128(record.fingerprint);
    run_one(connection, sql, (key.as_uuid(), fingerprint, record.made, record.at.as_micros()))
}

pub(crate) fn fact(
    connection: &Connection,
    id: u64,
    event: EventId,
    at: Timestamp,
    body: &FactBody,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO outbox (id, event, at, body, reservation) VALUES (?1, ?2, ?3, ?4, ?5)";
    let reservation = body.reservation().map(tiketi_core::ReservationId::as_uuid);
    run_one(
        connection,
        sql,
        (stored(id), event.as_uuid(), at.as_micros(), rows::fact_text(body)?, reservation),
    )
}

/// Inserts an event.
pub(crate) fn new_event(connection: &Connection, row: &Event, map_version: u64) -> Result<(), StoreError> {
    let sql = "INSERT INTO events (id, currency, layout, created_at, map_version, title, artist, venue, description, \
        keywords, starts_at, opens_at, closes_at, terms, state, state_at, announced, version) \
        VALUES (?1, ?2, ?3, ?4, ?5, '', '', '', '', '[]', 0, 0, 0, '{}', 'draft', NULL, 'upcoming', 0)";
    let layout = row.layout.map(tiketi_core::LayoutId::as_uuid);
    let values =
        (row.id.as_uuid(), row.currency.code(), layout, row.created_at.as_micros(), stored(map_version));
    run_one(connection, sql, values)?;
    event(connection, row)
}

/// Updates what may change of an event.
pub(crate) fn event(connection: &Connection, row: &Event) -> Result<(), StoreError> {
    let sql = "UPDATE events SET title = ?2, artist = ?3, venue = ?4, description = ?5, keywords = ?6, starts_at = ?7, \
        opens_at = ?8, closes_at = ?9, terms = ?10, state = ?11, state_at = ?12, announced = ?13, version = ?14 \
        WHERE id = ?1";
    let details = &row.details;
    let (state, state_at) = rows::event_state(row.state);
    let values = params![
        row.id.as_uuid(),
        details.title,
        details.artist,
        details.venue,
        details.description,
        rows::keywords_text(&details.keywords)?,
        details.starts_at.as_micros(),
        details.sale.opens_at().as_micros(),
        details.sale.closes_at().as_micros(),
        rows::terms_text(details.terms)?,
        state,
        state_at,
        rows::status_word(row.announced),
        stored(row.version),
    ];
    run_one(connection, sql, values)
}

/// Inserts a ticket type.
pub(crate) fn new_ticket_type(connection: &Connection, row: &TicketType) -> Result<(), StoreError> {
    let sql = "INSERT INTO ticket_types (id, event, name, price, section, capacity, held, sold, blocked, position) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let section = match &row.kind {
        TicketKind::Seated { section } => Some(section),
        TicketKind::GeneralAdmission => None,
    };
    let stock = row.stock;
    let values = (
        row.id.as_uuid(),
        row.event.as_uuid(),
        &row.name,
        row.price.minor(),
        section,
        stock.capacity,
        stock.held,
        stock.sold,
        stock.blocked,
        row.position,
    );
    run_one(connection, sql, values)
}

/// Updates a ticket type's name, price and capacity.
pub(crate) fn ticket_type(connection: &Connection, row: &TicketType) -> Result<(), StoreError> {
    let sql = "UPDATE ticket_types SET name = ?2, price = ?3, capacity = ?4 WHERE id = ?1";
    run_one(connection, sql, (row.id.as_uuid(), &row.name, row.price.minor(), row.stock.capacity))
}

/// Inserts a seat at its position from the stage.
pub(crate) fn new_seat(connection: &Connection, position: u32, row: &Seat) -> Result<(), StoreError> {
    let sql = "INSERT INTO seats (event, id, position, ticket_type, section, row, number, label, col, line, \
        accessible, state, version, map_version) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 'available', ?12, ?13)";
    let place = &row.place;
    let values = params![
        row.event.as_uuid(),
        row.id.as_uuid(),
        position,
        row.ticket_type.as_uuid(),
        place.section,
        place.row,
        place.number,
        &*place.label,
        place.column,
        place.line,
        place.accessible,
        stored(row.version),
        stored(row.map_version),
    ];
    run_one(connection, sql, values)
}
