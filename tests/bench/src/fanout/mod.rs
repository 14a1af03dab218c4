//! Fan-out: sockets in one room of one server process while seats are held, compared with a bare program that writes
//! frames of the same size to as many sockets.
//!
//! Readers are a process of their own, so that the server's memory and time are its own. Server, bare program and readers
//! share the machine; the bare program is measured in the same way.

mod bare;
mod frames;
mod holds;
mod process;
mod readers;
mod report;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};

use crate::figures::{Timings, median, ratio};
use crate::runtime;
use process::{Readers, Server};
pub(crate) use {bare::Bare, readers::Reading};

/// How long sockets are idle before the server's memory is read.
const REST: Duration = Duration::from_secs(3);
/// Seats of the hall: more than are held in all rounds.
const SEATS: u32 = 10_000;

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The server's binary; `cargo build --release` makes it.
    #[arg(long, default_value = "target/release/tiketi-server")]
    server: PathBuf,
    /// Sockets in the room.
    #[arg(long, default_value_t = 10_000)]
    sockets: u32,
    /// Milliseconds from one hold to the next.
    #[arg(long, default_value_t = 20)]
    hold_every_ms: u64,
    /// Sockets of the second measurement, which has holds every 10 milliseconds.
    #[arg(long, default_value_t = 1_000)]
    few_sockets: u32,
    /// Length of each measurement.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How often each is measured, in turns.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// The figures of one measurement.
#[derive(Debug, Default)]
struct Measured {
    /// From a hold's moment to its last reader.
    last_reader: Timings,
    /// From a hold's request to its answer.
    holds: Timings,
    messages_per_second: Vec<f64>,
    message_bytes: usize,
}

/// Measures rooms with many and with few sockets.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    raise_open_file_limit(u64::from(options.sockets) + 1_000)?;
    runtime()?.block_on(measure(options))
}

async fn measure(options: &Options) -> Result<(), Box<dyn Error>> {
    let (time, every) = (Duration::from_secs(options.seconds), Duration::from_millis(options.hold_every_ms));
    let server = Server::start(&options.server, SEATS).await?;
    let alone = without_sockets(&server, time).await?;
    let (many, bytes_per_socket, limit) = many_sockets(options, &server, time, every).await?;
    let few = few_sockets(options, &server, time).await?;
    show(options, (many, bytes_per_socket, &limit), few, alone);
    Ok(())
}

/// Measures holds while no one watches.
async fn without_sockets(server: &Server, time: Duration) -> Result<Timings, Box<dyn Error>> {
    Ok(holds::run(server, time, Duration::from_millis(10)).await?.0)
}

/// Measures the room with many sockets and the bare program, in turns; also the bytes of an idle socket.
async fn many_sockets(
    options: &Options,
    server: &Server,
    time: Duration,
    every: Duration,
) -> Result<(Measured, f64, Vec<f64>), Box<dyn Error>> {
    let empty = server.resident()?;
    let mut readers = Readers::of_server(server, options.sockets).await?;
    tokio::time::sleep(REST).await;
    let bytes_per_socket = f64::from(server.resident()? - empty) * 1_024.0 / f64::from(options.sockets);
    let (mut measured, mut limit) = (Measured::default(), Vec::new());
    for _ in 0..options.rounds {
        measured.add(watch(server, &mut readers, time, every).await?);
        limit.push(bare::measure(options.sockets, measured.message_bytes, time).await?);
    }
    readers.end().await?;
    Ok((measured, bytes_per_socket, limit))
}

/// Measures a room with few sockets, in which every change is sent at once.
async fn few_sockets(options: &Options, server: &Server, time: Duration) -> Result<Measured, Box<dyn Error>> {
    let mut readers = Readers::of_server(server, options.few_sockets).await?;
    let measured = watch(server, &mut readers, time, Duration::from_millis(10)).await?;
    readers.end().await?;
    Ok(measured)
}

