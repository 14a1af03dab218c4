//! Durable holds of several events at once, in turns with one event on a store of its own: how little one hot event slows
//! the others down.

use std::error::Error;
use std::time::Duration;

use futures::future::try_join_all;
use serde_json::json;

use crate::figures::{Timings, now, ratio};
use crate::hall::Hall;
use crate::hold::durable::{open, through_box_office};
use crate::hold::{LEAST_TURNS, Options};
use crate::shop::Shop;
use crate::way::{Way, print_table};

/// Measures one event and several, each with the same number of buyers.
pub(crate) async fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let seats = options.sizes(&[50_000]).first().copied().unwrap_or(50_000);
    let turns = usize::try_from(options.seconds / 5)?.max(LEAST_TURNS);
    let each = Duration::from_secs(options.seconds) / u32::try_from(turns * 2)?;
    let mut one = Way::new("one event");
    let mut many = Way::new(format!("{} events", options.events));
    for _ in 0..turns {
        let (shop, hall) = open(options, seats).await?;
        one.record(through_box_office(&shop, hall, options.callers, each).await?);
        let shop = options.open().await?;
        many.record(all(&shop, options, seats, each).await?);
    }
    print_table(&[&one, &many]);
    let figures = json!({
        "bench": "hold",
        "store": options.store.name(),
        "callers": options.callers,
        "seats": seats,
        "events": options.events,
        "one_per_second": one.rate().round(),
        "many_per_second": many.rate().round(),
        "ratio_one": ratio(many.rate(), one.rate()),
        "commit_delay_ms": options.commit_delay_ms,
        "turns": turns,
    });
    println!("{figures}");
    Ok(())
}

/// Holds seats of several events at once.
async fn all(shop: &Shop, options: &Options, seats: u32, time: Duration) -> Result<Timings, Box<dyn Error>> {
    let mut halls = Vec::new();
    for _ in 0..options.events {
        halls.push(Hall::open(&shop.box_office, seats).await?);
    }
    let started = now();
    let sold = halls.into_iter().map(|hall| through_box_office(shop, hall, options.callers, time));
    let mut timings = Timings::default();
    for one in try_join_all(sold).await? {
        timings.absorb(one);
    }
    timings.finish(started.elapsed());
    Ok(timings)
}
