//! A transaction for 256 orders before the provider is asked, and one after it, on one connection.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Params, TransactionBehavior, params};
use tiketi_core::PaymentGateway;
use uuid::Uuid;

use super::{BATCH, FAR, take};
use crate::confirm::Order;
use crate::figures::{Timings, now};

const READ: [&str; 3] = [
    "SELECT * FROM payments WHERE id = ?1",
    "SELECT * FROM reservations WHERE id = ?1",
    "SELECT 1 FROM commands WHERE key = ?1",
];
const CONFIRMING: &str = "UPDATE payments SET state = 'confirming', state_at = 1, \
    reconciliation = '{\"since\":1,\"tries\":0}', reconcile_at = ?2, awaited_since = 1, version = version + 1 WHERE id = ?1";
const PAYING: &str =
    "UPDATE reservations SET state = 'paying', state_at = ?2, version = version + 1 WHERE id = ?1";
const KEPT: &str = "UPDATE seats SET until = ?3, version = version + 1, map_version = map_version + 1 \
    WHERE event = ?1 AND id = ?2";
const PAID: &str = "UPDATE payments SET state = 'paid', state_at = 1, captured = amount, captured_at = 1, \
    taken_in = currency, reconciliation = NULL, reconcile_at = NULL, awaited_since = NULL, provider_key = ?2, \
    version = version + 1 WHERE id = ?1";
const CONFIRMED: &str = "UPDATE reservations SET state = 'confirmed', state_at = 1, confirmed_at = 1, \
    cancellation = '{}', version = version + 1 WHERE id = ?1";
const SOLD: &str = "UPDATE seats SET state = 'sold', until = NULL, version = version + 1, \
    map_version = map_version + 1 WHERE event = ?1 AND id = ?2";
const REMEMBER: &str =
    "INSERT INTO commands (key, fingerprint, reservation, payment, at) VALUES (?1, ?1, ?2, ?3, 1)";
const STOCK: &str = "UPDATE ticket_types SET held = held - ?2, sold = sold + ?2 WHERE event = ?1";
const MAP_VERSION: &str = "UPDATE events SET map_version = map_version + ?2 WHERE id = ?1";

/// Confirms orders, batch by batch; the store itself is idle.
pub(super) async fn confirm(
    file: &Path,
    gateway: &dyn PaymentGateway,
    orders: &[Order],
    time: Duration,
) -> Result<Timings, Box<dyn Error>> {
    let mut connection = Connection::open(file)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    let mut timings = Timings::default();
    let started = now();
    for orders in orders.chunks(BATCH) {
        if started.elapsed() >= time {
            break;
        }
        let before = now();
        begin(&mut connection, orders)?;
        let keys = take(gateway, orders).await?;
        finish(&mut connection, orders, &keys)?;
        for _ in orders {
            timings.record(before.elapsed());
        }
    }
    timings.finish(started.elapsed());
    Ok(timings)
}

fn begin(connection: &mut Connection, orders: &[Order]) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for order in orders {
        let Ids { event, payment, reservation, seat } = Ids::of(order);
        let key = Uuid::from_u128(payment.as_u128() ^ 1);
        for (sql, id) in READ.into_iter().zip([payment, reservation, key]) {
            transaction.prepare_cached(sql)?.exists([id])?;
        }
        run(&transaction, CONFIRMING, (payment, FAR))?;
        run(&transaction, PAYING, (reservation, FAR))?;
        run(&transaction, KEPT, (event, seat, FAR))?;
        run(&transaction, REMEMBER, params![key, reservation, payment])?;
    }
    end(&transaction, orders, None)?;
    transaction.commit()
}

fn finish(connection: &mut Connection, orders: &[Order], keys: &[String]) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (order, provider_key) in orders.iter().zip(keys) {
        let Ids { event, payment, reservation, seat } = Ids::of(order);
        let key = Uuid::from_u128(payment.as_u128() ^ 2);
        transaction.prepare_cached("SELECT 1 FROM commands WHERE key = ?1")?.exists([key])?;
        run(&transaction, PAID, (payment, provider_key))?;
        run(&transaction, CONFIRMED, [reservation])?;
        run(&transaction, SOLD, (event, seat))?;
        run(&transaction, REMEMBER, params![key, reservation, payment])?;
    }
    end(&transaction, orders, Some(STOCK))?;
    transaction.commit()
}

/// Writes what all orders share.
fn end(connection: &Connection, orders: &[Order], stock: Option<&str>) -> Result<(), rusqlite::Error> {
    let Some(event) = orders.first().map(|order| Ids::of(order).event) else { return Ok(()) };
    let count = i64::try_from(orders.len()).unwrap_or(i64::MAX);
    for sql in stock.into_iter().chain([MAP_VERSION]) {
        run(connection, sql, (event, count))?;
    }
    Ok(())
}

fn run(connection: &Connection, sql: &str, values: impl Params) -> Result<(), rusqlite::Error> {
    connection.prepare_cached(sql)?.execute(values).map(drop)
}

struct Ids {
    event: Uuid,
    payment: Uuid,
    reservation: Uuid,
    seat: Uuid,
}

impl Ids {
    fn of(Order { payment, seat, .. }: &Order) -> Self {
        Self {
            event: payment.event.as_uuid(),
            payment: payment.id.as_uuid(),
            reservation: payment.reservation.as_uuid(),
            seat: seat.as_uuid(),
        }
    }
}
