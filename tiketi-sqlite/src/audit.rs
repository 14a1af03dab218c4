//! Reads all rows of an event from one snapshot of the file, in parts.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rusqlite::Connection;
use tiketi_core::audit::{AuditPart, AuditRows, AuditedEvent, RelatedRows};
use tiketi_core::store::{AuditSink, AuditStore};
use tiketi_core::{EventId, Payment, Reservation, ReservationId, Seat, StoreError};
use tiketi_sql::{EventRow, PaymentRow, ReservationRow, SeatRow, columns, stored};
use tokio::sync::mpsc::{self, Sender};
use uuid::Uuid;

use crate::error::failed;
use crate::load::{self, all, one};
use crate::reader::SqliteReader;
use crate::readers::Readers;
use crate::row::{Row, first};
use crate::store::SqliteStore;

const EVENT: &str = concat!("SELECT ", columns!(event), " FROM events WHERE id = ?1");
const SEATS: &str = concat!("SELECT ", columns!(seat), " FROM seats WHERE event = ?1");
const RESERVATIONS: &str = concat!("SELECT ", columns!(reservation), " FROM reservations WHERE event = ?1");
const PAYMENTS: &str = concat!("SELECT ", columns!(payment), " FROM payments WHERE event = ?1");
const RESERVATION: &str =
    concat!("SELECT ", columns!(reservation), " FROM reservations WHERE event = ?1 AND id = ?2");
const NAMESAKES: &str = "SELECT id FROM reservations WHERE event = ?1 AND serial = ?2 AND id <> ?3";
const PENDING: &str = "SELECT id FROM reservations WHERE event = ?1 AND buyer = ?2 AND state IN ('held', 'paying') AND id <> ?3";

#[async_trait]
impl AuditStore for SqliteStore {
    async fn event_count(&self) -> Result<u64, StoreError> {
        self.readers().run(event_count).await
    }

    async fn event_ids(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError> {
        self.readers().run(move |connection| event_ids(connection, after, limit)).await
    }

    async fn read_event(
        &self,
        event: EventId,
        rows: usize,
        sink: &mut dyn AuditSink,
    ) -> Result<bool, StoreError> {
        read_event(self.readers(), event, rows, sink).await
    }
}

#[async_trait]
impl AuditStore for SqliteReader {
    async fn event_count(&self) -> Result<u64, StoreError> {
        self.readers().run(event_count).await
    }

    async fn event_ids(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError> {
        self.readers().run(move |connection| event_ids(connection, after, limit)).await
    }

    async fn read_event(
        &self,
        event: EventId,
        rows: usize,
        sink: &mut dyn AuditSink,
    ) -> Result<bool, StoreError> {
        read_event(self.readers(), event, rows, sink).await
    }
}

fn event_count(connection: &Connection) -> Result<u64, StoreError> {
    let found = one(connection, "SELECT count(*) FROM events", (), first::<i64>)?;
    Ok(found.and_then(|count| u64::try_from(count).ok()).unwrap_or_default())
}

fn event_ids(
    connection: &Connection,
    after: Option<EventId>,
    limit: usize,
) -> Result<Vec<EventId>, StoreError> {
    let sql = "SELECT id FROM events WHERE ?1 IS NULL OR id > ?1 ORDER BY id LIMIT ?2";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    all(connection, sql, (after.map(EventId::as_uuid), limit), |row| {
        first::<Uuid>(row).map(EventId::from_uuid)
    })
}

/// What the reader thread sends to the audit.
enum Sent {
    Event(Box<AuditedEvent>),
    Part(AuditPart),
}

/// Reads on a reader thread, which waits while the sink has not taken the part before.
async fn read_event(
    readers: &Readers,
    event: EventId,
    rows: usize,
    sink: &mut dyn AuditSink,
) -> Result<bool, StoreError> {
    let (parts, mut received) = mpsc::channel(1);
    let rows = rows.max(1);
    let reading = readers.run(move |connection| Reading { connection, event, rows, parts }.run());
    let giving = async {
        while let Some(sent) = received.recv().await {
            match sent {
                Sent::Event(event) => sink.event(*event),
                Sent::Part(part) => sink.part(part),
            }
        }
    };
    let (exists, ()) = tokio::join!(reading, giving);
    exists
}

/// The rows of one event, as they are read.
struct Reading<'c> {
    connection: &'c Connection,
    event: EventId,
    rows: usize,
    parts: Sender<Sent>,
}

impl Reading<'_> {
    fn run(&self) -> Result<bool, StoreError> {
        let found = one(self.connection, EVENT, [self.event.as_uuid()], |row| EventRow::read(row)?.event())?;
        let Some((event, map_version)) = found else { return Ok(false) };
        let ticket_types = load::ticket_types(self.connection, self.event, event.currency)?;
        self.send(Sent::Event(Box::new(AuditedEvent { event, map_version, ticket_types })))?;
        self.each_part(SEATS, |row| SeatRow::read(row)?.seat(), Self::of_seats)?;
        let read = |row: &Row<'_, '_>| ReservationRow::read(row)?.reservation();
        self.each_part(RESERVATIONS, read, Self::of_reservations)?;
        self.each_part(PAYMENTS, |row| PaymentRow::read(row)?.payment(), Self::of_payments)?;
        Ok(true)
    }

