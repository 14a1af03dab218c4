//! A revision of an event: its seats, its stock, its map version and its count of revisions.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use tiketi_core::decide::{Scope, Snapshot};
use tiketi_core::{EventId, SeatId, StoreError, TicketType, TicketTypeId};
use tiketi_sql::{Part, Row as _, SeatRow, TableRow, TicketTypeRow, stored};
use uuid::Uuid;

use super::{column, gone, miscounted};
use crate::sql::row::Row;
use crate::sql::session::Session;
use crate::sql::statement::{Arrays, Guard};
use crate::working_set::load::Places;

/// Updates seats of the versions they had, stocks, and the event, and says how many of the first two there were and
/// where the rows lie that it left. Stocks and the event are found where they lie; see [`Places`].
struct WriteRevision {
    sql: String,
    seats: Arrays,
    stocks: Arrays,
}

static WRITE_REVISION: LazyLock<WriteRevision> = LazyLock::new(|| {
    let seats = Arrays::of::<SeatRow<'_>>(&[Part::Key, Part::Changing], 5, Guard::Version);
    let stocks = Arrays::of::<TicketTypeRow<'_>>(&[Part::Key, Part::Counted], seats.next, Guard::None);
    let update_seats = seats.update(SeatRow::TABLE);
    let update_stocks = stocks.update_at(TicketTypeRow::TABLE, "$4");
    let sql = format!(
        "WITH seats AS ({update_seats} RETURNING 1), \
        stocks AS ({update_stocks} RETURNING kept.id, kept.ctid::text AS place) \
        UPDATE tiketi.events SET revision = revision + 1, map_version = $2 WHERE ctid = $3::text::tid AND id = $1 \
        RETURNING (SELECT count(*) FROM seats) AS seats, ctid::text AS place, \
            (SELECT coalesce(array_agg(id ORDER BY id), '{{}}') FROM stocks) AS stocks, \
            (SELECT coalesce(array_agg(place ORDER BY id), '{{}}') FROM stocks) AS places"
    );
    WriteRevision { sql, seats, stocks }
});

/// Counts a revision of an event, and writes the seats and stocks that changed in it.
pub(super) async fn take(
    session: &mut Session,
    event: EventId,
    snapshot: &Snapshot,
    writes: &BTreeMap<SeatId, u64>,
    stocks: &[&TicketType],
    places: &mut Places,
) -> Result<(), StoreError> {
    let find = |id: &SeatId| snapshot.seat(*id).map(SeatRow::of).ok_or_else(gone);
    let seats = writes.keys().map(find).collect::<Result<Vec<_>, StoreError>>()?;
    let before: Vec<i64> = writes.values().copied().map(stored).collect();
    let stocks = column(stocks, |it| TicketTypeRow::of(it));
    let revision = &*WRITE_REVISION;
    let statement = session
        .query(&revision.sql)
        .bind(event.as_uuid())
        .bind(stored(snapshot.map_version()))
        .bind(places.event.clone())
        .bind(places.of(stocks.iter().map(|it| TicketTypeId::from_uuid(it.id)))?);
    let statement = revision.seats.bind(statement, &seats).bind(before);
    let statement = revision.stocks.bind(statement, &stocks);
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
