//! `hold`: how many distinct seats a second are held through `BoxOffice`, one seat and one buyer for each hold.

mod bare;
mod durable;
mod events;
mod memory;
mod postgres;
mod sizes;
mod sqlite;

use std::error::Error;

use clap::Args;

use crate::shop::{Shop, Store};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The store.
    #[arg(long, default_value = "memory:")]
    store: Store,
    /// Seats of the hall; several sizes are compared in turns.
    #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    seats: Vec<u32>,
    /// Concurrent buyers; the in-memory store is measured with one.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    callers: u32,
    /// Approximate duration of the measurement in seconds, shared by all that is compared.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Sells this many events at once, each to as many buyers, and compares them with one.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    events: u32,
    /// How long each flush of commits to the disk takes longer, in milliseconds; only with Postgres.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100))]
    commit_delay_ms: u32,
}

impl Options {
    /// Returns the requested sizes, or the default sizes of a store.
    fn sizes(&self, usual: &[u32]) -> Vec<u32> {
        if self.seats.is_empty() { usual.to_vec() } else { self.seats.clone() }
    }

    /// Opens a shop on a new store of the chosen kind.
    async fn open(&self) -> Result<Shop, Box<dyn Error>> {
        let shop = Shop::open(self.store).await?;
        shop.delay_commits(self.commit_delay_ms).await?;
        Ok(shop)
    }
}

/// Fewest turns for a median.
const LEAST_TURNS: usize = 3;

/// Measures the chosen store.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    match options.store {
        Store::Memory => memory::run(options),
        Store::Postgres | Store::Sqlite if options.seats.len() > 1 => {
            crate::runtime()?.block_on(sizes::run(options, &options.seats))
        }
        Store::Postgres | Store::Sqlite if options.events > 1 => {
            crate::runtime()?.block_on(events::run(options))
        }
        Store::Postgres => crate::runtime()?.block_on(durable::run::<postgres::Postgres>(options)),
        Store::Sqlite => crate::runtime()?.block_on(durable::run::<sqlite::Sqlite>(options)),
    }
}
