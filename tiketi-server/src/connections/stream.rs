//! The stream of a connection: its deadlines, and the answers that the HTTP parser would give without a body.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tiketi_http::Refusal;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::counts::{ConnectionCounts, Ending};
use super::places::Place;
use super::progress::Progress;
use super::refusal::{Refuser, parsers_status};
use super::settings::Deadlines;

/// What a client that reads slowly has to take of an answer in each [`Deadlines::write`], in bytes.
pub(super) const LEAST_TAKEN: usize = 16 << 10;
/// How long a refused client may still send, so that the answer is not lost with its connection.
const LINGER: Duration = Duration::from_millis(500);
/// What is read of it meanwhile, at most, in bytes.
const LINGER_BYTES: usize = 256 << 10;

/// A TCP connection that ends when its client is too slow.
///
/// Between requests it counts the time to the next one, from the first byte of a request the time to the end of its
/// headers, and while an answer waits for its reader, what that reader takes. Bodies have deadlines in the service.
#[derive(Debug)]
pub(super) struct GuardedStream {
    stream: TcpStream,
    progress: Arc<Progress>,
    deadlines: Deadlines,
    reading: Reading,
    slow_reader: Option<SlowReader>,
    refuser: Refuser,
    /// An answer of this stream's own that is to be written.
    refusal: Vec<u8>,
    /// Until when what a refused client sends is read and dropped.
    linger: Option<(Pin<Box<Sleep>>, usize)>,
    counts: Arc<ConnectionCounts>,
    _place: Place,
}

/// The wait for the headers of a request.
#[derive(Debug)]
struct Reading {
    /// Which request is waited for: how many have begun.
    request: u32,
    /// Whether some of its headers have come.
    has_begun: bool,
    until: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

/// A client that does not take what is written as fast as it could be sent.
#[derive(Debug)]
struct SlowReader {
    /// What it took since the timer was set, in bytes.
    taken: usize,
    until: Instant,
    timer: Pin<Box<Sleep>>,
}

impl GuardedStream {
    pub(super) fn new(
        stream: TcpStream,
        place: Place,
        deadlines: Deadlines,
        (progress, refuser, counts): (Arc<Progress>, Refuser, Arc<ConnectionCounts>),
    ) -> Self {
        // A client may open a connection before it needs one, and send its first request as late as any other. Ended
        // earlier, it would lose the request that is sent at that moment.
        let until = Instant::now() + deadlines.idle;
        let reading = Reading { request: 0, has_begun: false, until, timer: None };
        Self {
            stream,
            progress,
            deadlines,
            reading,
            slow_reader: None,
            refuser,
            refusal: Vec::new(),
            linger: None,
            counts,
            _place: place,
        }
    }

    /// Waits for the next bytes of a request's headers.
    fn poll_headers(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let request = self.progress.begun();
        if self.reading.request != request {
            self.reading.request = request;
            self.reading.has_begun = false;
            self.reading.until = self.progress.idle_since() + self.deadlines.idle;
        }
        let before = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(context, buffer) {
            if buffer.filled().len() > before && !self.reading.has_begun {
                self.reading.has_begun = true;
                self.reading.until = Instant::now() + self.deadlines.headers;
            }
            return Poll::Ready(read);
        }
        let until =
            self.progress.last_headers().map_or(self.reading.until, |end| end.min(self.reading.until));
        let timer = self.reading.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
        // A timer that is early is set again when it fires: a connection with many requests sets it once.
        if timer.deadline() > until {
            timer.as_mut().reset(until);
        }
        loop {
            ready!(timer.as_mut().poll(context));
            if timer.deadline() >= until {
                break;
            }
            timer.as_mut().reset(until);
        }
        if !self.reading.has_begun {
            self.counts.ended(Ending::Idle);
            // As if the client had gone: nothing is under way.
            return Poll::Ready(Ok(()));
        }
        self.counts.ended(Ending::Headers);
        self.refusal = self.refuser.write(Refusal::TooSlow);
        // What the socket's buffer does not take now is not worth another wait.
        let _unsent = self.poll_refusal(context);
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the headers did not arrive in time")))
    }

    /// Reads while a request is answered. The parser asks for more only when bytes come, also once the answer is complete:
    /// so a timer makes it ask again, after the time that a connection may be idle.
    fn poll_meanwhile(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_pending() && !self.progress.has_upgraded() {
            let again = Instant::now() + self.deadlines.idle;
            let timer = self.reading.timer.get_or_insert_with(|| Box::pin(sleep_until(again)));
            if timer.deadline() > again {
                timer.as_mut().reset(again);
            }
            while timer.as_mut().poll(context).is_ready() {
                timer.as_mut().reset(again);
            }
        }
        read
    }

    /// Writes what is left of an own answer.
    fn poll_refusal(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.refusal.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &self.refusal))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.refusal.drain(..written.min(self.refusal.len()));
        }
        Poll::Ready(Ok(()))
    }

    /// Takes the place of an answer that the parser gave without a body; returns whether it did.
    fn replaces(&mut self, written: &[u8]) -> bool {
        if self.progress.has_upgraded() || self.progress.is_running() {
            return false;
        }
        let Some(refusal) = parsers_status(written).and_then(Refusal::of_parser) else { return false };
        self.refusal = self.refuser.write(refusal);
        true
    }

    /// Watches a write: one that waits must not wait for a client that takes next to nothing.
    fn watch(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.progress.has_upgraded() {
            return written;
        }
        if let Poll::Ready(outcome) = written {
            if let (Ok(bytes), Some(slow)) = (&outcome, &mut self.slow_reader) {
                slow.taken = slow.taken.saturating_add(*bytes);
                if slow.taken >= LEAST_TAKEN {
                    self.slow_reader = None;
                }
            }
            return Poll::Ready(outcome);
        }
        let write = self.deadlines.write;
        let slow = self.slow_reader.get_or_insert_with(|| SlowReader::new(Instant::now() + write));
        let until = self.progress.last_write().map_or(slow.until, |end| end.min(slow.until));
        if slow.timer.deadline() != until {
            slow.timer.as_mut().reset(until);
        }
        ready!(slow.timer.as_mut().poll(context));
        self.counts.ended(Ending::Write);
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")))
    }

    /// Reads and drops what a refused client still sends: closing the connection over unread bytes would take the
    /// answer from it.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some((timer, left)) = &mut self.linger else { return Poll::Ready(Ok(())) };
        let mut dropped = [0_u8; 4 << 10];
        loop {
            let mut buffer = ReadBuf::new(&mut dropped);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() && *left > buffer.filled().len() => {
                    *left -= buffer.filled().len();
                }
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => return timer.as_mut().poll(context).map(Ok),
            }
        }
    }
}

impl SlowReader {
    fn new(until: Instant) -> Self {
        Self { taken: 0, until, timer: Box::pin(sleep_until(until)) }
    }
}

impl AsyncRead for GuardedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.progress.has_upgraded() || self.progress.is_running() {
            return self.poll_meanwhile(context, buffer);
        }
        self.poll_headers(context, buffer)
    }
}

impl AsyncWrite for GuardedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.replaces(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = slices
            && self.replaces(only)
        {
            return Poll::Ready(Ok(only.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watch(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.refusal.is_empty() {
            ready!(self.poll_refusal(context))?;
            let until = Instant::now() + LINGER;
            self.linger = Some((Box::pin(sleep_until(until)), LINGER_BYTES));
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        self.poll_linger(context)
    }
}
