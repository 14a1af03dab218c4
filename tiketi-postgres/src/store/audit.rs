//! Reads all rows of an event at one moment, in parts.

use std::collections::BTreeSet;

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgRow;
use tiketi_core::audit::{AuditPart, AuditRows, AuditedEvent, RelatedRows};
use tiketi_core::store::{AuditSink, AuditStore};
use tiketi_core::{EventId, Payment, PaymentId, Reservation, ReservationId, Seat, StoreError};
use tiketi_sql::{EventRow, PaymentRow, ReservationRow, Row as _, SeatRow, columns, stored};
use uuid::Uuid;

use crate::sql::row::{Row, each};
use crate::sql::session::Session;
use crate::store::PostgresStore;
use crate::working_set::load::ticket_types;

/// The timeout is explained at [`crate::sql::session::BEGIN`].
const ONE_MOMENT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
    SET LOCAL idle_in_transaction_session_timeout = 5000";
const EVENT_COUNT: &str = "SELECT count(*) AS events FROM tiketi.events";
const EVENT_IDS: &str = "SELECT id FROM tiketi.events WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2";
const EVENT: &str = concat!("SELECT ", columns!(event), " FROM tiketi.events WHERE id = $1");
/// A cursor reads each row once, without sorting, whichever index finds the rows. Each has a name of its own: the driver
/// remembers the columns of `FETCH` by its text.
const SEATS: &str = concat!(
    "DECLARE audited_seats NO SCROLL CURSOR FOR SELECT ",
    columns!(seat),
    " FROM tiketi.seats WHERE event = $1 AND map_version > 0"
);
/// One part for each state, because each has an index by event.
const RESERVATIONS: &str = concat!(
    "DECLARE audited_reservations NO SCROLL CURSOR FOR SELECT ",
    columns!(reservation),
    " FROM tiketi.reservations WHERE event = $1 AND state = 'held' UNION ALL SELECT ",
    columns!(reservation),
    " FROM tiketi.reservations WHERE event = $1 AND state = 'paying' UNION ALL SELECT ",
    columns!(reservation),
    " FROM tiketi.reservations WHERE event = $1 AND state = 'confirmed' UNION ALL SELECT ",
    columns!(reservation),
    " FROM tiketi.reservations WHERE event = $1 AND state = 'expired' UNION ALL SELECT ",
    columns!(reservation),
    " FROM tiketi.reservations WHERE event = $1 AND state = 'cancelled'"
);
const PAYMENTS: &str = concat!(
    "DECLARE audited_payments NO SCROLL CURSOR FOR SELECT ",
    columns!(payment),
    " FROM tiketi.payments WHERE event = $1 AND version > 0"
);

const SEATS_BY_ID: &str =
    concat!("SELECT ", columns!(seat), " FROM tiketi.seats WHERE event = $1 AND id = ANY($2)");
const RESERVATIONS_BY_ID: &str =
    concat!("SELECT ", columns!(reservation), " FROM tiketi.reservations WHERE event = $1 AND id = ANY($2)");
/// Without the event, so that a payment is found that names another event than its reservation does.
const PAYMENTS_BY_ID: &str =
    concat!("SELECT ", columns!(payment), " FROM tiketi.payments WHERE id = ANY($1)");
/// Reservations that have a number which another one has, or that are pending for a buyer who has another pending one.
const RIVALS: &str = "SELECT unnest(array_agg(id)) AS id FROM tiketi.reservations \
    WHERE event = $1 AND serial = ANY($2) GROUP BY serial HAVING count(*) > 1 \
    UNION SELECT unnest(array_agg(id)) FROM tiketi.reservations \
    WHERE event = $1 AND buyer = ANY($3) AND state IN ('held', 'paying') GROUP BY buyer HAVING count(*) > 1";

#[async_trait]
impl AuditStore for PostgresStore {
    async fn event_count(&self) -> Result<u64, StoreError> {
        let found = self.database().fetch_one(self.query(EVENT_COUNT)).await?;
        tiketi_sql::count(&Row::of(&found), "events")
    }

    async fn event_ids(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let query = self.query(EVENT_IDS).bind(after.map(EventId::as_uuid)).bind(limit);
        let found = self.database().fetch_all(query).await?;
        each(&found, |row| Ok(EventId::from_uuid(row.uuid("id")?)))
    }

    async fn read_event(
        &self,
        event: EventId,
        rows: usize,
        sink: &mut dyn AuditSink,
    ) -> Result<bool, StoreError> {
        let session = self.database().begin(ONE_MOMENT).await?;
        let mut reading = Reading { session, event, rows: rows.max(1), sink };
        let exists = reading.run().await?;
        reading.session.rollback().await?;
        Ok(exists)
    }
}

/// The rows of one event, as they are read.
struct Reading<'s> {
    session: Session,
    event: EventId,
    rows: usize,
    sink: &'s mut dyn AuditSink,
}

