//! Durable holds in halls of several sizes, in turns: the cost of a hold must depend little on the size of the
//! hall.

use std::error::Error;
use std::sync::Arc;

use serde_json::json;
use tiketi_core::BoxOffice;

use crate::figures::{Timings, ratio};
use crate::hall::Hall;
use crate::hold::Options;
use crate::load::{self, More, NO_LIMIT};
use crate::way::{Way, print_table};

/// How many times each hall is measured.
const TURNS: usize = 5;

/// In each turn, holds as many seats of each hall as the smallest hall has for one turn.
pub(crate) async fn run(options: &Options, sizes: &[u32]) -> Result<(), Box<dyn Error>> {
    let smallest = sizes.iter().copied().min().unwrap_or_default();
    let holds = usize::try_from(smallest)? / TURNS;
    let mut halls = Vec::new();
    let mut ways = Vec::new();
    for size in sizes {
        let shop = options.open().await?;
        let hall = Arc::new(Hall::open(&shop.box_office, *size).await?);
        halls.push((shop, hall));
        ways.push(Way::new(format!("{size} seats, {} callers", options.callers)));
    }
    for turn in 0..TURNS {
        for ((shop, hall), way) in halls.iter().zip(&mut ways) {
            way.record(hold(&shop.box_office, hall, options.callers, turn * holds, holds).await?);
        }
    }
    print_table(&ways.iter().collect::<Vec<_>>());
    let rates: Vec<f64> = ways.iter().map(Way::rate).collect();
    let fastest = rates.iter().copied().fold(0.0, f64::max);
    let figures = json!({
        "bench": "hold",
        "store": options.store.name(),
        "callers": options.callers,
        "seats": sizes,
        "per_second": rates.iter().map(|rate| rate.round()).collect::<Vec<_>>(),
        "cost_to_cheapest": rates.iter().map(|rate| ratio(fastest, *rate)).collect::<Vec<_>>(),
        "holds_a_turn": holds,
        "turns": TURNS,
    });
    println!("{figures}");
    Ok(())
}

/// Holds this many seats of a hall, each for a different buyer.
async fn hold(
    box_office: &BoxOffice,
    hall: &Arc<Hall>,
    callers: u32,
    first: usize,
    holds: usize,
) -> Result<Timings, Box<dyn Error>> {
    let (box_office, hall) = (box_office.clone(), Arc::clone(hall));
    load::run(callers, NO_LIMIT, move |turn| {
        let (box_office, hall) = (box_office.clone(), Arc::clone(&hall));
        async move {
            if turn >= holds {
                return Ok(More::No);
            }
            Ok(hall.hold(&box_office, first + turn).await?.map_or(More::No, |_| More::Yes))
        }
    })
    .await
}
