//! Reads all rows of an event at one moment.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use tiketi_core::decide::Snapshot;
use tiketi_core::{EventId, PaymentId, StoreError, store::AuditStore};
use tiketi_sql::{EventRow, PaymentRow, ReservationRow, Row as _, SeatRow, columns};

use crate::sql::row::{Row, each};
use crate::sql::session::Session;
use crate::store::PostgresStore;
use crate::working_set::load::ticket_types;

/// The timeout is explained at [`crate::sql::session::BEGIN`].
const ONE_MOMENT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
    SET LOCAL idle_in_transaction_session_timeout = 5000";
const EVENT_IDS: &str = "SELECT id FROM tiketi.events WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2";
const EVENT: &str = concat!("SELECT ", columns!(event), " FROM tiketi.events WHERE id = $1");
const SEATS: &str = concat!(
    "SELECT ",
    columns!(seat),
    " FROM tiketi.seats WHERE event = $1 AND map_version > 0 ORDER BY position"
);
/// One part for each state, because each has an index by event.
const RESERVATIONS: &str = concat!(
    "SELECT ",
    columns!(reservation),
    " FROM tiketi.reservations WHERE event = $1 AND state = 'held' UNION ALL SELECT ",
    columns!(reservation),
    " FROM tiketi.reservations WHERE event = $1 AND state = 'paying' UNION ALL SELECT ",
    columns!(reservation),
    " FROM tiketi.reservations WHERE event = $1 AND state = 'confirmed' UNION ALL SELECT ",
    columns!(reservation),
    " FROM tiketi.reservations WHERE event = $1 AND state = 'expired' UNION ALL SELECT ",
    columns!(reservation),
    " FROM tiketi.reservations WHERE event = $1 AND state = 'cancelled' ORDER BY serial"
);
/// Also found by the reservation, so that a latest payment that names another event is seen; other payments are
/// found by the event that they name.
const PAYMENTS: &str = concat!(
    "SELECT ",
    columns!(payment),
    " FROM tiketi.payments WHERE event = $1 AND version > 0 \
    UNION ALL SELECT ",
    columns!(payment),
    " FROM tiketi.payments WHERE event <> $1 AND id = ANY($2) ORDER BY created_at, id"
);

#[async_trait]
impl AuditStore for PostgresStore {
    async fn event_ids(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let query = self.query(EVENT_IDS).bind(after.map(EventId::as_uuid)).bind(limit);
        let found = self.database().fetch_all(query).await?;
        each(&found, |row| Ok(EventId::from_uuid(row.uuid("id")?)))
    }

    async fn event_rows(&self, event: EventId) -> Result<Option<Snapshot>, StoreError> {
        let mut session = self.database().begin(ONE_MOMENT).await?;
        let rows = event_rows(&mut session, event).await?;
        session.rollback().await?;
        Ok(rows)
    }
}

async fn event_rows(session: &mut Session, id: EventId) -> Result<Option<Snapshot>, StoreError> {
    let found = of(session, EVENT, id).await?;
    let Some(row) = found.first() else { return Ok(None) };
    let (event, map_version) = EventRow::read(&Row(row))?.event()?;
    let currency = event.currency;
    let mut snapshot = Snapshot::new(event);
    for (ticket_type, _) in ticket_types(session, id, currency).await? {
        snapshot.put_ticket_type(ticket_type);
    }
    for row in &of(session, SEATS, id).await? {
        snapshot.put_seat(SeatRow::read(&Row(row))?.seat()?);
    }
    // Adding seats increases the map version; the audit must see the stored one.
    snapshot.set_map_version(map_version);
    let mut latest = Vec::new();
    for row in &of(session, RESERVATIONS, id).await? {
        let row = ReservationRow::read(&Row(row))?.reservation()?;
        latest.extend(row.payment.map(PaymentId::as_uuid));
        snapshot.put_reservation(row);
    }
    let payments = session.query(PAYMENTS).bind(id.as_uuid()).bind(latest);
    for row in &session.fetch_all(payments).await? {
        snapshot.put_payment(PaymentRow::read(&Row(row))?.payment()?);
    }
    Ok(Some(snapshot))
}

async fn of(session: &mut Session, sql: &'static str, event: EventId) -> Result<Vec<PgRow>, StoreError> {
    session.fetch_all(session.query(sql).bind(event.as_uuid())).await
}
