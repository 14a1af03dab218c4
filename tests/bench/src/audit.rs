//! `audit`: the time and the memory of an audit of an event with few seats and of one with many.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::figures::{now, ratio};
use crate::hall::Hall;
use crate::shop::{Guard, Shop, Store};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The server's binary, whose `audit` is measured; `cargo build --release` makes it.
    #[arg(long, default_value = "target/release/tiketi-server")]
    server: PathBuf,
    /// Seats of the small event.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    few: u32,
    /// Seats of the large event.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    many: u32,
}

/// Of so many seats, one is held.
const SEATS_A_HOLD: usize = 50;
/// How often the memory of the audit is read.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// One audit.
struct Audited {
    ms: f64,
    peak_kib: f64,
}

/// Measures the audit of a file, which is a process of its own.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let mut audits = Vec::new();
    for seats in [options.few, options.many] {
        let audited = audited(options, seats)?;
        println!("{seats:>9} seats {:>10.0} ms, at most {:>7.1} MiB", audited.ms, audited.peak_kib / 1_024.0);
        audits.push((seats, audited));
    }
    let peak = |at: usize| audits.get(at).map_or(0.0, |(_, audited)| audited.peak_kib);
    let rows: Vec<_> = audits
        .iter()
        .map(|(seats, it)| json!({ "seats": seats, "ms": it.ms, "peak_kib": it.peak_kib }))
        .collect();
    let memory_ratio = ratio(peak(1), peak(0));
    println!(
        "{}",
        json!({ "bench": "audit", "store": "sqlite", "memory_ratio": memory_ratio, "audits": rows })
    );
    Ok(())
}

fn audited(options: &Options, seats: u32) -> Result<Audited, Box<dyn Error>> {
    let shop = crate::runtime()?.block_on(filled(seats))?;
    let Guard::Folder(folder) = &shop.guard else { return Err("the store is no file".into()) };
    let store = format!("sqlite:{}", folder.path().join("bench.db").display());
    let began = now();
    let mut audit = Command::new(&options.server)
        .args(["audit", "--store", &store])
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("{} cannot be run: {error}", options.server.display()))?;
    let status = Path::new("/proc").join(audit.id().to_string()).join("status");
    let mut peak_kib = 0.0_f64;
    let ended = loop {
        peak_kib = peak_kib.max(peak(&status).unwrap_or_default());
        if let Some(ended) = audit.try_wait()? {
            break ended;
        }
        thread::sleep(LOOK_EVERY);
    };
    if !ended.success() {
        return Err("the audit found violations".into());
    }
    Ok(Audited { ms: began.elapsed().as_secs_f64() * 1_000.0, peak_kib })
}

/// Makes a shop with one event, of which some seats are held.
async fn filled(seats: u32) -> Result<Shop, Box<dyn Error>> {
    let shop = Shop::open(Store::Sqlite).await?;
    let hall = Hall::open(&shop.box_office, seats).await?;
    for turn in (0..hall.seats.len()).step_by(SEATS_A_HOLD) {
        hall.hold(&shop.box_office, turn).await?;
    }
    Ok(shop)
}

/// Returns the most memory that a process had, in KiB.
fn peak(status: &Path) -> Option<f64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
