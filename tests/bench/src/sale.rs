//! `mixed` and `contention`: a sale in which callers do more than hold free seats.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tiketi_core::decide::HoldRefused;
use tiketi_core::{BoxOffice, CommandError, HoldRequest, PrepareRequest, Reservation};

use crate::figures::Timings;
use crate::hall::{Hall, buyer};
use crate::load::{self, More};
use crate::shop::{Shop, Store};
use crate::way::{Way, print_table};

/// The store, the number of callers and the duration.
#[derive(Debug, Args)]
pub(crate) struct Crowd {
    /// The store.
    #[arg(long, default_value = "memory:")]
    pub(crate) store: Store,
    /// Seats of the hall.
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub(crate) seats: u32,
    /// Concurrent buyers.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) callers: u32,
    /// Approximate duration of the measurement in seconds, shared by all turns.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) seconds: u64,
}

/// What callers do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// They read the map, hold, pay and cancel.
    Mixed,
    /// They ask for the same few seats, and are refused.
    Contention,
}

/// Turns of which the median is reported.
const TURNS: u32 = 3;
/// Seats that all buyers want.
const WANTED: usize = 10;

/// Measures in turns on a new store each.
pub(crate) fn run(kind: Kind, options: &Crowd) -> Result<(), Box<dyn Error>> {
    let name = match kind {
        Kind::Mixed => "mixed",
        Kind::Contention => "contention",
    };
    let runtime = crate::runtime()?;
    let mut way = Way::new(format!("{name}, {} callers", options.callers));
    let time = Duration::from_secs(options.seconds) / TURNS;
    for _ in 0..TURNS {
        way.record(runtime.block_on(take_turn(kind, options, time))?);
    }
    print_table(&[&way]);
    let figures = json!({
        "bench": name,
        "store": options.store.name(),
        "callers": options.callers,
        "seats": options.seats,
        "per_second": way.rate().round(),
        "p50_ms": way.p50_ms(),
        "p99_ms": way.p99_ms(),
    });
    println!("{figures}");
    Ok(())
}

async fn take_turn(kind: Kind, options: &Crowd, time: Duration) -> Result<Timings, Box<dyn Error>> {
    let shop = Shop::open(options.store).await?;
    let hall = Arc::new(Hall::open(&shop.box_office, options.seats).await?);
    let box_office = shop.box_office.clone();
    load::run(options.callers, time, move |turn| {
        let (box_office, hall) = (box_office.clone(), Arc::clone(&hall));
        async move {
            match kind {
                Kind::Mixed => mix(&box_office, &hall, turn).await,
                Kind::Contention => contend(&box_office, &hall, turn).await,
            }
        }
    })
    .await
}

/// Holds one seat for the buyer of this turn, unless the seat is held or sold.
async fn hold(
    box_office: &BoxOffice,
    hall: &Hall,
    seat: usize,
    turn: usize,
) -> Result<Option<Reservation>, String> {
    let Some(seat) = hall.seats.get(seat) else { return Ok(None) };
    match box_office.sales().hold(HoldRequest::new(hall.event, buyer(turn)).seats([*seat])).await {
        Ok(held) => Ok(Some(held)),
        Err(CommandError::Refused(HoldRefused::SeatsTaken { .. })) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// Of ten turns, seven read the map, two hold a seat, and one pays or cancels what the turn before held.
async fn mix(box_office: &BoxOffice, hall: &Hall, turn: usize) -> Result<More, String> {
    let seat = turn / 10 * 3;
    match turn % 10 {
        0 | 1 => {
            hold(box_office, hall, seat + turn % 10, turn).await?;
        }
        2 => {
            let Some(held) = hold(box_office, hall, seat + 2, turn).await? else { return Ok(More::No) };
            if turn % 20 == 2 {
                let request = PrepareRequest::new(held.id, held.buyer);
                box_office.payments().process(request).await.map_err(|error| error.to_string())?;
                return Ok(More::Yes);
            }
            box_office.sales().cancel(held.id, held.buyer, None).await.map_err(|error| error.to_string())?;
        }
        _ => {
            let version =
                box_office.catalog().seat_map_version(hall.event).await.map_err(|error| error.to_string())?;
            let since = version.unwrap_or_default().saturating_sub(10).max(1);
            box_office.catalog().seat_map(hall.event, since).await.map_err(|error| error.to_string())?;
        }
    }
    Ok(More::Yes)
}

async fn contend(box_office: &BoxOffice, hall: &Hall, turn: usize) -> Result<More, String> {
    if let Some(held) = hold(box_office, hall, turn % WANTED, turn).await? {
        box_office
            .sales()
            .release(held.id, held.buyer, None, None)
            .await
            .map_err(|error| error.to_string())?;
    }
    Ok(More::Yes)
}
