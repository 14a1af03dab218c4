//! The statements of a hold, executed directly: without rules, queue or facade.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior, params};
use tiketi_core::{EventId, SeatId};
use uuid::Uuid;

/// A connection that holds seats of one event, with the same settings as the store's own connections.
pub(crate) struct Bare {
    connection: Connection,
    event: Uuid,
    serial: i64,
}

const UNTIL: i64 = 4_000_000_000_000_000;

impl Bare {
    pub(crate) fn open(path: &Path, event: EventId) -> Result<Self, rusqlite::Error> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self { connection, event: event.as_uuid(), serial: 0 })
    }

    /// Holds each seat for a different buyer, all in one transaction.
    pub(crate) fn hold(&mut self, seats: &[SeatId]) -> Result<(), rusqlite::Error> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        read_event(&transaction, self.event)?;
        for seat in seats {
            self.serial += 1;
            hold_one(&transaction, self.event, seat.as_uuid(), self.serial)?;
        }
        let held = i64::try_from(seats.len()).unwrap_or(i64::MAX);
        let sql = "UPDATE ticket_types SET held = held + ?2 WHERE event = ?1";
        transaction.prepare_cached(sql)?.execute((self.event, held))?;
        let sql = "UPDATE events SET map_version = ?2 WHERE id = ?1";
        transaction.prepare_cached(sql)?.execute((self.event, self.serial))?;
        let sql = "UPDATE counters SET value = ?1";
        transaction.prepare_cached(sql)?.execute([self.serial * 2])?;
        transaction.commit()
    }
}

fn read_event(connection: &Connection, event: Uuid) -> Result<(), rusqlite::Error> {
    let read = |sql: &str| -> Result<(), rusqlite::Error> {
        connection.prepare_cached(sql)?.query_row([event], |row| row.get::<_, String>("name"))?;
        Ok(())
    };
    read("SELECT *, title AS name FROM events WHERE id = ?1")?;
    read("SELECT * FROM ticket_types WHERE event = ?1 ORDER BY position, id")
}

fn hold_one(connection: &Connection, event: Uuid, seat: Uuid, serial: i64) -> Result<(), rusqlite::Error> {
    let unique = u128::from(serial.unsigned_abs());
    let (reservation, buyer) = (Uuid::from_u128(unique << 64), Uuid::from_u128(unique));
    let sql = "SELECT 1 FROM commands WHERE key = ?1";
    connection.prepare_cached(sql)?.exists([reservation])?;
    let sql = "SELECT id FROM reservations WHERE event = ?1 AND buyer = ?2 AND state IN ('held', 'paying', 'confirmed')";
    connection.prepare_cached(sql)?.exists((event, buyer))?;
    let sql = "SELECT * FROM seats WHERE event = ?1 AND id = ?2 AND state = 'available'";
    let label =
        connection.prepare_cached(sql)?.query_row((event, seat), |row| row.get::<_, String>("label"))?;
    write_one(connection, [event, seat, reservation, buyer], &label, serial)
}

fn write_one(
    connection: &Connection,
    [event, seat, reservation, buyer]: [Uuid; 4],
    label: &str,
    serial: i64,
) -> Result<(), rusqlite::Error> {
    let sql = "INSERT INTO reservations (id, event, buyer, date, serial, currency, created_at, seats, items, total, \
        state, state_at, window_granted, held_since, hold_used, hold_used_at, version) \
        VALUES (?1, ?2, ?3, 20260105, ?4, 'KRW', 1, ?5, '[]', 110000, 'held', ?6, 0, 1, 0, 1, 1)";
    let lines = format!("[[\"{seat}\",\"{event}\",\"{label}\",110000]]");
    connection.prepare_cached(sql)?.execute(params![reservation, event, buyer, serial, lines, UNTIL])?;
    let sql = "UPDATE seats SET state = 'held', owner = ?3, until = ?4, version = version + 1, map_version = ?5 \
        WHERE event = ?1 AND id = ?2";
    connection.prepare_cached(sql)?.execute((event, seat, reservation, UNTIL, serial))?;
    let sql =
        "INSERT INTO commands (key, fingerprint, reservation, payment, at) VALUES (?1, ?1, ?1, NULL, 1)";
    connection.prepare_cached(sql)?.execute([reservation])?;
    Ok(())
}
