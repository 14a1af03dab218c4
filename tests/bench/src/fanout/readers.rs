//! The readers: a process that opens sockets, reads what comes, and checks it.

use std::collections::HashMap;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::fanout::frames::{CLIENT_PONG, Frame, client_text, first};
use crate::fanout::report::Report;
use crate::figures::now;
use crate::runtime;

/// Sockets that are opened at the same time.
const AT_ONCE: usize = 64;
/// Most messages and map versions of a run.
const MOST: usize = 1 << 18;
/// How long the last readers may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Which sockets to open.
#[derive(Debug, Args)]
pub(crate) struct Reading {
    #[arg(long)]
    address: String,
    #[arg(long)]
    sockets: u32,
    /// The event whose seats the sockets follow; without it they only read.
    #[arg(long)]
    event: Option<String>,
    /// The version of the seat map that they have.
    #[arg(long, default_value_t = 0)]
    version: u64,
}

/// What all sockets count.
#[derive(Debug)]
struct Shared {
    sockets: u32,
    first_version: u64,
    is_measuring: AtomicBool,
    messages: AtomicU64,
    bytes: AtomicU64,
    ready: AtomicU32,
    failed: AtomicU32,
    /// How many sockets have each map version, and when the last of them had it.
    reached: Vec<(AtomicU32, AtomicU64)>,
    /// The message with each number, as a hash: every socket gets the same.
    hashes: Vec<AtomicU64>,
    /// The number of the first message that any socket got.
    first_seq: AtomicU64,
    told_with: Mutex<HashMap<String, u64>>,
}

/// What one socket has.
#[derive(Debug)]
struct Socket {
    shared: Arc<Shared>,
    seq: u64,
    version: u64,
}

impl Reading {
    /// Opens the sockets, and answers `begin` and `report VERSION` on standard input.
    pub(crate) fn run(&self) -> Result<(), Box<dyn Error>> {
        runtime()?.block_on(self.read())
    }

    async fn read(&self) -> Result<(), Box<dyn Error>> {
        let shared = Arc::new(Shared::new(self.sockets, self.version));
        let permits = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
        for _ in 0..self.sockets {
            let permit = Arc::clone(&permits).acquire_owned().await?;
            let (address, event, shared) = (self.address.clone(), self.event.clone(), Arc::clone(&shared));
            tokio::spawn(async move {
                let served = serve(&address, event.as_deref(), Arc::clone(&shared), permit).await;
                if let Err(error) = served
                    && shared.failed.fetch_add(1, Ordering::SeqCst) == 0
                {
                    eprintln!("a reader failed: {error}");
                }
            });
        }
        shared.await_until(|shared| shared.ready.load(Ordering::SeqCst) == shared.sockets).await;
        println!("ready");
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        let mut began = now();
        while let Some(line) = lines.next_line().await? {
            match line.split_once(' ') {
                None => {
                    began = now();
                    shared.begin();
                    println!("begun");
                }
                Some((_, version)) => println!("{}", shared.report(began, version.parse()?).await.line()),
            }
        }
        Ok(())
    }
}

impl Shared {
    fn new(sockets: u32, first_version: u64) -> Self {
        Self {
            sockets,
            first_version,
            is_measuring: AtomicBool::new(false),
            messages: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            ready: AtomicU32::new(0),
            failed: AtomicU32::new(0),
            reached: (0..MOST).map(|_| (AtomicU32::new(0), AtomicU64::new(0))).collect(),
            hashes: (0..MOST).map(|_| AtomicU64::new(0)).collect(),
            first_seq: AtomicU64::new(0),
            told_with: Mutex::default(),
        }
    }

    fn begin(&self) {
        self.messages.store(0, Ordering::SeqCst);
        self.bytes.store(0, Ordering::SeqCst);
        self.is_measuring.store(true, Ordering::SeqCst);
    }

