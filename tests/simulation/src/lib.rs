//! Whole sales with every fault, on one thread, repeatable from one number.
//!
//! A run draws everything from its seed: the shop, its buyers, which faults exist, the order in which ready tasks run.
//! Several servers are real [`tiketi_core::BoxOffice`]s that share the stores in memory; between a server and each
//! adapter lies a layer of faults. The checker keeps a history of its own and compares it after every commit. Then the
//! faults stop, and within an hour of simulated time everything must come to rest.
//!
//! `README.md` says how it is used.

mod executor;
mod fault;
mod history;
mod node;
mod people;
mod planted;
mod provider;
mod run;
mod seams;
mod setting;
mod shop;
mod shrink;
mod sometimes;
mod staff;
mod story;
mod sweep;
mod tally;
mod watcher;
mod world;

pub use planted::Planted;
pub use run::Run;
pub use shrink::{Shrunk, shrink};
pub use sweep::{Sweep, sweep};
pub use tally::Tally;

use setting::Setting;

/// Runs a seed.
pub fn replay(seed: u64) -> Run {
    run::run(Setting::of(seed), None, false)
}

/// Runs a seed, and keeps its story.
pub fn tell(seed: u64) -> Run {
    run::run(Setting::of(seed), None, true)
}

/// Runs a seed with a known bug.
pub fn replay_with(seed: u64, planted: Planted) -> Run {
    run::run(Setting::of(seed), Some(planted), false)
}
