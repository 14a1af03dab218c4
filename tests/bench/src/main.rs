//! Benchmarks of Tiketi's stores and server.
//!
//! `cargo run --release -p tiketi-bench -- NAME` starts what it needs, prints a table for people,
//! and as its last line one JSON object with every figure. What is compared is measured in one
//! run, in turns, and quoted as medians.

mod figures;
mod hall;
mod hold;
mod load;
mod memory;
mod provider;
mod queue;
mod sale;
mod settle;
mod shop;
mod way;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The server's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Parser)]
#[command(about = "Measures Tiketi's stores and server", version)]
struct Arguments {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Holds of distinct seats, one seat and one buyer each, through `BoxOffice`.
    Hold(hold::Options),
    /// Confirms of prepared payments through `BoxOffice`, against the holds of the same store.
    Settle(settle::Options),
    /// 70 % reads of the map's changes, 20 % holds, 10 % payments or cancellations.
    Mixed(sale::Crowd),
    /// Everybody wants the same ten seats.
    Contention(sale::Crowd),
    /// Joins, statuses and admissions of a waiting room; joins against a bare sorted set of the same Redis.
    Queue(queue::Options),
    /// Memory that a large event takes in the idle server, with SQLite.
    Memory(memory::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().bench {
        Bench::Hold(options) => hold::run(&options),
        Bench::Settle(options) => settle::run(&options),
        Bench::Mixed(options) => sale::run(sale::Kind::Mixed, &options),
        Bench::Contention(options) => sale::run(sale::Kind::Contention, &options),
        Bench::Queue(options) => queue::run(&options),
        Bench::Memory(options) => memory::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tiketi-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Makes a runtime with a thread for each core.
fn runtime() -> Result<tokio::runtime::Runtime, std::io::Error> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}
