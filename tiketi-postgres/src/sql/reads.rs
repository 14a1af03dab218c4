//! Reads for buyers and staff, which no rule uses, on connections of the pool.

use std::collections::HashMap;
use std::sync::LazyLock;

use tiketi_core::{
    BuyerId, Event, EventId, Page, PageRequest, Payment, PaymentId, Reservation, ReservationId, SeatMap,
    StoreError, TicketType, TicketTypeId, limits::MAX_TOTAL, store::EventView,
};
use tiketi_sql::{
    EventRow, PaymentRow, ReservationRow, Row as _, SeatRow, TicketTypeRow, columns, count, qualified_list,
    stored,
};
use uuid::Uuid;

use crate::sql::read_batcher::ById;
use crate::sql::row::{Row, each, maybe};
use crate::sql::session::Pool;

pub(crate) const EVENT_OF_RESERVATION: &str = "SELECT event FROM tiketi.reservations WHERE id = $1";
pub(crate) const EVENT_OF_PAYMENT: &str = "SELECT event FROM tiketi.payments WHERE id = $1";
pub(crate) const EVENT_OF_TICKET_TYPE: &str = "SELECT event FROM tiketi.ticket_types WHERE id = $1";
/// Ids are few, so that these stay reads by key while the planner has no statistics; see [`ById`].
const RESERVATIONS: &str =
    concat!("SELECT ", columns!(reservation), " FROM tiketi.reservations WHERE id = ANY ($1)");
const PAYMENTS: &str = concat!("SELECT ", columns!(payment), " FROM tiketi.payments WHERE id = ANY ($1)");
const RESERVATIONS_OF: &str = concat!(
    "SELECT ",
    columns!(reservation),
    " FROM tiketi.reservations WHERE buyer = $1 AND serial > 0 AND ($2::uuid IS NULL OR event = $2) \
    ORDER BY created_at DESC, serial DESC LIMIT $3 OFFSET $4"
);
const COUNT_RESERVATIONS_OF: &str = "SELECT count(*) AS total FROM (SELECT 1 FROM tiketi.reservations WHERE buyer = $1 \
    AND serial > 0 AND ($2::uuid IS NULL OR event = $2) LIMIT $3) AS counted";
const EVENTS: &str = concat!("SELECT ", columns!(event), " FROM tiketi.events WHERE id = ANY($1)");
const TICKET_TYPES: &str = concat!(
    "SELECT ",
    columns!(ticket_type),
    " FROM tiketi.ticket_types WHERE event = ANY($1) ORDER BY position, id"
);
const MAP_VERSION: &str = "SELECT map_version FROM tiketi.events WHERE id = $1";
/// One statement, so that the version and the seats are of one moment; an event without changes has one row without
/// a seat.
static SEAT_MAP: LazyLock<String> = LazyLock::new(|| {
    let columns = qualified_list::<SeatRow<'_>>("seat");
    format!(
        "SELECT event.map_version AS current, {columns} \
        FROM tiketi.events AS event LEFT JOIN tiketi.seats AS seat ON seat.event = event.id \
            AND seat.map_version > 0 AND seat.map_version > CASE WHEN $2 > event.map_version THEN 0 ELSE $2 END \
        WHERE event.id = $1 ORDER BY seat.position"
    )
});

/// Returns the event in the answer to a read by id alone.
pub(crate) async fn event_of(
    pool: &Pool,
    sql: &'static str,
    id: Uuid,
) -> Result<Option<EventId>, StoreError> {
    let row = pool.fetch_optional(pool.query(sql).bind(id)).await?;
    maybe(row, |row| Ok(EventId::from_uuid(row.uuid("event")?)))
}

impl ById for Reservation {
    type Id = ReservationId;

    fn id(&self) -> ReservationId {
        self.id
    }

    async fn read(pool: &Pool, ids: Vec<ReservationId>) -> Result<Vec<Self>, StoreError> {
        let ids: Vec<Uuid> = ids.into_iter().map(ReservationId::as_uuid).collect();
        let found = pool.fetch_all(pool.query(RESERVATIONS).bind(ids)).await?;
        each(&found, |row| ReservationRow::read(row)?.reservation())
    }
}

impl ById for Payment {
    type Id = PaymentId;

    fn id(&self) -> PaymentId {
        self.id
    }

