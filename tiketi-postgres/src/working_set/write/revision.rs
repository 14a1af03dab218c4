//! A turn of an event: its seats, its stock, its map version and its count of turns.

use std::collections::BTreeMap;

use tiketi_core::decide::{Scope, Snapshot};
use tiketi_core::{EventId, Seat, SeatId, StoreError, TicketType, TicketTypeId};
use tiketi_sql::{Row as _, seat_state, stored};
use uuid::Uuid;

use super::{column, gone, miscounted};
use crate::sql::row::Row;
use crate::sql::session::Session;
use crate::working_set::load::Places;

/// Updates seats of the versions they had, stocks, and the event, and says how many of the first two there were and
/// where the rows lie that it left. Stocks and the event are found where they lie; see [`Places`].
const WRITE_REVISION: &str = "WITH seats AS (UPDATE tiketi.seats AS seat SET state = n.state, owner = n.owner, \
        until = n.until, reason = n.reason, version = n.version, map_version = n.map_version \
        FROM unnest($3::uuid[], $4::bigint[], $5::text[], $6::uuid[], $7::bigint[], $8::text[], $9::bigint[], \
            $10::bigint[]) AS n (id, before, state, owner, until, reason, version, map_version) \
        WHERE seat.event = $1 AND seat.id = ANY($3) AND seat.id = n.id AND seat.version = n.before RETURNING 1), \
    stocks AS (UPDATE tiketi.ticket_types AS ticket_type SET held = n.held, sold = n.sold, blocked = n.blocked \
        FROM unnest($11::uuid[], $12::bigint[], $13::bigint[], $14::bigint[]) AS n (id, held, sold, blocked) \
        WHERE ticket_type.ctid = ANY ($16::text[]::tid[]) AND ticket_type.event = $1 AND ticket_type.id = n.id \
        RETURNING ticket_type.id, ticket_type.ctid::text AS place) \
    UPDATE tiketi.events SET revision = revision + 1, map_version = $2 WHERE ctid = $15::text::tid AND id = $1 \
    RETURNING (SELECT count(*) FROM seats) AS seats, ctid::text AS place, \
        (SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM stocks) AS stocks, \
        (SELECT coalesce(array_agg(place ORDER BY id), '{}') FROM stocks) AS places";

/// Counts a turn of an event, and writes the seats and stocks that changed in it.
pub(super) async fn take(
    session: &mut Session,
    event: EventId,
    snapshot: &Snapshot,
    writes: &BTreeMap<SeatId, u64>,
    stocks: &[&TicketType],
    places: &mut Places,
) -> Result<(), StoreError> {
    let find = |(id, before): (&SeatId, &u64)| Ok((snapshot.seat(*id).ok_or_else(gone)?, *before));
    let seats = writes.iter().map(find).collect::<Result<Vec<(&Seat, u64)>, StoreError>>()?;
    let states = column(&seats, |(seat, _)| seat_state(&seat.state));
    let statement = sqlx::query(WRITE_REVISION)
        .bind(event.as_uuid())
        .bind(stored(snapshot.map_version()))
        .bind(column(&seats, |(seat, _)| seat.id.as_uuid()))
        .bind(column(&seats, |(_, before)| stored(*before)))
        .bind(column(&states, |it| it.state))
        .bind(column(&states, |it| it.owner))
        .bind(column(&states, |it| it.until))
        .bind(column(&states, |it| it.reason))
        .bind(column(&seats, |(seat, _)| stored(seat.version)))
        .bind(column(&seats, |(seat, _)| stored(seat.map_version)))
        .bind(column(stocks, |it| it.id.as_uuid()))
        .bind(column(stocks, |it| i64::from(it.stock.held)))
        .bind(column(stocks, |it| i64::from(it.stock.sold)))
        .bind(column(stocks, |it| i64::from(it.stock.blocked)))
        .bind(places.event.clone())
        .bind(places.of(stocks.iter().map(|it| &it.id))?);
    let row = session.fetch_optional(statement).await?.ok_or_else(|| miscounted("events"))?;
    let row = Row(&row);
    let (counted, lie): (Vec<Uuid>, Vec<String>) = (row.get("stocks")?, row.get("places")?);
    if usize::try_from(row.int("seats")?) != Ok(seats.len()) || counted.len() != stocks.len() {
        return Err(miscounted("seats or stocks"));
    }
    row.text("place")?.clone_into(&mut places.event);
    places.ticket_types.extend(counted.into_iter().map(TicketTypeId::from_uuid).zip(lie));
    Ok(())
}
