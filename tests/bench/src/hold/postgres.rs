//! `hold --store postgres`: compared with one transaction for each hold, statement by statement, as most
//! applications write it, and with the same rows written by one statement for 256 holds. A third figure leaves out
//! the rows that two connections share, and so shows the cost of the event's own row.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnection, PgPool};
use tiketi_core::SeatId;
use tiketi_postgres::MAX_BATCH;
use tiketi_postgres_harness::Database;
use uuid::Uuid;

use crate::figures::{Timings, now};
use crate::hall::Hall;
use crate::hold::durable::Rivals;
use crate::load::{self, More};
use crate::shop::Shop;

/// Postgres without Tiketi.
pub(crate) struct Postgres;

/// Connections that hold one seat at a time.
const PLAIN_CONNECTIONS: u32 = 32;
/// Connections of the limit, which knows every seat and buyer in advance.
const LIMIT_CONNECTIONS: usize = 2;

const LOCK_SEAT: &str = "SELECT state, label FROM tiketi.seats WHERE event = $1 AND id = $2 FOR UPDATE";
const HOLD_SEAT: &str = "UPDATE tiketi.seats SET state = 'held', owner = $3, until = 4000000000000000, \
    version = version + 1, map_version = $4 WHERE event = $1 AND id = $2";
const RESERVE: &str = "INSERT INTO tiketi.reservations (event, id, buyer, serial, date, total, state_at, created_at, \
    held_since, hold_used, hold_used_at, version, window_granted, currency, state, seats, items) \
    VALUES ($1, $2, $3, $4, 20260105, 110000, 4000000000000000, 1, 1, 0, 1, 1, false, 'KRW', 'held', $5, '[]')";
const REMEMBER: &str = "INSERT INTO tiketi.commands (event, key, fingerprint, reservation, at) \
    VALUES ($1, $2, $2, $2, 1)";
/// Writes all rows of many holds except the event's and its stock's.
macro_rules! hold_many {
    () => {
        "WITH hold AS MATERIALIZED (SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::text[]) \
            AS n (seat, id, buyer, serial, seats)), \
        seats AS (UPDATE tiketi.seats SET state = 'held', owner = hold.id, until = 4000000000000000, \
            version = version + 1, map_version = hold.serial FROM hold \
            WHERE event = $1 AND seats.id = ANY($2) AND seats.id = hold.seat RETURNING 1), \
        reserved AS (INSERT INTO tiketi.reservations (event, id, buyer, serial, date, total, state_at, created_at, \
            held_since, hold_used, hold_used_at, version, window_granted, currency, state, seats, items) \
            SELECT $1, id, buyer, serial, 20260105, 110000, 4000000000000000, 1, 1, 0, 1, 1, false, 'KRW', 'held', seats, '[]' \
            FROM hold RETURNING 1), \
        remembered AS (INSERT INTO tiketi.commands (event, key, fingerprint, reservation, at) \
            SELECT $1, id, id, id, 1 FROM hold RETURNING 1)"
    };
}
const HOLD_MANY_APART: &str = concat!(hold_many!(), " SELECT count(*) FROM seats");
/// Writes the event and its stock last, so that two connections wait for each other only there.
const HOLD_MANY: &str = concat!(
    hold_many!(),
    ", stock AS (UPDATE tiketi.ticket_types SET held = held + (SELECT count(*) FROM seats) \
        WHERE event = $1 AND (SELECT count(*) FROM reserved) + (SELECT count(*) FROM remembered) \
            > 0 RETURNING 1) \
    UPDATE tiketi.events SET revision = revision + 1, map_version = map_version + 256 \
    WHERE id = $1 AND (SELECT count(*) FROM stock) > 0"
);

impl Rivals for Postgres {
    const PLAIN_ALONE: &'static str = "one transaction a hold, 1 connection";
    const PLAIN: &'static str = "one transaction a hold, 32 connections";
    const LIMIT: &'static str = "256 holds a statement, 2 connections";
    const APART: &'static str = "the same without event and stock";

    async fn plain(
        shop: &Shop,
        hall: &Hall,
        callers: u32,
        time: Duration,
    ) -> Result<Timings, Box<dyn Error>> {
        let pool = database(shop)?.pool(PLAIN_CONNECTIONS).await;
        let (event, seats) = (hall.event.as_uuid(), Arc::new(ids(hall)));
        load::run(callers, time, move |turn| {
            let (pool, seats) = (pool.clone(), Arc::clone(&seats));
            async move {
                let Some(seat) = seats.get(turn) else { return Ok(More::No) };
                hold_one(&pool, event, *seat, turn).await.map_err(|error| error.to_string())?;
                Ok(More::Yes)
            }
        })
        .await
    }