    async fn read(pool: &Pool, ids: Vec<PaymentId>) -> Result<Vec<Self>, StoreError> {
        let ids: Vec<Uuid> = ids.into_iter().map(PaymentId::as_uuid).collect();
        let found = pool.fetch_all(pool.query(PAYMENTS).bind(ids)).await?;
        each(&found, |row| PaymentRow::read(row)?.payment())
    }
}

impl ById for EventView {
    type Id = EventId;

    fn id(&self) -> EventId {
        self.event.id
    }

    async fn read(pool: &Pool, ids: Vec<EventId>) -> Result<Vec<Self>, StoreError> {
        views(pool, &ids).await
    }
}

pub(crate) async fn reservations_of(
    pool: &Pool,
    buyer: BuyerId,
    event: Option<EventId>,
    page: PageRequest,
) -> Result<Page<Reservation>, StoreError> {
    let (buyer, event) = (buyer.as_uuid(), event.map(EventId::as_uuid));
    let (size, offset) = (i64::from(page.size()) + 1, stored(page.offset()));
    let found = pool.query(RESERVATIONS_OF).bind(buyer).bind(event).bind(size).bind(offset);
    let found = pool.fetch_all(found).await?;
    let total = pool.query(COUNT_RESERVATIONS_OF).bind(buyer).bind(event).bind(stored(MAX_TOTAL + 1));
    let total = count(&Row::of(&pool.fetch_one(total).await?), "total")?;
    let rows = each(&found, |row| ReservationRow::read(row)?.reservation())?;
    Ok(Page::with_one_more(rows, total, page))
}

/// Returns events with their ticket types, in the order of `ids`.
pub(crate) async fn views(pool: &Pool, ids: &[EventId]) -> Result<Vec<EventView>, StoreError> {
    let list: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let found = pool.fetch_all(pool.query(EVENTS).bind(list)).await?;
    let events = each(&found, |row| Ok(EventRow::read(row)?.event()?.0))?;
    let views = with_ticket_types(pool, events).await?;
    let mut views: HashMap<_, _> = views.into_iter().map(|view| (view.event.id, view)).collect();
    // An event that was removed meanwhile is omitted.
    Ok(ids.iter().filter_map(|id| views.remove(id)).collect())
}

async fn with_ticket_types(pool: &Pool, events: Vec<Event>) -> Result<Vec<EventView>, StoreError> {
    let ids: Vec<Uuid> = events.iter().map(|event| event.id.as_uuid()).collect();
    let found = pool.fetch_all(pool.query(TICKET_TYPES).bind(ids)).await?;
    let mut views: Vec<_> =
        events.into_iter().map(|event| EventView { event, ticket_types: Vec::new() }).collect();
    let places: HashMap<_, _> = views.iter().map(|view| view.event.id).zip(0..).collect();
    for row in &found {
        let row = &Row::of(row);
        let place = places.get(&EventId::from_uuid(row.uuid("event")?));
        if let Some(view) = place.and_then(|place: &usize| views.get_mut(*place)) {
            view.ticket_types.push(TicketTypeRow::read(row)?.ticket_type(view.event.currency)?);
        }
    }
    Ok(views)
}

pub(crate) async fn ticket_type(pool: &Pool, id: TicketTypeId) -> Result<Option<TicketType>, StoreError> {
    let Some(event) = event_of(pool, EVENT_OF_TICKET_TYPE, id.as_uuid()).await? else { return Ok(None) };
    let view = views(pool, &[event]).await?.pop();
    Ok(view.and_then(|view| view.ticket_types.into_iter().find(|row| row.id == id)))
}

pub(crate) async fn map_version(pool: &Pool, event: EventId) -> Result<Option<u64>, StoreError> {
    let row = pool.fetch_optional(pool.query(MAP_VERSION).bind(event.as_uuid())).await?;
    maybe(row, |row| count(row, "map_version"))
}

pub(crate) async fn seat_map(pool: &Pool, event: EventId, since: u64) -> Result<Option<SeatMap>, StoreError> {
    let found = pool.fetch_all(pool.query(&SEAT_MAP).bind(event.as_uuid()).bind(stored(since))).await?;
    let Some(first) = found.first() else { return Ok(None) };
    let version = count(&Row::of(first), "current")?;
    let complete = since == 0 || since > version;
    let seats = match Row::of(first).maybe_uuid("id")? {
        Some(_) => each(&found, |row| SeatRow::read(row)?.seat())?,
        None => Vec::new(),
    };
    Ok(Some(SeatMap { version, complete, seats }))
}
