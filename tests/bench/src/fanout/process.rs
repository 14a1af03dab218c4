//! The processes of the benchmark: the server, the readers and the bare program.

use std::error::Error;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};

use jsonwebtoken::{EncodingKey, Header, encode};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout, Command};

use crate::fanout::holds::body;
use crate::fanout::report::Report;

/// The secret with which the server and the benchmark sign.
const SECRET: &str = "a secret for a benchmark, of more than 32 bytes";
/// The end of every token, in seconds since 1970: the year 2100.
const FAR: u64 = 4_102_444_800;
const SEATS_A_ROW: u32 = 100;

/// A process with which the benchmark speaks in lines; dropping it ends the process.
#[derive(Debug)]
pub(super) struct Child {
    process: tokio::process::Child,
    said: Lines<BufReader<ChildStdout>>,
    told: ChildStdin,
}

impl Child {
    /// Starts this program with other arguments.
    pub(super) fn of_this(arguments: &[&str]) -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments);
        Self::of(command)
    }

    fn of(mut command: Command) -> Result<Self, Box<dyn Error>> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn()?;
        let (said, told) = (process.stdout.take(), process.stdin.take());
        let said = BufReader::new(said.ok_or("no standard output")?).lines();
        Ok(Self { process, said, told: told.ok_or("no standard input")? })
    }

    /// Returns the next line that the process writes.
    pub(super) async fn line(&mut self) -> Result<String, Box<dyn Error>> {
        Ok(self.said.next_line().await?.ok_or("a process of the benchmark ended")?)
    }

    async fn tell(&mut self, line: &str) -> Result<(), Box<dyn Error>> {
        Ok(self.told.write_all(format!("{line}\n").as_bytes()).await?)
    }
}

/// The readers.
#[derive(Debug)]
pub(super) struct Readers(Child);

impl Readers {
    /// Opens sockets that follow the seats of the server's event.
    pub(super) async fn of_server(server: &Server, sockets: u32) -> Result<Self, Box<dyn Error>> {
        let version = server.map_version().await?.to_string();
        let join = ["--event", &server.event, "--version", &version];
        Self::start(&server.address, sockets, &join).await
    }

    /// Opens sockets of the bare program.
    pub(super) async fn of_bare(address: &str, sockets: u32) -> Result<Self, Box<dyn Error>> {
        Self::start(address, sockets, &[]).await
    }

    async fn start(address: &str, sockets: u32, further: &[&str]) -> Result<Self, Box<dyn Error>> {
        let sockets = sockets.to_string();
        let arguments = ["fanout-readers", "--address", address, "--sockets", &sockets];
        let mut readers = Self(Child::of_this(&[&arguments, further].concat())?);
        readers.0.line().await?;
        Ok(readers)
    }

    /// Starts a measurement.
    pub(super) async fn begin(&mut self) -> Result<(), Box<dyn Error>> {
        self.0.tell("begin").await?;
        self.0.line().await.map(drop)
    }

    /// Waits until every reader has a map version, and returns what they tell.
    pub(super) async fn report(&mut self, version: u64) -> Result<Report, Box<dyn Error>> {
        self.0.tell(&format!("report {version}")).await?;
        Ok(Report::of(&self.0.line().await?)?)
    }

    /// Ends the readers, and waits for it.
    pub(super) async fn end(mut self) -> Result<(), Box<dyn Error>> {
        self.0.process.kill().await?;
        Ok(())
    }
}

