//! `queue`: how many buyers a second join a waiting room, read its state and are called.

mod bare;
mod memory;
mod redis;

use std::error::Error;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use tiketi_core::box_office::JoinRequest;
use tiketi_core::memory::MemoryStore;
use tiketi_core::store::WaitingRoomStore;
use tiketi_core::waiting_room::{RoomMode, RoomPolicy};
use tiketi_core::{BoxOffice, EventId};

use crate::hall::{Hall, buyer};

/// Where the waiting room is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Store {
    #[value(name = "redis")]
    Redis,
    #[value(name = "memory:", alias = "memory")]
    Memory,
}

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The store of waiting rooms.
    #[arg(long, default_value = "redis")]
    store: Store,
    /// Concurrent buyers; the limit has as many commands under way. The in-memory store is measured with one.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    callers: u32,
    /// Buyers who wait while memory and admissions are measured.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(20_000..=5_000_000))]
    waiting: u32,
    /// Approximate duration of the joins in seconds, shared by all that is compared.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

/// Measures the chosen store.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    match options.store {
        Store::Memory => memory::run(options),
        Store::Redis => crate::runtime()?.block_on(redis::run(options)),
    }
}

/// Turns of each compared way.
const TURNS: u32 = 5;

/// The policy of the rooms: every buyer waits, and admission has capacity for all.
fn policy() -> RoomPolicy {
    RoomPolicy::default().mode(RoomMode::On).max_active(1_000_000)
}

/// An event with a waiting room, in a shop that sells from memory.
#[derive(Debug, Clone)]
struct Line {
    box_office: BoxOffice,
    event: EventId,
}

impl Line {
    async fn open(rooms: Option<Arc<dyn WaitingRoomStore>>) -> Result<Self, Box<dyn Error>> {
        let builder = BoxOffice::builder().store(Arc::new(MemoryStore::default()));
        let builder = match rooms {
            Some(rooms) => builder.waiting_rooms(rooms),
            None => builder,
        };
        let box_office = builder.build()?;
        let hall = Hall::open(&box_office, 100).await?;
        box_office.waiting_room().set_policy(hall.event, policy()).await?;
        Ok(Self { box_office, event: hall.event })
    }

    /// Joins the buyer of a turn.
    async fn join(&self, turn: usize) -> Result<(), String> {
        let request = JoinRequest::new(self.event, buyer(turn));
        let joined = self.box_office.waiting_room().join(request).await;
        joined.map(drop).map_err(|error| error.to_string())
    }

    /// Reads the public state of the line, as each polling client does.
    async fn serving(&self) -> Result<(), String> {
        let serving = self.box_office.waiting_room().serving(self.event).await;
        serving.map_err(|error| error.to_string())?.map(drop).ok_or_else(|| "the event is gone".to_owned())
    }
}
