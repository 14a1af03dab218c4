//! `history`: what an idle second costs in a shop with a long past.

use std::error::Error;
use std::path::Path;

use clap::Args;
use rusqlite::Connection;
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};
use tiketi_core::{BoxOffice, HoldRequest};

use crate::figures::{Timings, now};
use crate::hall::{Hall, buyer};
use crate::shop::{Guard, Shop, Store};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The store.
    #[arg(long, default_value = "sqlite")]
    store: Store,
    /// Events that are over; one of a hundred was cancelled.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    events: u32,
    /// Reservations of those events.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    reservations: u32,
    /// How often each job runs.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    runs: u32,
}

/// The jobs of each second.
const JOBS: [&str; 7] = [
    "end holds",
    "announce statuses",
    "refund cancelled events",
    "reconcile payments",
    "call buyers",
    "deliver facts",
    "webhooks",
];
/// Rows of one transaction.
const SLICE: u32 = 100_000;

/// Measures the chosen store.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    crate::runtime()?.block_on(measure(options))
}

async fn measure(options: &Options) -> Result<(), Box<dyn Error>> {
    let shop = Shop::open_with_saved_facts(options.store).await?;
    let hall = Hall::open(&shop.box_office, 100).await?;
    let seat = hall.seats.first().copied().ok_or("the hall has no seats")?;
    shop.box_office.sales().hold(HoldRequest::new(hall.event, buyer(0)).seats([seat])).await?;
    match (&shop.guard, shop.database()) {
        (_, Some(database)) => in_postgres(&database.pool(1).await, options).await?,
        (Guard::Folder(folder), None) => in_sqlite(&folder.path().join("bench.db"), options)?,
        _ => return Err("a shop in memory has no past".into()),
    }
    let office = &shop.box_office;
    let mut sum = 0.0;
    let mut jobs = Vec::new();
    for job in JOBS {
        let took = median(office, job, options.runs).await?;
        println!("{job:<28} {took:>8.3} ms");
        sum += took;
        jobs.push(json!({ "job": job, "ms": took }));
    }
    println!("{:<28} {sum:>8.3} ms", "an idle second");
    println!(
        "{}",
        json!({
            "bench": "history", "store": options.store.name(), "events": options.events,
            "reservations": options.reservations, "idle_second_ms": sum, "jobs": jobs,
        })
    );
    Ok(())
}

async fn median(office: &BoxOffice, job: &str, runs: u32) -> Result<f64, Box<dyn Error>> {
    let (jobs, mut timings) = (office.jobs(), Timings::default());
    for _ in 0..runs {
        let before = now();
        match job {
            "end holds" => drop(jobs.expire_once().await?),
            "announce statuses" => drop(jobs.announce_statuses_once().await?),
            "refund cancelled events" => drop(jobs.call_off_once(256).await?),
            "reconcile payments" => drop(jobs.reconcile_once(16).await?),
            "call buyers" => drop(jobs.admit_once().await?),
            "deliver facts" => drop(jobs.relay_once().await?),
            _ => drop(jobs.work_inbox_once().await?),
        }
        timings.record(before.elapsed());
    }
    Ok(timings.percentile_ms(0.5))
}

/// How the two databases write what is made for row `n`.
struct Words {
    schema: &'static str,
    /// An id that depends on a number only.
    id_of: fn(&str) -> String,
    /// Rows numbered from `$1` to `$2`.
    numbers: &'static str,
}

const POSTGRES: Words = Words {
    schema: "tiketi.",
    id_of: |number| format!("lpad(to_hex({number}), 32, '0')::uuid"),
    numbers: "generate_series($1::bigint, $2::bigint) AS numbers (n)",
};
const SQLITE: Words = Words {
    schema: "",
    id_of: |number| format!("unhex(printf('%032x', {number}))"),
    numbers: "(WITH RECURSIVE counted (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM counted WHERE n < ?2) SELECT n FROM counted) AS numbers",
};