    async fn report(&self, began: Instant, version: u64) -> Report {
        let messages = self.messages.load(Ordering::SeqCst);
        let (bytes, seconds) = (self.bytes.load(Ordering::SeqCst), began.elapsed().as_secs_f64());
        self.is_measuring.store(false, Ordering::SeqCst);
        let place = self.place_of(version);
        let has_all = |count: &AtomicU32| count.load(Ordering::SeqCst) == self.sockets;
        if version > self.first_version {
            self.await_until(|shared| shared.reached.get(place).is_none_or(|(count, _)| has_all(count)))
                .await;
        }
        let have = self.reached.get(place).map_or(0, |(count, _)| count.load(Ordering::SeqCst));
        let behind = if version > self.first_version { self.sockets.saturating_sub(have) } else { 0 };
        let wrong = behind + self.failed.load(Ordering::SeqCst);
        let reached = self.reached.iter().zip(self.first_version..).filter(|((count, _), _)| has_all(count));
        Report {
            messages,
            bytes,
            seconds,
            wrong: u64::from(wrong),
            reached: reached.map(|((_, at), version)| (version, at.load(Ordering::SeqCst))).collect(),
            told_with: self.told_with.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    async fn await_until(&self, is_reached: impl Fn(&Self) -> bool) {
        let began = now();
        while !is_reached(self) && began.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn place_of(&self, version: u64) -> usize {
        usize::try_from(version.saturating_sub(self.first_version)).unwrap_or(usize::MAX)
    }

    /// Notes that a socket advanced from one map version to another.
    fn advance(&self, from: u64, to: u64) {
        let at = micros();
        for version in from + 1..=to {
            let Some((count, last)) = self.reached.get(self.place_of(version)) else { return };
            if count.fetch_add(1, Ordering::SeqCst) + 1 == self.sockets {
                last.store(at, Ordering::SeqCst);
            }
        }
    }

    /// Notes what a message says; returns whether it is the same as other sockets got with its number.
    fn note(&self, seq: u64, version: u64, text: &str) -> bool {
        let first = self.first_seq.compare_exchange(0, seq, Ordering::SeqCst, Ordering::SeqCst);
        // The first message of a socket may be one that another one got later.
        let place = seq.wrapping_sub(first.map_or_else(|known| known, |_| seq)).wrapping_add(1 << 10);
        let Some(slot) = usize::try_from(place).ok().and_then(|place| self.hashes.get(place)) else {
            return false;
        };
        let hash = hash_of(text);
        match slot.compare_exchange(0, hash, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => {
                let mut told = self.told_with.lock().unwrap_or_else(PoisonError::into_inner);
                told.extend(seats_of(text).map(|seat| (seat.to_owned(), version)));
                true
            }
            Err(known) => known == hash,
        }
    }
}

/// Opens a socket and reads until its end.
async fn serve(
    address: &str,
    event: Option<&str>,
    shared: Arc<Shared>,
    permit: tokio::sync::OwnedSemaphorePermit,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut socket = Socket { version: shared.first_version, seq: 0, shared };
    let mut buffer = Vec::with_capacity(4 << 10);
    if let Some(event) = event {
        shake_hands(&mut stream, address, &mut buffer).await?;
        let join = format!(r#"{{"type":"join","channel":"seats:{event}","version":{}}}"#, socket.version);
        stream.write_all(&client_text(&join)).await?;
    } else {
        socket.shared.ready.fetch_add(1, Ordering::SeqCst);
    }
    let mut permit = Some(permit).filter(|_| event.is_some());
    loop {
        let mut read = 0;
        while let Some((frame, length)) = first(buffer.get(read..).unwrap_or_default()) {
            match frame {
                Frame::Text(text) => {
                    socket.take(text, event.is_some())?;
                    permit = None;
                }
                Frame::Ping => stream.write_all(&CLIENT_PONG).await?,
                Frame::Other => return Err("the server closes the socket".into()),
            }
            read += length;
        }
        buffer.drain(..read);
        if stream.read_buf(&mut buffer).await? == 0 {
            drop(permit);
            return Err("the connection ends".into());
        }
    }
}

/// Opens the socket; what follows the answer stays in the buffer.
async fn shake_hands(stream: &mut TcpStream, address: &str, buffer: &mut Vec<u8>) -> Result<(), io::Error> {
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            if !buffer.starts_with(b"HTTP/1.1 101") {
                return Err(io::Error::other("the server opens no socket"));
            }
            buffer.drain(..end + 4);
            return Ok(());
        }
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

impl Socket {
    /// Takes a message, and checks that none is missing before it.
    fn take(&mut self, text: &[u8], is_checked: bool) -> Result<(), Box<dyn Error + Send + Sync>> {
        if self.shared.is_measuring.load(Ordering::Relaxed) {
            self.shared.messages.fetch_add(1, Ordering::Relaxed);
            self.shared.bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
        }
        if !is_checked {
            return Ok(());
        }
        let text = std::str::from_utf8(text)?;
        let (Some(seq), Some(version)) = (number(text, "\"seq\":"), number(text, "\"version\":")) else {
            return Err(format!("not a message about seats: {text}").into());
        };
        let since = number(text, "\"since\":");
        let before = std::mem::replace(&mut self.seq, seq);
        if before == 0 {
            self.shared.ready.fetch_add(1, Ordering::SeqCst);
        } else if since.unwrap_or(seq.wrapping_sub(1)) > before {
            return Err(format!("after the message {before}, some are missing before: {text}").into());
        } else if since.is_none() && !self.shared.note(seq, version, text) {
            return Err(format!("another message than other sockets got: {text}").into());
        }
        if version > self.version {
            self.shared.advance(self.version, version);
            self.version = version;
        }
        Ok(())
    }
}

fn number(text: &str, name: &str) -> Option<u64> {
    let after = text.split_once(name)?.1;
    let end = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
    after.get(..end)?.parse().ok()
}

fn seats_of(text: &str) -> impl Iterator<Item = &str> {
    text.split("\"seatId\":\"").skip(1).filter_map(|rest| rest.split('"').next())
}

/// FNV-1a, 64 bits (source: RFC 9923).
fn hash_of(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step).max(1)
}

/// Returns the time of the machine's clock, in microseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "compared with the moments that the server's clock gives")]
fn micros() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
