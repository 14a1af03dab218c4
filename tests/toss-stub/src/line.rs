//! TCP connections that a handler can break, or on which it can send an answer twice.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

const SOUND: u8 = 0;
const CUT: u8 = 1;
const TWICE: u8 = 2;

/// The fault of one connection, set by the handler that answers on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line(Arc<AtomicU8>);

impl Line {
    /// Breaks the connection before any further byte is written.
    pub(crate) fn cut(&self) {
        self.0.store(CUT, Ordering::SeqCst);
    }

    /// Makes the connection write the next answer twice.
    pub(crate) fn say_twice(&self) {
        self.0.store(TWICE, Ordering::SeqCst);
    }
}

impl Connected<IncomingStream<'_, Lines>> for Line {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.io().line.clone()
    }
}

/// Accepts connections with a settable fault.
#[derive(Debug)]
pub(crate) struct Lines(pub(crate) TcpListener);

impl Listener for Lines {
    type Io = LineStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (LineStream, SocketAddr) {
        let (stream, from) = Listener::accept(&mut self.0).await;
        (LineStream { stream, line: Line::default(), said: Vec::new() }, from)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// One connection with a settable fault.
#[derive(Debug)]
pub(crate) struct LineStream {
    stream: TcpStream,
    line: Line,
    /// The bytes that are to be written a second time.
    said: Vec<u8>,
}

impl AsyncRead for LineStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for LineStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let state = self.line.0.load(Ordering::SeqCst);
        if state == CUT {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        if state == TWICE {
            self.said.extend_from_slice(bytes.get(..written).unwrap_or_default());
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while !this.said.is_empty() {
            let written = ready!(Pin::new(&mut this.stream).poll_write(context, &this.said))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            this.said.drain(..written);
            if this.said.is_empty() {
                this.line.0.store(SOUND, Ordering::SeqCst);
            }
        }
        Pin::new(&mut this.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
