//! Events, ticket types and new seats.

use std::collections::BTreeSet;

use tiketi_core::decide::{Scope, Snapshot};
use tiketi_core::{
    Event, EventId, LayoutId, Seat, StoreError, TicketType, TicketTypeId, ticket_type::TicketKind,
};
use tiketi_sql::{self as rows, Row as _, stored};

use uuid::Uuid;

use super::{column, miscounted, run};
use crate::sql::row::maybe;
use crate::sql::session::{Session, Statement};

const UPDATE_EVENT: &str = "UPDATE tiketi.events SET map_version = $2, \
    title = $3, artist = $4, venue = $5, description = $6, keywords = $7, starts_at = $8, opens_at = $9, \
    closes_at = $10, terms = $11, state = $12, state_at = $13, announced = $14, version = $15 WHERE id = $1 \
    RETURNING ctid::text AS place";
const INSERT_EVENT: &str = "INSERT INTO tiketi.events (id, map_version, title, artist, venue, description, keywords, \
    starts_at, opens_at, closes_at, terms, state, state_at, announced, version, currency, layout, created_at, revision) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 1)";
/// Stock and capacity together: either alone may break the rule that one is within the other.
const UPDATE_TICKET_TYPES: &str = "UPDATE tiketi.ticket_types AS ticket_type SET held = n.held, sold = n.sold, \
    blocked = n.blocked, name = n.name, price = n.price, capacity = n.capacity \
    FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[], $8::bigint[]) \
        AS n (id, held, sold, blocked, name, price, capacity) \
    WHERE ticket_type.event = $1 AND ticket_type.id = n.id";
const INSERT_TICKET_TYPES: &str = "INSERT INTO tiketi.ticket_types (event, id, name, price, section, capacity, held, \
    sold, blocked, position) \
    SELECT $1, n.* FROM unnest($2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[], \
        $8::bigint[], $9::bigint[], $10::bigint[]) AS n";
const DELETE_TICKET_TYPES: &str = "DELETE FROM tiketi.ticket_types WHERE event = $1 AND id = ANY($2)";
const INSERT_SEATS: &str = "INSERT INTO tiketi.seats (event, id, position, ticket_type, section, row, number, label, \
    col, line, accessible, version, map_version, state) \
    SELECT $1, n.*, 'available' FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::text[], \
        $8::text[], $9::bigint[], $10::bigint[], $11::boolean[], $12::bigint[], $13::bigint[]) AS n";
/// What an event without reservations has of its own, and then the event.
const DELETE_EVENT: [&str; 3] = [
    "DELETE FROM tiketi.seats WHERE event = $1 AND map_version > 0",
    "DELETE FROM tiketi.ticket_types WHERE event = $1",
    "DELETE FROM tiketi.events WHERE id = $1",
];

/// Writes an event's details, and returns where its row lies then.
pub(super) async fn details(session: &mut Session, snapshot: &Snapshot) -> Result<String, StoreError> {
    let statement = bind_event(UPDATE_EVENT, snapshot.event(), snapshot.map_version())?;
    let place = maybe(session.fetch_optional(statement).await?, |row| row.text("place").map(str::to_owned))?;
    place.ok_or_else(|| miscounted("events"))
}

/// Inserts an event.
pub(crate) async fn new_event(
    session: &mut Session,
    event: &Event,
    map_version: u64,
) -> Result<(), StoreError> {
    let statement = bind_event(INSERT_EVENT, event, map_version)?
        .bind(event.currency.code())
        .bind(event.layout.map(LayoutId::as_uuid))
        .bind(event.created_at.as_micros());
    session.execute(statement).await.map(drop)
}

