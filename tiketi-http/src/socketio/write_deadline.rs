//! Ends a connection whose peer does not take what is written.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A connection whose writes fail once one of them has waited for a time.
///
/// TCP itself waits without end for a peer that keeps its window closed.
#[derive(Debug)]
pub(super) struct WriteDeadline<C> {
    connection: C,
    patience: Duration,
    /// When the write that waits fails.
    deadline: Option<Pin<Box<Sleep>>>,
    has_failed: bool,
}

impl<C> WriteDeadline<C> {
    pub(super) const fn new(connection: C, patience: Duration) -> Self {
        Self { connection, patience, deadline: None, has_failed: false }
    }

    /// Watches the outcome of a write or a flush.
    fn watch<T>(&mut self, outcome: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            return outcome;
        }
        let patience = self.patience;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(deadline.as_mut().poll(context));
        self.has_failed = true;
        Poll::Ready(Err(stalled()))
    }
}

fn stalled() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the peer does not read")
}

impl<C: AsyncRead + Unpin> AsyncRead for WriteDeadline<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.has_failed {
            return Poll::Ready(Err(stalled()));
        }
        Pin::new(&mut self.connection).poll_read(context, buffer)
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for WriteDeadline<C> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.has_failed {
            return Poll::Ready(Err(stalled()));
        }
        let outcome = Pin::new(&mut self.connection).poll_write(context, bytes);
        if outcome.is_ready() {
            // A flush alone shows nothing: that of TCP is always ready.
            self.deadline = None;
        }
        self.watch(outcome, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.has_failed {
            return Poll::Ready(Err(stalled()));
        }
        let outcome = Pin::new(&mut self.connection).poll_flush(context);
        self.watch(outcome, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_does_not_read_ends_the_connection() {
        let (near, _far) = duplex(16);
        let mut write_deadline = WriteDeadline::new(near, PATIENCE);
        let written =
            timeout(PATIENCE * 2, write_deadline.write_all(&[0; 64])).await.expect("it would wait for ever");
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(write_deadline.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(write_deadline.flush().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_reads_slowly_keeps_the_connection() {
        let (near, mut far) = duplex(16);
        let mut write_deadline = WriteDeadline::new(near, PATIENCE);
        let reading = tokio::spawn(async move {
            for _ in 0..8 {
                sleep(PATIENCE / 2).await;
                far.read_exact(&mut [0; 16]).await.unwrap();
            }
        });
        write_deadline.write_all(&[0; 128]).await.unwrap();
        reading.await.unwrap();
    }
}
