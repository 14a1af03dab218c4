//! `audit`: the time and the memory of an audit of an event with few reservations and of one with many, beside its sale.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use clap::Args;
use serde_json::json;
use sqlx::PgPool;
use tiketi_core::store::{AuditReport, AuditStore};
use tiketi_core::{BoxOffice, HoldRequest};
use tiketi_postgres::PostgresStore;
use tiketi_sqlite::SqliteReader;

use crate::figures::{Timings, now, ratio};
use crate::hall::{Hall, buyer};
use crate::past::{self, Others, Words};
use crate::shop::{Guard, Shop, Store};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The store.
    #[arg(long, default_value = "sqlite")]
    store: Store,
    /// Reservations of the small event.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    few: u32,
    /// Reservations of the large event.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    many: u32,
    /// Holds before the audit, and most holds beside it.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(100..=100_000))]
    holds: u32,
}

/// The audit of a store, in a process of its own.
#[derive(Debug, Args)]
pub(crate) struct Audited {
    /// The file of SQLite, or the address of the database.
    at: String,
}

impl Audited {
    /// Audits the store.
    pub(crate) fn run(&self) -> Result<(), Box<dyn Error>> {
        crate::runtime()?.block_on(async {
            let store: Box<dyn AuditStore> = if self.at.starts_with("postgres") {
                Box::new(PostgresStore::new(PgPool::connect(&self.at).await?))
            } else {
                Box::new(SqliteReader::open(&self.at)?)
            };
            let report = AuditReport::of(&*store).await?;
            if report.violated > 0 {
                return Err(format!("the audit found violations: {:?}", report.violations.first()).into());
            }
            Ok(())
        })
    }
}

/// One audit, and the holds before and beside it.
struct Measured {
    reservations: u32,
    ms: f64,
    peak_kib: f64,
    before: Latency,
    beside: Latency,
}

/// Milliseconds of holds.
struct Latency {
    p50: f64,
    p99: f64,
}

impl Latency {
    fn of(mut timings: Timings) -> Self {
        Self { p50: timings.percentile_ms(0.5), p99: timings.percentile_ms(0.99) }
    }

    fn json(&self) -> serde_json::Value {
        json!({ "p50": self.p50, "p99": self.p99 })
    }
}

/// Measures the chosen store.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let runtime = crate::runtime()?;
    let mut audits = Vec::new();
    for reservations in [options.few, options.many] {
        let audit = runtime.block_on(measure(options, reservations))?;
        println!(
            "{reservations:>9} reservations {:>10.0} ms, at most {:>7.1} MiB; holds: {:.3} ms at the median and {:.3} ms at p99, beside the audit {:.3} and {:.3}",
            audit.ms,
            audit.peak_kib / 1_024.0,
            audit.before.p50,
            audit.before.p99,
            audit.beside.p50,
            audit.beside.p99,
        );
        audits.push(audit);
    }
    let peak = |at: usize| audits.get(at).map_or(0.0, |audit: &Measured| audit.peak_kib);
    let rows: Vec<_> = audits.iter().map(Measured::json).collect();
    let memory_ratio = ratio(peak(1), peak(0));
    println!(
        "{}",
        json!({ "bench": "audit", "store": options.store.name(), "memory_ratio": memory_ratio, "audits": rows })
    );
    Ok(())
}

impl Measured {
    fn json(&self) -> serde_json::Value {
        json!({
            "reservations": self.reservations, "ms": self.ms, "peak_kib": self.peak_kib,
            "hold_ms": self.before.json(), "hold_beside_ms": self.beside.json(),
        })
    }
}

async fn measure(options: &Options, reservations: u32) -> Result<Measured, Box<dyn Error>> {
    let shop = Shop::open(options.store).await?;
    let hall = Hall::open(&shop.box_office, 2 * options.holds + 1).await?;
    let seat = *hall.seats.first().ok_or("the hall has no seats")?;
    shop.box_office.sales().hold(HoldRequest::new(hall.event, buyer(0)).seats([seat])).await?;
    past::copy_rows(&shop, "reservations", reservations, expired).await?;
    let mut turns = 1..hall.seats.len();
    let mut before = Timings::default();
    for turn in turns.by_ref().take(options.holds as usize) {
        hold(&shop.box_office, &hall, turn, &mut before).await?;
    }
    let (began, mut audit) = (now(), start(&shop)?);
    let status = Path::new("/proc").join(audit.id().to_string()).join("status");
    let (mut peak_kib, mut beside) = (0.0_f64, Timings::default());
    let ended = loop {
        peak_kib = peak_kib.max(peak(&status).unwrap_or_default());
        if let Some(ended) = audit.try_wait()? {
            break ended;
        }
        match turns.next() {
            Some(turn) => hold(&shop.box_office, &hall, turn, &mut beside).await?,
            None => tokio::time::sleep(std::time::Duration::from_millis(2)).await,
        }
    };
    if !ended.success() {
        return Err("the audit failed".into());
    }
    let ms = began.elapsed().as_secs_f64() * 1_000.0;
    let (before, beside) = (Latency::of(before), Latency::of(beside));
    Ok(Measured { reservations, ms, peak_kib, before, beside })
}

/// Reservations that expired long ago, each of another buyer.
fn expired(words: &Words) -> Others {
    vec![
        ("id", (words.id_of)("n + 1000000000")),
        ("buyer", (words.id_of)("n + 2000000000")),
        ("serial", "n + 1000000000".into()),
        ("state", "'expired'".into()),
        ("state_at", "1090000000000000 + n".into()),
        ("created_at", "1080000000000000 + n".into()),
    ]
}

async fn hold(
    office: &BoxOffice,
    hall: &Hall,
    turn: usize,
    timings: &mut Timings,
) -> Result<(), Box<dyn Error>> {
    let before = now();
    hall.hold(office, turn).await?;
    timings.record(before.elapsed());
    Ok(())
}

/// Starts the audit of a shop's store.
fn start(shop: &Shop) -> Result<Child, Box<dyn Error>> {
    let at = match (&shop.guard, shop.database()) {
        (_, Some(database)) => database.url(),
        (Guard::Folder(folder), None) => folder.path().join("bench.db").display().to_string(),
        _ => return Err("a shop in memory has no audit of its own process".into()),
    };
    let program = env::current_exe()?;
    Ok(Command::new(program).args(["audit-of", &at]).stdout(Stdio::null()).spawn()?)
}

/// Returns the most memory that a process had, in KiB.
fn peak(status: &Path) -> Option<f64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
