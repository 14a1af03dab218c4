//! `queue --store memory:`: on one thread, joins compared with holds of the same run, both through `BoxOffice`.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tiketi_core::BoxOffice;
use tiketi_core::memory::MemoryStore;

use crate::figures::{Timings, now, ratio};
use crate::hall::Hall;
use crate::queue::{Line, Options, TURNS};
use crate::way::{Way, print_table};

/// Number of joins, of holds and of statuses in a turn.
const EACH: u32 = 100_000;

pub(super) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(Duration::from_secs(options.seconds)))
}

async fn measure(time: Duration) -> Result<(), Box<dyn Error>> {
    let (mut joins, mut holds) = (Way::new("joins"), Way::new("holds"));
    let mut statuses = Way::new("statuses by the serving number");
    let started = now();
    let mut turns = 0;
    while turns < TURNS || started.elapsed() < time {
        let line = Line::open(None).await?;
        joins.record(each(async |turn| line.join(turn).await).await?);
        statuses.record(each(async |_| line.serving().await).await?);
        let box_office = BoxOffice::builder().store(Arc::new(MemoryStore::default())).build()?;
        let hall = Hall::open(&box_office, EACH).await?;
        holds.record(each(async |turn| hall.hold(&box_office, turn).await.map(drop)).await?);
        turns += 1;
    }
    print_table(&[&joins, &holds, &statuses]);
    let figures = json!({
        "bench": "queue",
        "store": "memory",
        "join_per_second": joins.rate().round(),
        "hold_per_second": holds.rate().round(),
        "status_per_second": statuses.rate().round(),
        "ratio_join": ratio(joins.rate(), holds.rate()),
        "ratio_status": ratio(statuses.rate(), joins.rate()),
        "turns": turns,
    });
    println!("{figures}");
    Ok(())
}

async fn each(work: impl AsyncFn(usize) -> Result<(), String>) -> Result<Timings, Box<dyn Error>> {
    let count = usize::try_from(EACH)?;
    let mut timings = Timings::with_capacity(count);
    let started = now();
    for turn in 0..count {
        let before = now();
        work(turn).await?;
        timings.record(before.elapsed());
    }
    timings.finish(started.elapsed());
    Ok(timings)
}