/// A private server with one event.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    pub(super) address: String,
    pub(super) event: String,
    client: Client,
    seats: Vec<String>,
    next: AtomicUsize,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts a server whose event has this many seats.
    pub(super) async fn start(binary: &Path, seats: u32) -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new(binary);
        let store = format!("sqlite:{}", folder.path().join("bench.db").display());
        // One seller sells to everyone.
        command.env("TIKETI_WRITE_LIMIT_USER", "off");
        command
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--log",
                "off",
                "--jwt-secret",
                SECRET,
                "--store",
                &store,
            ])
            .args(["--max-sockets", "200000", "--anonymous-sockets-ipv4", "200000", "--hold-ttl", "15m"])
            .env_remove("TIKETI_DEMO");
        let mut child = Child::of(command).map_err(|error| {
            format!("{}: {error}; build it with: cargo build --release", binary.display())
        })?;
        let line = child.line().await?;
        let address = line.strip_prefix("listening on http://").ok_or("the server did not start")?.to_owned();
        let (event, client) = (String::new(), Client::builder().no_proxy().build()?);
        let next = AtomicUsize::new(0);
        let mut server = Self { child, address, event, client, seats: Vec::new(), next, _folder: folder };
        server.open_event(seats).await?;
        Ok(server)
    }

    /// Returns the resident memory in KiB.
    pub(super) fn resident(&self) -> Result<u32, Box<dyn Error>> {
        let id = self.child.process.id().ok_or("the server ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    /// Returns the version of the event's seat map.
    pub(super) async fn map_version(&self) -> Result<u64, Box<dyn Error>> {
        let path = format!("/api/seats/{}?since=1", self.event);
        let map = self.send(Method::GET, &path, None).await?;
        Ok(map.get("version").and_then(Value::as_u64).ok_or("the map has no version")?)
    }

    /// Returns the next seat, and the request in which a new buyer holds it.
    pub(super) fn next_hold(&self) -> Result<(String, RequestBuilder), Box<dyn Error>> {
        let seat = self.seats.get(self.next.fetch_add(1, Ordering::Relaxed)).ok_or("no seat is left")?;
        let request = self.client.post(self.url("/api/seats/reserve")).json(&body(&self.event, seat));
        Ok((seat.clone(), request.bearer_auth(token("user")?)))
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Box<dyn Error>> {
        let request = self.client.request(method, self.url(path)).bearer_auth(token("admin")?);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    async fn open_event(&mut self, seats: u32) -> Result<(), Box<dyn Error>> {
        let row = |row: u32| json!({ "label": row.to_string(), "seats": SEATS_A_ROW });
        let rows: Vec<_> = (1..=seats / SEATS_A_ROW).map(row).collect();
        let sections = json!([{ "name": "S", "price": 50_000, "rows": rows }]);
        let layout =
            json!({ "venue": "Mirror Dome", "name": "Bowl", "currency": "KRW", "sections": sections });
        let made = self.send(Method::POST, "/api/admin/layouts", Some(layout)).await?;
        let layout = text(&made, "/layout/id")?;
        let event =
            json!({ "title": "A full bowl", "eventDate": "2099-05-01T10:00:00Z", "layoutId": layout });
        let made = self.send(Method::POST, "/api/admin/events", Some(event)).await?;
        self.event = text(&made, "/event/id")?;
        self.send(Method::POST, &format!("/api/admin/events/{}/publish", self.event), None).await?;
        let map = self.send(Method::GET, &format!("/api/seats/{}", self.event), None).await?;
        let listed = map.get("seats").and_then(Value::as_array).ok_or("the map has no seats")?;
        self.seats = listed.iter().map(|seat| text(seat, "/id")).collect::<Result<_, _>>()?;
        Ok(())
    }
}

/// Signs in a new user.
fn token(role: &str) -> Result<String, jsonwebtoken::errors::Error> {
    static USERS: AtomicUsize = AtomicUsize::new(1);
    let user = uuid::Uuid::from_u128(USERS.fetch_add(1, Ordering::Relaxed) as u128);
    let claims = json!({
        "userId": user, "email": format!("{user}@bench.example"), "role": role, "iat": 1_700_000_000, "exp": FAR,
    });
    encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes()))
}

fn text(json: &Value, pointer: &str) -> Result<String, Box<dyn Error>> {
    let found = json.pointer(pointer).and_then(Value::as_str);
    Ok(found.ok_or_else(|| format!("the answer has no text at {pointer}"))?.to_owned())
}
