//! `history`: what an idle second costs in a shop with a long past.

use std::error::Error;

use clap::Args;
use serde_json::json;
use tiketi_core::{BoxOffice, HoldRequest};

use crate::figures::{Timings, now};
use crate::hall::{Hall, buyer};
use crate::past::{self, Others, Words};
use crate::shop::{Shop, Store};

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

/// Measures the chosen store.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    crate::runtime()?.block_on(measure(options))
}

async fn measure(options: &Options) -> Result<(), Box<dyn Error>> {
    let shop = Shop::open_with_saved_facts(options.store).await?;
    let hall = Hall::open(&shop.box_office, 100).await?;
    let seat = hall.seats.first().copied().ok_or("the hall has no seats")?;
    shop.box_office.sales().hold(HoldRequest::new(hall.event, buyer(0)).seats([seat])).await?;
    past::copy_rows(&shop, "events", options.events, events).await?;
    let of_past = |words: &Words| reservations(words, options.events);
    past::copy_rows(&shop, "reservations", options.reservations, of_past).await?;
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

/// Events that ended long ago.
fn events(words: &Words) -> Others {
    let cancelled = |yes: &str, no: &str| format!("CASE WHEN n % 100 = 0 THEN {yes} ELSE {no} END");
    vec![
        ("id", (words.id_of)("n")),
        ("opens_at", "1000000000000000 + n".into()),
        ("closes_at", "1100000000000000 + n".into()),
        ("starts_at", "1200000000000000 + n".into()),
        ("state", cancelled("'cancelled'", "'published'")),
        ("state_at", cancelled("1050000000000000", "NULL")),
        ("announced", cancelled("'cancelled'", "'ended'")),
        ("listing", cancelled("'cancelled'", "'ended'")),
    ]
}

/// Reservations that are over: sold, expired, or cancelled.
fn reservations(words: &Words, events: u32) -> Others {
    let of_event = format!("n % {events} + 1");
    let is_cancelled = format!("({of_event}) % 100 = 0");
    vec![
        ("id", (words.id_of)("n + 1000000000")),
        ("event", (words.id_of)(&of_event)),
        ("buyer", (words.id_of)("n / 3 + 2000000000")),
        ("serial", "n + 1000000".into()),
        (
            "state",
            format!(
                "CASE WHEN {is_cancelled} THEN 'cancelled' WHEN n % 10 < 7 THEN 'confirmed' ELSE 'expired' END"
            ),
        ),
        ("cancel_reason", format!("CASE WHEN {is_cancelled} THEN 'refunded' END")),
        ("state_at", "1090000000000000 + n".into()),
        ("created_at", "1080000000000000 + n".into()),
        ("payment", "NULL".into()),
    ]
}
