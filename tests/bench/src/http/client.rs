//! A client that costs little: a connection sends the same bytes again once it has read the answer.

use std::error::Error;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::figures::{Timings, now};

/// An answer with its headers and its body as it was sent.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The lines after the first one.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// Returns a header's value; the name is in lower case.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }
}

/// A connection that is kept open.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// What was received and not yet read.
    received: Vec<u8>,
}

impl Connection {
    /// Opens a connection.
    pub(super) async fn open(address: &str) -> Result<Self, Box<dyn Error>> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(64 * 1_024) })
    }

    /// Sends a request, and reads its answer.
    pub(super) async fn ask(&mut self, request: &[u8]) -> Result<Answer, Box<dyn Error>> {
        self.stream.write_all(request).await?;
        let end = self.find(b"\r\n\r\n", 0).await?;
        let head = String::from_utf8(self.received.drain(..end + 4).collect())?;
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or("no status")?.parse()?;
        let pairs = lines.filter_map(|line| line.split_once(": "));
        let headers = pairs.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let mut answer = Answer { status, headers, body: Vec::new() };
        if status == 304 || status == 204 {
            return Ok(answer);
        }
        answer.body = match answer.header("content-length") {
            Some(length) => self.take(length.parse()?).await?,
            None => self.chunks().await?,
        };
        Ok(answer)
    }

    /// Reads a body in chunks.
    async fn chunks(&mut self) -> Result<Vec<u8>, Box<dyn Error>> {
        let mut body = Vec::new();
        loop {
            let end = self.find(b"\r\n", 0).await?;
            let line: Vec<u8> = self.received.drain(..end + 2).collect();
            let size = usize::from_str_radix(std::str::from_utf8(&line)?.trim(), 16)?;
            let chunk = self.take(size + 2).await?;
            if size == 0 {
                return Ok(body);
            }
            body.extend(chunk.get(..size).unwrap_or_default());
        }
    }

    async fn take(&mut self, count: usize) -> Result<Vec<u8>, Box<dyn Error>> {
        while self.received.len() < count {
            self.receive().await?;
        }
        Ok(self.received.drain(..count).collect())
    }

    /// Returns where bytes are in what was received; waits for them.
    async fn find(&mut self, wanted: &[u8], from: usize) -> Result<usize, Box<dyn Error>> {
        let mut from = from;
        loop {
            let unseen = self.received.get(from..).unwrap_or_default();
            if let Some(at) = unseen.windows(wanted.len()).position(|bytes| bytes == wanted) {
                return Ok(from + at);
            }
            from = self.received.len().saturating_sub(wanted.len());
            self.receive().await?;
        }
    }

    async fn receive(&mut self) -> Result<(), Box<dyn Error>> {
        if self.stream.read_buf(&mut self.received).await? == 0 {
            return Err("the server closed a connection".into());
        }
        Ok(())
    }
}

/// Sends a request from many connections until the time is up.
pub(super) async fn run(
    address: String,
    request: Vec<u8>,
    connections: u32,
    time: Duration,
) -> Result<Timings, Box<dyn Error>> {
    let requests = (0..connections).map(|_| std::iter::repeat(request.clone()));
    run_each(address, requests, time, &[200, 304]).await
}

/// Sends the requests of each connection, one after another, until the time is up or there are no more.
pub(super) async fn run_each<R>(
    address: String,
    requests: impl Iterator<Item = R>,
    time: Duration,
    expected: &'static [u16],
) -> Result<Timings, Box<dyn Error>>
where
    R: Iterator<Item = Vec<u8>> + Send + 'static,
{
    let mut open = Vec::new();
    for of_connection in requests {
        open.push((Connection::open(&address).await?, of_connection));
    }
    let started = now();
    let callers = open.into_iter().map(|(connection, requests)| {
        tokio::spawn(async move {
            let sent = send(connection, requests, started, time, expected).await;
            sent.map_err(|error| error.to_string())
        })
    });
    let mut timings = Timings::default();
    for caller in callers.collect::<Vec<_>>() {
        timings.absorb(caller.await??);
    }
    timings.finish(started.elapsed());
    Ok(timings)
}

async fn send(
    mut connection: Connection,
    requests: impl Iterator<Item = Vec<u8>>,
    started: std::time::Instant,
    time: Duration,
    expected: &[u16],
) -> Result<Timings, Box<dyn Error>> {
    let mut timings = Timings::default();
    for request in requests {
        if started.elapsed() >= time {
            break;
        }
        let before = now();
        let answer = connection.ask(&request).await?;
        if !expected.contains(&answer.status) {
            return Err(format!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body)).into());
        }
        timings.record(before.elapsed());
    }
    Ok(timings)
}
