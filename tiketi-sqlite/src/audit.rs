//! Reads all rows of an event from one snapshot of the file.

use async_trait::async_trait;
use rusqlite::Connection;
use tiketi_core::decide::Snapshot;
use tiketi_core::{EventId, StoreError, store::AuditStore};
use uuid::Uuid;

use crate::load::{self, all};
use crate::reader::SqliteReader;
use crate::row::first;
use crate::store::SqliteStore;
use tiketi_sql::{PaymentRow, ReservationRow, SeatRow, columns};

#[async_trait]
impl AuditStore for SqliteStore {
    async fn event_ids(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError> {
        self.read(move |connection| event_ids(connection, after, limit)).await
    }

    async fn event_rows(&self, event: EventId) -> Result<Option<Snapshot>, StoreError> {
        self.read(move |connection| event_rows(connection, event)).await
    }
}

#[async_trait]
impl AuditStore for SqliteReader {
    async fn event_ids(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError> {
        self.readers().run(move |connection| event_ids(connection, after, limit)).await
    }

    async fn event_rows(&self, event: EventId) -> Result<Option<Snapshot>, StoreError> {
        self.readers().run(move |connection| event_rows(connection, event)).await
    }
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

fn event_rows(connection: &Connection, event: EventId) -> Result<Option<Snapshot>, StoreError> {
    let Some(mut snapshot) = load::event(connection, event)? else { return Ok(None) };
    let kept = tiketi_core::decide::Scope::map_version(&snapshot);
    let of_event = [event.as_uuid()];
    let sql = concat!("SELECT ", columns!(seat), " FROM seats WHERE event = ?1 ORDER BY position");
    for seat in all(connection, sql, of_event, |row| SeatRow::read(row)?.seat())? {
        snapshot.put_seat(seat);
    }
    // Adding seats increases the map version; the audit must see the stored one.
    snapshot.set_map_version(kept);
    let sql =
        concat!("SELECT ", columns!(reservation), " FROM reservations WHERE event = ?1 ORDER BY serial");
    for reservation in all(connection, sql, of_event, |row| ReservationRow::read(row)?.reservation())? {
        snapshot.put_reservation(reservation);
    }
    // Found by the reservation, so that the audit sees a payment that names another event.
    let sql = concat!(
        "SELECT ",
        columns!(payment),
        " FROM payments WHERE event = ?1 \
         OR reservation IN (SELECT id FROM reservations WHERE event = ?1) ORDER BY created_at, id"
    );
    for payment in all(connection, sql, of_event, |row| PaymentRow::read(row)?.payment())? {
        snapshot.put_payment(payment);
    }
    Ok(Some(snapshot))
}