impl Reading<'_> {
    async fn run(&mut self) -> Result<bool, StoreError> {
        let event = self.session.query(EVENT).bind(self.event.as_uuid());
        let Some(row) = self.session.fetch_optional(event).await? else { return Ok(false) };
        let (event, map_version) = EventRow::read(&Row::of(&row))?.event()?;
        let ticket_types = ticket_types(&mut self.session, self.event, event.currency).await?;
        let ticket_types = ticket_types.into_iter().map(|(ticket_type, _)| ticket_type).collect();
        self.sink.event(AuditedEvent { event, map_version, ticket_types });
        self.declare(SEATS).await?;
        while let Some(found) = self.fetch("audited_seats").await? {
            self.seats(each(&found, |row| SeatRow::read(row)?.seat())?).await?;
        }
        self.declare(RESERVATIONS).await?;
        while let Some(found) = self.fetch("audited_reservations").await? {
            self.reservations(each(&found, |row| ReservationRow::read(row)?.reservation())?).await?;
        }
        self.declare(PAYMENTS).await?;
        while let Some(found) = self.fetch("audited_payments").await? {
            self.payments(each(&found, |row| PaymentRow::read(row)?.payment())?).await?;
        }
        Ok(true)
    }

    async fn declare(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let declare = self.session.query(sql).bind(self.event.as_uuid());
        self.session.execute(declare).await.map(drop)
    }

    /// Returns the next rows of a cursor; `None` after the last ones. The cursor ends with the transaction.
    async fn fetch(&mut self, cursor: &str) -> Result<Option<Vec<PgRow>>, StoreError> {
        let fetch = sqlx::query(AssertSqlSafe(format!("FETCH {} FROM {cursor}", self.rows)));
        let found = self.session.fetch_all(fetch).await?;
        Ok(Some(found).filter(|found| !found.is_empty()))
    }

    async fn seats(&mut self, rows: Vec<Seat>) -> Result<(), StoreError> {
        let owners = rows.iter().filter_map(|seat| seat.state.owner()).collect();
        let related = RelatedRows { reservations: self.by_ids(owners).await?, ..RelatedRows::default() };
        self.sink.part(AuditPart { rows: AuditRows::Seats(rows), related });
        Ok(())
    }

    async fn reservations(&mut self, rows: Vec<Reservation>) -> Result<(), StoreError> {
        let seats = rows.iter().flat_map(|row| &row.seats).map(|line| line.seat.as_uuid());
        let seats = self.session.query(SEATS_BY_ID).bind(self.event.as_uuid()).bind(distinct(seats));
        let seats = each(&self.session.fetch_all(seats).await?, |row| SeatRow::read(row)?.seat())?;
        let payments = rows.iter().filter_map(|row| row.payment).map(PaymentId::as_uuid);
        let payments = self.session.query(PAYMENTS_BY_ID).bind(distinct(payments));
        let payments =
            each(&self.session.fetch_all(payments).await?, |row| PaymentRow::read(row)?.payment())?;
        let mut others = self.rivals(&rows).await?;
        others.extend(seats.iter().filter_map(|seat| seat.state.owner()));
        for row in &rows {
            others.remove(&row.id);
        }
        let related = RelatedRows { seats, reservations: self.by_ids(others).await?, payments };
        self.sink.part(AuditPart { rows: AuditRows::Reservations(rows), related });
        Ok(())
    }

    async fn payments(&mut self, rows: Vec<Payment>) -> Result<(), StoreError> {
        let reservations = rows.iter().map(|payment| payment.reservation).collect();
        let related =
            RelatedRows { reservations: self.by_ids(reservations).await?, ..RelatedRows::default() };
        self.sink.part(AuditPart { rows: AuditRows::Payments(rows), related });
        Ok(())
    }

    async fn rivals(&mut self, rows: &[Reservation]) -> Result<BTreeSet<ReservationId>, StoreError> {
        let serials: Vec<i64> = rows.iter().map(|row| stored(row.number.serial())).collect();
        let buyers = rows.iter().filter(|row| row.is_pending()).map(|row| row.buyer.as_uuid());
        let rivals =
            self.session.query(RIVALS).bind(self.event.as_uuid()).bind(serials).bind(distinct(buyers));
        let found = self.session.fetch_all(rivals).await?;
        let found = each(&found, |row| Ok(ReservationId::from_uuid(row.uuid("id")?)))?;
        Ok(found.into_iter().collect())
    }

    /// Returns the reservations of the event that have these ids.
    async fn by_ids(&mut self, ids: BTreeSet<ReservationId>) -> Result<Vec<Reservation>, StoreError> {
        let ids: Vec<Uuid> = ids.into_iter().map(ReservationId::as_uuid).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.session.query(RESERVATIONS_BY_ID).bind(self.event.as_uuid()).bind(ids);
        each(&self.session.fetch_all(found).await?, |row| ReservationRow::read(row)?.reservation())
    }
}

/// Returns ids without repetition.
fn distinct(ids: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