impl Words {
    /// Copies the only row of a table for each number, with other values in some columns.
    fn copies(&self, table: &str, columns: &[String], others: &[(&str, String)]) -> String {
        let value = |column: &String| {
            let other = others.iter().find(|(name, _)| name == column);
            other.map_or_else(|| format!("first.{column}"), |(_, value)| value.clone())
        };
        let values: Vec<String> = columns.iter().map(value).collect();
        let (schema, names, values) = (self.schema, columns.join(", "), values.join(", "));
        format!(
            "INSERT INTO {schema}{table} ({names}) SELECT {values} \
             FROM (SELECT * FROM {schema}{table} ORDER BY id DESC LIMIT 1) AS first CROSS JOIN {}",
            self.numbers
        )
    }

    /// Events that ended long ago.
    fn events(&self, columns: &[String]) -> String {
        let cancelled = |yes: &str, no: &str| format!("CASE WHEN n % 100 = 0 THEN {yes} ELSE {no} END");
        self.copies(
            "events",
            columns,
            &[
                ("id", (self.id_of)("n")),
                ("opens_at", "1000000000000000 + n".into()),
                ("closes_at", "1100000000000000 + n".into()),
                ("starts_at", "1200000000000000 + n".into()),
                ("state", cancelled("'cancelled'", "'published'")),
                ("state_at", cancelled("1050000000000000", "NULL")),
                ("announced", cancelled("'cancelled'", "'ended'")),
                ("listing", cancelled("'cancelled'", "'ended'")),
            ],
        )
    }

    /// Reservations that are over: sold, expired, or cancelled.
    fn reservations(&self, columns: &[String], events: u32) -> String {
        let of_event = format!("n % {events} + 1");
        let state = format!(
            "CASE WHEN ({of_event}) % 100 = 0 THEN 'cancelled' WHEN n % 10 < 7 THEN 'confirmed' ELSE 'expired' END"
        );
        let reason = format!("CASE WHEN ({of_event}) % 100 = 0 THEN 'refunded' END");
        self.copies(
            "reservations",
            columns,
            &[
                ("id", (self.id_of)("n + 1000000000")),
                ("event", (self.id_of)(&of_event)),
                ("buyer", (self.id_of)("n / 3 + 2000000000")),
                ("serial", "n + 1000000".into()),
                ("state", state),
                ("cancel_reason", reason),
                ("state_at", "1090000000000000 + n".into()),
                ("created_at", "1080000000000000 + n".into()),
                ("payment", "NULL".into()),
            ],
        )
    }
}

/// The first and last number of each slice.
fn slices(rows: u32) -> impl Iterator<Item = (i64, i64)> {
    (1..=rows)
        .step_by(SLICE as usize)
        .map(move |first| (i64::from(first), i64::from(rows.min(first + SLICE - 1))))
}

async fn in_postgres(pool: &PgPool, options: &Options) -> Result<(), Box<dyn Error>> {
    for (table, rows) in [("events", options.events), ("reservations", options.reservations)] {
        let columns: Vec<String> = sqlx::query_scalar(
            "SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'tiketi' AND table_name = $1",
        )
        .bind(table)
        .fetch_all(pool)
        .await?;
        let sql = statement(&POSTGRES, table, &columns, options.events);
        for (first, last) in slices(rows) {
            sqlx::query(AssertSqlSafe(sql.clone())).bind(first).bind(last).execute(pool).await?;
        }
    }
    sqlx::query("ANALYZE").execute(pool).await?;
    Ok(())
}

fn in_sqlite(path: &Path, options: &Options) -> Result<(), Box<dyn Error>> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    for (table, rows) in [("events", options.events), ("reservations", options.reservations)] {
        let mut columns = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
        let columns = columns.query_map([table], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
        let sql = statement(&SQLITE, table, &columns, options.events);
        for slice in slices(rows) {
            connection.execute(&sql, slice)?;
        }
    }
    Ok(())
}

fn statement(words: &Words, table: &str, columns: &[String], events: u32) -> String {
    match table {
        "events" => words.events(columns),
        _ => words.reservations(columns, events),
    }
}
