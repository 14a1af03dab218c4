//! `http`: requests a second of the real server over loopback sockets, in turns with a bare server that answers the same
//! bytes, and reservations in turns with the library's holds on the same kind of store.
//!
//! The server and the bare one are processes of their own on the first core; the requests come from another core. The
//! library's holds also run on the first core.

mod bare;
mod client;
mod cores;
mod hold;
mod server;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

pub(crate) use bare::Bare;

use crate::figures::ratio;
use crate::shop::Store;
use crate::way::{Way, print_table};
use client::{Answer, Connection};
use server::Server;

/// Seats of the halls whose maps are read.
const SMALL: u32 = 2_000;
const LARGE: u32 = 20_000;

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The server's binary; `cargo build --release` makes it.
    #[arg(long, default_value = "target/release/tiketi-server")]
    server: PathBuf,
    /// Connections, each with one request at a time.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    connections: u32,
    /// Connections that reserve, and callers of the library.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    callers: u32,
    /// Length of each turn in milliseconds.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(50..=60_000))]
    turn_ms: u64,
    /// Turns of which the median is reported.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    turns: u32,
    /// Measure only reads, or only reservations.
    #[arg(long)]
    only: Option<Part>,
}

/// A part of the measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Reads,
    Reservations,
}

impl Options {
    fn turn(&self) -> Duration {
        Duration::from_millis(self.turn_ms)
    }

    fn wants(&self, part: Part) -> bool {
        self.only.is_none_or(|only| only == part)
    }
}

/// A request that both servers answer, and its figures.
#[derive(Debug)]
struct Compared {
    name: String,
    key: &'static str,
    request: Vec<u8>,
    bytes: usize,
    ours: Way,
    limit: Way,
}

/// Measures everything in turns.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    // The runtime's threads are made on the second core, and the processes on the first.
    cores::run_on(cores::OF_CLIENTS)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(measure(options))
}

async fn measure(options: &Options) -> Result<(), Box<dyn Error>> {
    let mut figures = Map::new();
    figures.insert("bench".into(), json!("http"));
    let mut compared = if options.wants(Part::Reads) { reads(options).await? } else { Vec::new() };
    for read in &mut compared {
        print_table(&[&read.ours, &read.limit]);
        figures.insert(format!("{}_per_second", read.key), json!(read.ours.rate().round()));
        figures
            .insert(format!("{}_ratio_limit", read.key), json!(ratio(read.ours.rate(), read.limit.rate())));
        figures.insert(format!("{}_bytes", read.key), json!(read.bytes));
    }
    if options.wants(Part::Reservations) {
        reservations(options, &mut figures).await?;
    }
    println!("{}", Value::Object(figures));
    Ok(())
}

/// Measures what both servers answer.
async fn reads(options: &Options) -> Result<Vec<Compared>, Box<dyn Error>> {
    let server = Server::start(&options.server, Store::Sqlite, &[SMALL, LARGE]).await?;
    let [small, large] = &server.halls[..] else { return Err("the server has two halls".into()) };
    let event = format!("/api/events/{}", small.event.as_uuid());
    let map = |hall: &crate::hall::Hall| format!("/api/seats/{}", hall.event.as_uuid());
    let wanted = [
        ("event detail", "event", event, ""),
        ("seat map, 2,000 seats", "map", map(small), "accept-encoding: gzip\r\n"),
        ("seat map, 20,000 seats", "map_20000", map(large), "accept-encoding: gzip\r\n"),
        ("states, 2,000 seats", "states", format!("{}/states", map(small)), ""),
        ("states, 20,000 seats", "states_20000", format!("{}/states", map(large)), ""),
    ];
    let mut compared = Vec::new();
    for (name, key, path, headers) in wanted {
        let (request, answer) = ask(&server, &path, headers).await?;
        if answer.status != 200 {
            println!("{path} answers {}; left out", answer.status);
            continue;
        }
        let tag = answer.header("etag");
        let known = compare(options, &server, (name, key), (request, answer)).await?;
        compared.push(known);
        if let Some(tag) = tag.filter(|_| key == "map") {
            let (request, answer) =
                ask(&server, &path, &format!("{headers}if-none-match: {tag}\r\n")).await?;
            let what = ("seat map that the client has (304)", "not_modified");
            compared.push(compare(options, &server, what, (request, answer)).await?);
        }
    }
    Ok(compared)
}

/// Asks the server once.
async fn ask(server: &Server, path: &str, headers: &str) -> Result<(Vec<u8>, Answer), Box<dyn Error>> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n", server.address).into_bytes();
    let answer = Connection::open(&server.address).await?.ask(&request).await?;
    Ok((request, answer))
}

/// Measures one request at both servers, in turns.
async fn compare(
    options: &Options,
    server: &Server,
    (name, key): (&str, &'static str),
    (request, answer): (Vec<u8>, Answer),
) -> Result<Compared, Box<dyn Error>> {
    let (bytes, bare) = (answer.body.len(), bare::start(&answer)?);
    let mut compared = Compared {
        name: name.to_owned(),
        key,
        request,
        bytes,
        ours: Way::new(name),
        limit: Way::new("  the same bytes, by a bare server"),
    };
    let of_bare = format!("GET / HTTP/1.1\r\nhost: {}\r\n\r\n", bare.address).into_bytes();
    for _ in 0..options.turns {
        let turn = |address: &str, request: &[u8]| {
            client::run(address.to_owned(), request.to_vec(), options.connections, options.turn())
        };
        compared.ours.record(turn(&server.address, &compared.request).await?);
        compared.limit.record(turn(&bare.address, &of_bare).await?);
    }
    eprintln!("measured: {}", compared.name);
    Ok(compared)
}

/// Measures reservations of single seats on both durable stores.
async fn reservations(options: &Options, figures: &mut Map<String, Value>) -> Result<(), Box<dyn Error>> {
    for store in [Store::Sqlite, Store::Postgres] {
        let mut ours = Way::new(format!("reserve, {}", store.name()));
        let mut library = Way::new("  the library's hold on the same store");
        for _ in 0..options.turns {
            let server = Server::start(&options.server, store, &[LARGE]).await?;
            ours.record(hold::over_http(&server, options.callers, options.turn()).await?);
            drop(server);
            library.record(hold::by_library(store, LARGE, options.callers, options.turn()).await?);
        }
        print_table(&[&ours, &library]);
        let key = format!("reserve_{}", store.name());
        figures.insert(format!("{key}_per_second"), json!(ours.rate().round()));
        figures.insert(format!("{key}_ratio_library"), json!(ratio(ours.rate(), library.rate())));
        figures.insert(format!("{key}_p99_ms"), json!(ours.p99_ms()));
        if store == Store::Sqlite {
            figures.insert("reserve_per_second".into(), json!(ours.rate().round()));
        }
    }
    Ok(())
}
