//! `creation`: how long a hold takes while an event with many seats is created, compared with holds on an idle store.

use std::error::Error;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::figures::{Timings, now, ratio};
use crate::hall::{Hall, new_event};
use crate::shop::{Shop, Store};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The store.
    #[arg(long, default_value = "sqlite")]
    store: Store,
    /// Seats of the event that is created.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    seats: u32,
    /// Seconds of holds on the idle store.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
}

/// Seats of the event that sells meanwhile.
const SELLING: u32 = 200_000;
/// Pause between two holds, as if buyers came one after another.
const PAUSE: Duration = Duration::from_millis(2);

/// Measures the chosen store.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    crate::runtime()?.block_on(measure(options))
}

async fn measure(options: &Options) -> Result<(), Box<dyn Error>> {
    let shop = Shop::open(options.store).await?;
    let hall = Hall::open(&shop.box_office, SELLING).await?;
    let input = new_event(&shop.box_office, options.seats).await?;
    let mut turn = 0;
    let began = now();
    let mut idle = holds(&shop, &hall, &mut turn, || began.elapsed().as_secs() >= options.seconds).await?;
    let box_office = shop.box_office.clone();
    let began = now();
    // On a thread of its own, as the server creates events: to make a million seats takes the processor for long.
    let runtime = tokio::runtime::Handle::current();
    let creation =
        tokio::task::spawn_blocking(move || runtime.block_on(box_office.catalog().create_event(input)));
    let mut meanwhile = holds(&shop, &hall, &mut turn, || creation.is_finished()).await?;
    let created = creation.await??;
    let took = began.elapsed().as_secs_f64();
    let map = shop.box_office.catalog().seat_map(created.event.id, 0).await?.ok_or("the event is gone")?;
    let (alone, longest_alone) = (idle.percentile_ms(0.5), idle.percentile_ms(1.0));
    let (median, longest) = (meanwhile.percentile_ms(0.5), meanwhile.percentile_ms(1.0));
    println!("idle       median {alone:.2} ms, longest {longest_alone:.2} ms");
    println!(
        "creating   median {median:.2} ms, longest {longest:.2} ms; {} seats in {took:.2} s",
        map.seats.len()
    );
    println!(
        "{}",
        json!({
            "bench": "creation", "store": options.store.name(), "seats": map.seats.len(), "seconds": took,
            "idle_ms": alone, "idle_longest_ms": longest_alone, "median_ms": median, "longest_ms": longest,
            "ratio_longest": ratio(longest, longest_alone),
        })
    );
    Ok(())
}

/// Holds one seat after another until `is_over`, and measures each hold.
async fn holds(
    shop: &Shop,
    hall: &Hall,
    turn: &mut usize,
    is_over: impl Fn() -> bool,
) -> Result<Timings, Box<dyn Error>> {
    let mut timings = Timings::default();
    while !is_over() {
        let before = now();
        hall.hold(&shop.box_office, *turn).await?.ok_or("the hall has too few seats")?;
        timings.record(before.elapsed());
        *turn += 1;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(timings)
}
