//! Benchmarks of Tiketi's stores and server.
//!
//! `cargo run --release -p tiketi-bench -- NAME` starts the servers it needs and prints a table. The last line of
//! the output is one JSON object with every figure. One run measures all that is compared, in turns, and reports
//! medians.

mod audit;
mod catalogue;
mod confirm;
mod creation;
mod dashboard;
mod fanout;
mod figures;
mod hall;
mod history;
mod hold;
mod http;
mod load;
mod memory;
mod past;
mod provider;
mod queue;
mod sale;
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
    /// Confirms of prepared payments through `BoxOffice`, compared with holds on the same store.
    Confirm(confirm::Options),
    /// 70 % reads of seat changes, 20 % holds, 10 % payments or cancellations.
    Mixed(sale::Crowd),
    /// All buyers want the same ten seats.
    Contention(sale::Crowd),
    /// Joins, statuses and admissions of a waiting room; joins are compared with a plain sorted set on the same
    /// Redis.
    Queue(queue::Options),
    /// Requests of the real server over loopback sockets, compared with a bare server that answers the same bytes, and
    /// with the library.
    Http(http::Options),
    /// The bare server of `http`.
    #[command(hide = true)]
    HttpBare(http::Bare),
    /// Messages of one room to many sockets of one server, with the latency of the last reader and of holds; compared
    /// with a bare program that writes to as many sockets.
    Fanout(fanout::Options),
    /// The readers of `fanout`.
    #[command(hide = true)]
    FanoutReaders(fanout::Reading),
    /// The bare program of `fanout`.
    #[command(hide = true)]
    FanoutBare(fanout::Bare),
    /// The figures of a dashboard, compared with the read of one reservation by its id on the same store.
    Figures(dashboard::Options),
    /// Pages of lists of events and of searches, in a shop of few and in one of many events.
    Catalogue(catalogue::Options),
    /// The jobs of an idle second in a shop with many past events and reservations.
    History(history::Options),
    /// The longest hold while an event with many seats is created, compared with holds on an idle store.
    Creation(creation::Options),
    /// The time and the memory of an audit of an event with few reservations and of one with many, and the latency of
    /// holds beside it.
    Audit(audit::Options),
    /// The audit of `audit`.
    #[command(hide = true)]
    AuditOf(audit::Audited),
    /// Memory that a large event uses in the idle server, with SQLite.
    Memory(memory::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().bench {
        Bench::Hold(options) => hold::run(&options),
        Bench::Confirm(options) => confirm::run(&options),
        Bench::Mixed(options) => sale::run(sale::Kind::Mixed, &options),
        Bench::Contention(options) => sale::run(sale::Kind::Contention, &options),
        Bench::Queue(options) => queue::run(&options),
        Bench::Http(options) => http::run(&options),
        Bench::HttpBare(options) => options.run(),
        Bench::Fanout(options) => fanout::run(&options),
        Bench::FanoutReaders(options) => options.run(),
        Bench::FanoutBare(options) => options.run(),
        Bench::Figures(options) => dashboard::run(&options),
        Bench::Catalogue(options) => catalogue::run(&options),
        Bench::History(options) => history::run(&options),
        Bench::Creation(options) => creation::run(&options),
        Bench::Audit(options) => audit::run(&options),
        Bench::AuditOf(options) => options.run(),
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
