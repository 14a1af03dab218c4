//! Several servers on one Postgres: races, faults, settings and plans.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test is a panic"
)]

mod broadcast;
mod clocks;
mod cluster;
mod dropped_callers;
mod faults;
mod locked;
mod overlap;
mod overload;
mod plans;
mod probe;
mod queues;
mod races;
mod schema;
mod settings;
mod trade;
