//! One statement for 256 orders before the provider is asked, and one after it, on two connections. Before each, the rows
//! are read that a batch decides on, as they are on SQLite.

use std::error::Error;
use std::time::Duration;

use futures::future::try_join_all;
use sqlx::postgres::{PgConnection, PgPool};
use tiketi_core::PaymentGateway;
use tiketi_postgres_harness::Database;
use uuid::Uuid;

use super::{BATCH, take};
use crate::confirm::Order;
use crate::figures::{Timings, now};

const CONNECTIONS: usize = 2;

const COMMANDS: &str = "SELECT * FROM tiketi.commands WHERE event = $1 AND key = ANY($2)";
const PAYMENTS: &str = "SELECT * FROM tiketi.payments WHERE event = $1 AND id = ANY($2)";
const RESERVATIONS: &str = "SELECT * FROM tiketi.reservations WHERE event = $1 AND id = ANY($2)";
const BEGIN: &str = "WITH paying AS (UPDATE tiketi.payments SET state = 'confirming', state_at = 1, \
        reconciliation = '{\"since\":1,\"tries\":0}', reconcile_at = 4000000000000000, awaited_since = 1, \
        version = version + 1 WHERE event = $1 AND id = ANY($2) RETURNING 1), \
    reserved AS (UPDATE tiketi.reservations SET state = 'paying', state_at = 4000000000000000, version = version + 1 \
        WHERE event = $1 AND id = ANY($3) RETURNING 1), \
    seats AS (UPDATE tiketi.seats SET until = 4000000000000000, version = version + 1, map_version = map_version + 1 \
        WHERE event = $1 AND id = ANY($4) RETURNING 1), \
    remembered AS (INSERT INTO tiketi.commands (event, key, fingerprint, reservation, payment, at) \
        SELECT $1, n.key, n.key, n.reservation, n.payment, 1 \
        FROM unnest($5::uuid[], $3::uuid[], $2::uuid[]) AS n (key, reservation, payment) RETURNING 1) \
    UPDATE tiketi.events SET revision = revision + 1, map_version = map_version + 256 WHERE id = $1 \
        AND (SELECT count(*) FROM paying) + (SELECT count(*) FROM reserved) + (SELECT count(*) FROM seats) \
            + (SELECT count(*) FROM remembered) > 0";
const FINISH: &str = "WITH paid AS (UPDATE tiketi.payments SET state = 'paid', state_at = 1, captured = amount, \
        captured_at = 1, taken_in = currency, reconciliation = NULL, reconcile_at = NULL, awaited_since = NULL, \
        provider_key = n.provider_key, version = version + 1 \
        FROM unnest($2::uuid[], $6::text[]) AS n (payment, provider_key) \
        WHERE event = $1 AND id = ANY($2) AND id = n.payment RETURNING 1), \
    confirmed AS (UPDATE tiketi.reservations SET state = 'confirmed', state_at = 1, confirmed_at = 1, \
        cancellation = '{}', version = version + 1 WHERE event = $1 AND id = ANY($3) RETURNING 1), \
    seats AS (UPDATE tiketi.seats SET state = 'sold', until = NULL, version = version + 1, \
        map_version = map_version + 1 WHERE event = $1 AND id = ANY($4) RETURNING 1), \
    remembered AS (INSERT INTO tiketi.commands (event, key, fingerprint, reservation, payment, at) \
        SELECT $1, n.key, n.key, n.reservation, n.payment, 1 \
        FROM unnest($5::uuid[], $3::uuid[], $2::uuid[]) AS n (key, reservation, payment) RETURNING 1), \
    stock AS (UPDATE tiketi.ticket_types SET held = held - (SELECT count(*) FROM seats), \
            sold = sold + (SELECT count(*) FROM seats) \
        WHERE event = $1 AND (SELECT count(*) FROM paid) + (SELECT count(*) FROM confirmed) \
            + (SELECT count(*) FROM remembered) > 0 RETURNING 1) \
    UPDATE tiketi.events SET revision = revision + 1, map_version = map_version + 256 \
    WHERE id = $1 AND (SELECT count(*) FROM stock) > 0";

/// Confirms orders, each connection every other batch.
pub(super) async fn confirm(
    database: &Database,
    gateway: &dyn PaymentGateway,
    orders: &[Order],
    time: Duration,
) -> Result<Timings, Box<dyn Error>> {
    let pool = database.pool(u32::try_from(CONNECTIONS)?).await;
    let batches: Vec<&[Order]> = orders.chunks(BATCH).collect();
    let started = now();
    let writers = (0..CONNECTIONS).map(|writer| {
        let mine: Vec<&[Order]> = batches.iter().copied().skip(writer).step_by(CONNECTIONS).collect();
        let pool = pool.clone();
        async move {
            let mut timings = Timings::default();
            for orders in mine {
                if started.elapsed() >= time {
                    break;
                }
                let before = now();
                confirm_all(&pool, gateway, orders).await?;
                for _ in orders {
                    timings.record(before.elapsed());
                }
            }
            Ok::<_, Box<dyn Error>>(timings)
        }
    });
    let mut timings = Timings::default();
    for one in try_join_all(writers).await? {
        timings.absorb(one);
    }
    timings.finish(started.elapsed());
    Ok(timings)
}

async fn confirm_all(
    pool: &PgPool,
    gateway: &dyn PaymentGateway,
    orders: &[Order],
) -> Result<(), Box<dyn Error>> {
    let mut connection = pool.acquire().await?;
    write(&mut connection, BEGIN, orders, None).await?;
    let keys = take(gateway, orders).await?;
    write(&mut connection, FINISH, orders, Some(keys)).await?;
    Ok(())
}

async fn write(
    connection: &mut PgConnection,
    sql: &'static str,
    orders: &[Order],
    keys: Option<Vec<String>>,
) -> Result<(), sqlx::Error> {
    let Some(event) = orders.first().map(|order| order.payment.event.as_uuid()) else { return Ok(()) };
    let column = |read: fn(&Order) -> Uuid| -> Vec<Uuid> { orders.iter().map(read).collect() };
    let (payments, reservations) =
        (column(|order| order.payment.id.as_uuid()), column(|order| order.payment.reservation.as_uuid()));
    let first = u128::from(keys.is_some());
    // Keys of one time are neighbours in the index, as those of the store are.
    let commands: Vec<Uuid> =
        payments.iter().map(|payment| Uuid::from_u128(payment.as_u128() ^ (1 + first))).collect();
    read(connection, COMMANDS, event, &commands).await?;
    if keys.is_none() {
        read(connection, PAYMENTS, event, &payments).await?;
        read(connection, RESERVATIONS, event, &reservations).await?;
    }
    let seats = column(|order| order.seat.as_uuid());
    let statement = sqlx::query(sql).bind(event).bind(payments).bind(reservations).bind(seats).bind(commands);
    match keys {
        Some(keys) => statement.bind(keys).execute(connection).await?,
        None => statement.execute(connection).await?,
    };
    Ok(())
}

async fn read(
    connection: &mut PgConnection,
    sql: &'static str,
    event: Uuid,
    ids: &[Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query(sql).bind(event).bind(ids).fetch_all(connection).await.map(drop)
}
