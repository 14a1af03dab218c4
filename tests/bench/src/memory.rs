//! How much memory an event uses in an idle server.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use clap::Args;
use reqwest::header::ACCEPT_ENCODING;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::runtime;

const ADMIN: (&str, &str) = ("admin@hall.example", "correct horse battery");
const SEATS_A_ROW: u32 = 100;
const ROWS_A_SECTION: u32 = 50;
/// How long the server is idle before its memory is read.
const REST: Duration = Duration::from_secs(3);

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The server's binary; `cargo build --release` makes it.
    #[arg(long, default_value = "target/release/tiketi-server")]
    server: PathBuf,
    /// Seats of the event, a multiple of 5,000.
    #[arg(long, default_value_t = 100_000)]
    seats: u32,
}

/// Creates an event, reads its seat map and sells seats of it, and prints by how much the memory of the idle server
/// grew.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    runtime()?.block_on(measure(options))
}

async fn measure(options: &Options) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(&options.server, &folder.path().join("bench.db"))?;
    let shop = Shop::sign_in(server.url.clone()).await?;
    let idle = server.resident().await?;
    let event = shop.open_event(options.seats).await?;
    let made = server.resident().await?;
    let seat = shop.first_seat(&event).await?;
    let body = json!({ "eventId": event, "seatIds": [seat] });
    shop.send(Method::POST, "/api/seats/reserve", Some(body)).await?;
    shop.first_seat(&event).await?;
    let sold = server.resident().await?;
    let added = [made, sold].map(|resident| mib(resident) - mib(idle));
    println!("{:<44}{:>10}", "resident MiB", "");
    println!("{:<44}{:>10.1}", "the idle server", mib(idle));
    println!("{:<44}{:>+10.1}", "once the event is made", added[0]);
    println!("{:<44}{:>+10.1}", "once its map was read and a seat held", added[1]);
    let figures = json!({
        "bench": "memory", "store": "sqlite", "seats": options.seats, "idle_mib": mib(idle),
        "event_mib": added[0], "served_mib": added[1],
    });
    println!("{figures}");
    Ok(())
}

/// A private server; dropping this value ends it.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(binary: &Path, store: &Path) -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "off"])
            .args(["--admin-email", ADMIN.0, "--admin-password", ADMIN.1])
            .arg("--store")
            .arg(format!("sqlite:{}", store.display()))
            .env_remove("TIKETI_DEMO")
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| {
                format!("{}: {error}; build it with: cargo build --release", binary.display())
            })?;
        let mut line = String::new();
        if let Some(output) = process.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let url = line.trim().strip_prefix("listening on ").ok_or("the server did not start")?.to_owned();
        Ok(Self { process, url })
    }

    /// Waits until the server has been idle, and returns its resident memory in KiB.
    async fn resident(&self) -> Result<u32, Box<dyn Error>> {
        tokio::time::sleep(REST).await;
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A client that is signed in as an administrator.
struct Shop {
    url: String,
    token: String,
    client: Client,
}

impl Shop {
    async fn sign_in(url: String) -> Result<Self, Box<dyn Error>> {
        let mut shop = Self { url, token: String::new(), client: Client::new() };
        let body = json!({ "email": ADMIN.0, "password": ADMIN.1 });
        shop.token = text(&shop.send(Method::POST, "/api/auth/login", Some(body)).await?, "/token")?;
        Ok(shop)
    }

    /// Sends a request, and returns the JSON of the answer.
    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Box<dyn Error>> {
        let url = format!("{}{path}", self.url);
        let request = self.client.request(method, url).bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    async fn open_event(&self, seats: u32) -> Result<String, Box<dyn Error>> {
        let row = |row: u32| json!({ "label": row.to_string(), "seats": SEATS_A_ROW });
        let section = |section: u32| {
            let rows: Vec<_> = (1..=ROWS_A_SECTION).map(row).collect();
            json!({ "name": format!("S{section}"), "price": 50_000, "rows": rows })
        };
        let sections: Vec<_> = (1..=seats / SEATS_A_ROW / ROWS_A_SECTION).map(section).collect();
        let layout = json!({ "venue": "Mirror Dome", "name": "Bowl", "sections": sections });
        let made = self.send(Method::POST, "/api/admin/layouts", Some(layout)).await?;
        let layout = text(&made, "/layout/id")?;
        let event = json!({
            "title": "A full bowl", "eventDate": "2099-05-01T10:00:00Z", "layoutId": layout,
        });
        let made = self.send(Method::POST, "/api/admin/events", Some(event)).await?;
        let event = text(&made, "/event/id")?;
        self.send(Method::POST, &format!("/api/admin/events/{event}/publish"), None).await?;
        Ok(event)
    }

    /// Reads the seat map in both formats, as browsers and programs do, and returns the id of its first seat.
    async fn first_seat(&self, event: &str) -> Result<String, Box<dyn Error>> {
        let url = format!("{}/api/seats/{event}", self.url);
        let packed = self.client.get(url).header(ACCEPT_ENCODING, "gzip").send().await?;
        packed.error_for_status()?.bytes().await?;
        text(&self.send(Method::GET, &format!("/api/seats/{event}"), None).await?, "/seats/0/id")
    }
}

fn text(json: &Value, pointer: &str) -> Result<String, Box<dyn Error>> {
    let found = json.pointer(pointer).and_then(Value::as_str);
    Ok(found.ok_or_else(|| format!("the answer has no text at {pointer}"))?.to_owned())
}

fn mib(kib: u32) -> f64 {
    f64::from(kib) / 1_024.0
}