    async fn limit(shop: &Shop, hall: &Hall, time: Duration) -> Result<Timings, Box<dyn Error>> {
        hold_all(HOLD_MANY, shop, hall, time).await
    }

    async fn apart(shop: &Shop, hall: &Hall, time: Duration) -> Result<Option<Timings>, Box<dyn Error>> {
        hold_all(HOLD_MANY_APART, shop, hall, time).await.map(Some)
    }
}

/// Holds seats on two connections, with one statement for each batch.
async fn hold_all(
    sql: &'static str,
    shop: &Shop,
    hall: &Hall,
    time: Duration,
) -> Result<Timings, Box<dyn Error>> {
    let pool = database(shop)?.pool(u32::try_from(LIMIT_CONNECTIONS)?).await;
    let batches = hall.seats.chunks(MAX_BATCH).map(<[SeatId]>::to_vec).collect::<Vec<_>>();
    let (event, batches) = (hall.event.as_uuid(), Arc::new(batches));
    let started = now();
    let writers = (0..LIMIT_CONNECTIONS).map(|writer| {
        let (pool, batches) = (pool.clone(), Arc::clone(&batches));
        tokio::spawn(async move {
            let mut connection = pool.acquire().await?;
            let mut timings = Timings::default();
            for (number, seats) in batches.iter().enumerate().skip(writer).step_by(LIMIT_CONNECTIONS) {
                if started.elapsed() >= time {
                    break;
                }
                let before = now();
                hold_many(sql, &mut connection, event, seats, number).await?;
                for _ in seats {
                    timings.record(before.elapsed());
                }
            }
            Ok::<_, sqlx::Error>(timings)
        })
    });
    let mut timings = Timings::default();
    for writer in writers.collect::<Vec<_>>() {
        timings.absorb(writer.await??);
    }
    timings.finish(started.elapsed());
    Ok(timings)
}

fn database(shop: &Shop) -> Result<&Database, Box<dyn Error>> {
    shop.database().ok_or_else(|| "the shop is not in a database".into())
}

fn ids(hall: &Hall) -> Vec<Uuid> {
    hall.seats.iter().map(|seat| seat.as_uuid()).collect()
}

/// Returns a reservation's id, its buyer and its serial number.
fn buyer_of(turn: usize) -> (Uuid, Uuid, i64) {
    let unique = turn as u128 + 1;
    let serial = i64::try_from(turn + 1).unwrap_or(i64::MAX);
    (Uuid::from_u128(unique << 64), Uuid::from_u128(unique), serial)
}

fn line(event: Uuid, seat: Uuid, label: &str) -> String {
    format!("[[\"{seat}\",\"{event}\",\"{label}\",110000]]")
}

async fn hold_one(pool: &PgPool, event: Uuid, seat: Uuid, turn: usize) -> Result<(), sqlx::Error> {
    let (reservation, buyer, serial) = buyer_of(turn);
    let mut transaction = pool.begin().await?;
    let row = sqlx::query(LOCK_SEAT).bind(event).bind(seat).fetch_one(&mut *transaction).await?;
    let label: String = sqlx::Row::try_get(&row, "label")?;
    let hold = sqlx::query(HOLD_SEAT).bind(event).bind(seat).bind(reservation).bind(serial);
    hold.execute(&mut *transaction).await?;
    let reserve = sqlx::query(RESERVE).bind(event).bind(reservation).bind(buyer).bind(serial);
    reserve.bind(line(event, seat, &label)).execute(&mut *transaction).await?;
    sqlx::query(REMEMBER).bind(event).bind(reservation).execute(&mut *transaction).await?;
    transaction.commit().await
}

async fn hold_many(
    sql: &'static str,
    connection: &mut PgConnection,
    event: Uuid,
    seats: &[SeatId],
    number: usize,
) -> Result<(), sqlx::Error> {
    let turns = || (number * MAX_BATCH..).take(seats.len());
    let column =
        |read: fn((Uuid, Uuid, i64)) -> Uuid| -> Vec<Uuid> { turns().map(buyer_of).map(read).collect() };
    let serials: Vec<i64> = turns().map(|turn| buyer_of(turn).2).collect();
    let ids: Vec<Uuid> = seats.iter().map(|seat| seat.as_uuid()).collect();
    let lines: Vec<String> = ids.iter().map(|seat| line(event, *seat, "R 12 34")).collect();
    let hold = sqlx::query(sql).bind(event).bind(ids).bind(column(|it| it.0)).bind(column(|it| it.1));
    hold.bind(serials).bind(lines).execute(connection).await?;
    Ok(())
}