/// Binds what an event is inserted and updated with alike.
fn bind_event<'e>(
    sql: &'static str,
    event: &'e Event,
    map_version: u64,
) -> Result<Statement<'e>, StoreError> {
    let details = &event.details;
    let (state, state_at) = rows::event_state(event.state);
    Ok(sqlx::query(sql)
        .bind(event.id.as_uuid())
        .bind(stored(map_version))
        .bind(&*details.title)
        .bind(&*details.artist)
        .bind(&*details.venue)
        .bind(&*details.description)
        .bind(rows::keywords_text(&details.keywords)?)
        .bind(details.starts_at.as_micros())
        .bind(details.sale.opens_at().as_micros())
        .bind(details.sale.closes_at().as_micros())
        .bind(rows::terms_text(details.terms)?)
        .bind(state)
        .bind(state_at)
        .bind(rows::status_word(event.announced))
        .bind(stored(event.version)))
}

/// Writes names, prices and capacities, and stocks with them.
pub(super) async fn edit_ticket_types(
    session: &mut Session,
    event: EventId,
    edited: &[&TicketType],
) -> Result<(), StoreError> {
    if edited.is_empty() {
        return Ok(());
    }
    let statement = sqlx::query(UPDATE_TICKET_TYPES)
        .bind(event.as_uuid())
        .bind(column(edited, |it| it.id.as_uuid()))
        .bind(column(edited, |it| i64::from(it.stock.held)))
        .bind(column(edited, |it| i64::from(it.stock.sold)))
        .bind(column(edited, |it| i64::from(it.stock.blocked)))
        .bind(column(edited, |it| it.name.clone()))
        .bind(column(edited, |it| it.price.minor()))
        .bind(column(edited, |it| i64::from(it.stock.capacity)));
    run(session, statement, edited.len()).await
}

/// Inserts ticket types.
pub(crate) async fn new_ticket_types(
    session: &mut Session,
    event: EventId,
    new: &[&TicketType],
) -> Result<(), StoreError> {
    if new.is_empty() {
        return Ok(());
    }
    let section = |row: &&TicketType| match &row.kind {
        TicketKind::Seated { section } => Some(section.clone()),
        TicketKind::GeneralAdmission => None,
    };
    let statement = sqlx::query(INSERT_TICKET_TYPES)
        .bind(event.as_uuid())
        .bind(column(new, |it| it.id.as_uuid()))
        .bind(column(new, |it| it.name.clone()))
        .bind(column(new, |it| it.price.minor()))
        .bind(column(new, section))
        .bind(column(new, |it| i64::from(it.stock.capacity)))
        .bind(column(new, |it| i64::from(it.stock.held)))
        .bind(column(new, |it| i64::from(it.stock.sold)))
        .bind(column(new, |it| i64::from(it.stock.blocked)))
        .bind(column(new, |it| i64::from(it.position)));
    run(session, statement, new.len()).await
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
    let statement = sqlx::query(DELETE_TICKET_TYPES).bind(event.as_uuid()).bind(ids);
    run(session, statement, removed.len()).await
}

/// Inserts seats, the first of them at a position from the stage.
pub(crate) async fn new_seats(
    session: &mut Session,
    event: EventId,
    first: i64,
    new: &[Seat],
) -> Result<(), StoreError> {
    let positions: Vec<i64> = (first..).take(new.len()).collect();
    let statement = sqlx::query(INSERT_SEATS)
        .bind(event.as_uuid())
        .bind(column(new, |it| it.id.as_uuid()))
        .bind(positions)
        .bind(column(new, |it| it.ticket_type.as_uuid()))
        .bind(column(new, |it| it.place.section.clone()))
        .bind(column(new, |it| it.place.row.clone()))
        .bind(column(new, |it| it.place.number.clone()))
        .bind(column(new, |it| it.place.label.to_string()))
        .bind(column(new, |it| i64::from(it.place.column)))
        .bind(column(new, |it| i64::from(it.place.line)))
        .bind(column(new, |it| it.place.accessible))
        .bind(column(new, |it| stored(it.version)))
        .bind(column(new, |it| stored(it.map_version)));
    run(session, statement, new.len()).await
}

/// Removes an event with its ticket types and seats.
pub(super) async fn delete_event(session: &mut Session, event: EventId) -> Result<(), StoreError> {
    for sql in DELETE_EVENT {
        session.execute(sqlx::query(sql).bind(event.as_uuid())).await?;
    }
    Ok(())
}
