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
pub(crate) struct ConnectionFault(Arc<AtomicU8>);

impl ConnectionFault {
    /// Breaks the connection before any further byte is written.
    pub(crate) fn cut(&self) {
        self.0.store(CUT, Ordering::SeqCst);
    }

    /// Makes the connection write the next answer twice.
    pub(crate) fn write_twice(&self) {
        self.0.store(TWICE, Ordering::SeqCst);
    }
}

impl Connected<IncomingStream<'_, FaultListener>> for ConnectionFault {
    fn connect_info(stream: IncomingStream<'_, FaultListener>) -> Self {
        stream.io().fault.clone()
    }
}

/// Accepts connections with a settable fault.
#[derive(Debug)]
pub(crate) struct FaultListener(pub(crate) TcpListener);

impl Listener for FaultListener {
    type Io = FaultStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (FaultStream, SocketAddr) {
        let (stream, from) = Listener::accept(&mut self.0).await;
        (FaultStream { stream, fault: ConnectionFault::default(), second_copy: Vec::new() }, from)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// One connection with a settable fault.
#[derive(Debug)]
pub(crate) struct FaultStream {
    stream: TcpStream,
    fault: ConnectionFault,
    /// The bytes that are to be written a second time.
    second_copy: Vec<u8>,
}

impl AsyncRead for FaultStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for FaultStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let state = self.fault.0.load(Ordering::SeqCst);
        if state == CUT {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        if state == TWICE {
            self.second_copy.extend_from_slice(bytes.get(..written).unwrap_or_default());
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while !this.second_copy.is_empty() {
            let written = ready!(Pin::new(&mut this.stream).poll_write(context, &this.second_copy))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            this.second_copy.drain(..written);
            if this.second_copy.is_empty() {
                this.fault.0.store(SOUND, Ordering::SeqCst);
            }
        }
        Pin::new(&mut this.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