    /// Reads rows one by one, and sends them in parts.
    fn each_part<T>(
        &self,
        sql: &str,
        read: impl Fn(&Row<'_, '_>) -> Result<T, StoreError>,
        part: impl Fn(&Self, Vec<T>) -> Result<AuditPart, StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let mut found = statement.query([self.event.as_uuid()]).map_err(failed)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(failed)? {
            rows.push(read(&Row::of(row))?);
            if rows.len() == self.rows {
                self.send(Sent::Part(part(self, std::mem::take(&mut rows))?))?;
            }
        }
        if rows.is_empty() { Ok(()) } else { self.send(Sent::Part(part(self, rows)?)) }
    }

    /// Fails if the audit was dropped, which ends the reading.
    fn send(&self, sent: Sent) -> Result<(), StoreError> {
        self.parts.blocking_send(sent).map_err(|_| tiketi_sql::closed())
    }

    fn of_seats(&self, rows: Vec<Seat>) -> Result<AuditPart, StoreError> {
        let owners = rows.iter().filter_map(|seat| seat.state.owner()).collect();
        let related = RelatedRows { reservations: self.by_ids(owners)?, ..RelatedRows::default() };
        Ok(AuditPart { rows: AuditRows::Seats(rows), related })
    }

    fn of_reservations(&self, rows: Vec<Reservation>) -> Result<AuditPart, StoreError> {
        let (mut related, mut others) = (RelatedRows::default(), BTreeSet::new());
        for row in &rows {
            for line in &row.seats {
                let seat = load::seat(self.connection, self.event, line.seat)?;
                others.extend(seat.as_ref().and_then(|seat| seat.state.owner()));
                related.seats.extend(seat);
            }
            if let Some(payment) = row.payment {
                related.payments.extend(load::payment(self.connection, payment)?);
            }
            let (event, id) = (self.event.as_uuid(), row.id.as_uuid());
            let serial = stored(row.number.serial());
            others.extend(all(self.connection, NAMESAKES, (event, serial, id), reservation_id)?);
            if row.is_pending() {
                let buyer = row.buyer.as_uuid();
                others.extend(all(self.connection, PENDING, (event, buyer, id), reservation_id)?);
            }
        }
        for row in &rows {
            others.remove(&row.id);
        }
        related.reservations = self.by_ids(others)?;
        Ok(AuditPart { rows: AuditRows::Reservations(rows), related })
    }

    fn of_payments(&self, rows: Vec<Payment>) -> Result<AuditPart, StoreError> {
        let reservations = rows.iter().map(|payment| payment.reservation).collect();
        let related = RelatedRows { reservations: self.by_ids(reservations)?, ..RelatedRows::default() };
        Ok(AuditPart { rows: AuditRows::Payments(rows), related })
    }

    /// Returns the reservations of the event that have these ids.
    fn by_ids(&self, ids: BTreeSet<ReservationId>) -> Result<Vec<Reservation>, StoreError> {
        let mut found = Vec::new();
        for id in ids {
            let values = (self.event.as_uuid(), id.as_uuid());
            let read = |row: &Row<'_, '_>| ReservationRow::read(row)?.reservation();
            found.extend(one(self.connection, RESERVATION, values, read)?);
        }
        Ok(found)
    }
}

fn reservation_id(row: &Row<'_, '_>) -> Result<ReservationId, StoreError> {
    first::<Uuid>(row).map(ReservationId::from_uuid)
}