/// Holds seats while the readers read, and checks that every reader ends with the server's map.
async fn watch(
    server: &Server,
    readers: &mut Readers,
    time: Duration,
    every: Duration,
) -> Result<Measured, Box<dyn Error>> {
    readers.begin().await?;
    let (holds, moments) = holds::run(server, time, every).await?;
    let version = server.map_version().await?;
    let told = readers.report(version).await?;
    let mut last_reader = Timings::default();
    for (seat, moment) in &moments {
        let last = told.last_reader_of(seat).ok_or_else(|| format!("no message about the seat {seat}"))?;
        last_reader.record(Duration::from_micros(last.saturating_sub(*moment)));
    }
    let wrong = told.wrong_readers();
    if wrong > 0 {
        return Err(format!("{wrong} sockets end with another map than the server's").into());
    }
    let messages_per_second = vec![told.messages_per_second()];
    Ok(Measured { last_reader, holds, messages_per_second, message_bytes: told.message_bytes() })
}

impl Measured {
    fn add(&mut self, other: Self) {
        self.last_reader.absorb(other.last_reader);
        self.holds.absorb(other.holds);
        self.messages_per_second.extend(other.messages_per_second);
        self.message_bytes = other.message_bytes;
    }
}

fn show(
    options: &Options,
    (mut many, bytes_per_socket, limit): (Measured, f64, &[f64]),
    mut few: Measured,
    mut alone: Timings,
) {
    let (messages, limit) = (median(&many.messages_per_second), median(limit));
    let rows: [(String, f64); 11] = [
        (
            format!("{} sockets: ms to the last reader, p50", options.sockets),
            many.last_reader.percentile_ms(0.5),
        ),
        ("  p99".to_owned(), many.last_reader.percentile_ms(0.99)),
        ("  messages a second".to_owned(), messages),
        ("  frames a second of the bare program".to_owned(), limit),
        ("  ratio".to_owned(), ratio(messages, limit)),
        ("  bytes of an idle socket".to_owned(), bytes_per_socket),
        ("  ms of a hold, p99".to_owned(), many.holds.percentile_ms(0.99)),
        (
            format!("{} sockets: ms to the last reader, p99", options.few_sockets),
            few.last_reader.percentile_ms(0.99),
        ),
        ("  messages a second".to_owned(), median(&few.messages_per_second)),
        ("  ms of a hold, p99".to_owned(), few.holds.percentile_ms(0.99)),
        ("no socket: ms of a hold, p99".to_owned(), alone.percentile_ms(0.99)),
    ];
    for (name, figure) in &rows {
        println!("{name:<48}{figure:>14.2}");
    }
    let figures = json!({
        "bench": "fanout", "store": "sqlite", "sockets": options.sockets, "hold_every_ms": options.hold_every_ms,
        "p50_ms": many.last_reader.percentile_ms(0.5), "p99_ms": many.last_reader.percentile_ms(0.99),
        "messages_per_second": messages, "limit_per_second": limit, "ratio_limit": ratio(messages, limit),
        "bytes_per_socket": bytes_per_socket, "message_bytes": many.message_bytes,
        "hold_p50_ms": many.holds.percentile_ms(0.5), "hold_p99_ms": many.holds.percentile_ms(0.99),
        "few": few_figures(options, &mut few),
        "alone_hold_p50_ms": alone.percentile_ms(0.5), "alone_hold_p99_ms": alone.percentile_ms(0.99),
    });
    println!("{figures}");
}

fn few_figures(options: &Options, few: &mut Measured) -> Value {
    json!({
        "sockets": options.few_sockets, "hold_every_ms": 10,
        "p50_ms": few.last_reader.percentile_ms(0.5), "p99_ms": few.last_reader.percentile_ms(0.99),
        "messages_per_second": median(&few.messages_per_second),
        "hold_p50_ms": few.holds.percentile_ms(0.5), "hold_p99_ms": few.holds.percentile_ms(0.99),
    })
}

/// Raises the limit of open files of this process and its children.
fn raise_open_file_limit(needed: u64) -> Result<(), Box<dyn Error>> {
    let granted = getrlimit(Resource::Nofile);
    if granted.maximum.is_some_and(|most| most < needed) {
        return Err(format!("{needed} open files are needed; raise the hard limit (ulimit -Hn)").into());
    }
    Ok(setrlimit(Resource::Nofile, Rlimit { current: granted.maximum, ..granted })?)
}
