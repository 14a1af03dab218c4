//! Writes messages to one socket and reads from it, without ever waiting for its reader.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use crate::channels::SocketLimits;

/// Most bytes that are copied into the buffer of a socket before they are written. A longer message is sent in parts:
/// the socket would keep a buffer of its length. Messages themselves are shared by all sockets.
const PART_BYTES: usize = 4 << 10;
/// Bytes that are read at once; the library takes 128 KiB a socket by default.
const READ_BYTES: usize = 4 << 10;
/// Above what is copied, so that one write takes all of it.
const WRITE_BYTES: usize = 16 << 10;

/// A socket with the messages that wait to be written.
#[derive(Debug)]
pub(super) struct Wire<S> {
    socket: WebSocketStream<S>,
    queue: VecDeque<Utf8Bytes>,
    /// The rest of a message that is sent in parts.
    rest: Bytes,
    needs_flush: bool,
    /// Since when the reader blocks.
    blocked_since: Option<Instant>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// Takes a connection whose handshake is done.
    pub(super) async fn new(io: S, limits: &SocketLimits) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(WRITE_BYTES)
            .max_write_buffer_size(2 * WRITE_BYTES)
            .max_message_size(Some(limits.message_bytes))
            .max_frame_size(Some(limits.message_bytes));
        let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        let (queue, rest) = (VecDeque::new(), Bytes::new());
        Self { socket, queue, rest, needs_flush: false, blocked_since: None }
    }

    /// Adds a message to those that wait.
    pub(super) fn send(&mut self, text: Utf8Bytes) {
        self.queue.push_back(text);
    }

    /// Sends a ping.
    pub(super) fn ping(&mut self) -> Result<(), Error> {
        self.start(Message::Ping(Bytes::new()))
    }

    /// Returns since when the reader blocks.
    pub(super) const fn blocked_since(&self) -> Option<Instant> {
        self.blocked_since
    }

    /// Writes all that waits; pending while the reader blocks.
    pub(super) fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            if self.needs_flush {
                let flushed = Pin::new(&mut self.socket).poll_flush(context);
                if flushed.is_pending() {
                    self.blocked_since.get_or_insert_with(Instant::now);
                }
                ready!(flushed)?;
                self.needs_flush = false;
                self.blocked_since = None;
            }
            if !self.start_some()? {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Reads the next message.
    pub(super) fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Message, Error>>> {
        let read = Pin::new(&mut self.socket).poll_next(context);
        if let Poll::Ready(Some(Ok(Message::Ping(_) | Message::Close(_)))) = &read {
            // The library has an answer to it.
            self.needs_flush = true;
        }
        read
    }

    /// Sends a close frame, and reads until the client has closed: what it sent meanwhile must not make its system throw
    /// the frame away.
    pub(super) async fn close(mut self, frame: CloseFrame) -> Result<(), Error> {
        self.start(Message::Close(Some(frame)))?;
        std::future::poll_fn(|context| Pin::new(&mut self.socket).poll_flush(context)).await?;
        while let Some(Ok(_)) = std::future::poll_fn(|context| self.poll_read(context)).await {}
        Ok(())
    }

    /// Sends the answer to the client's close frame.
    pub(super) async fn answer_close(mut self) -> Result<(), Error> {
        std::future::poll_fn(|context| Pin::new(&mut self.socket).poll_flush(context)).await
    }

    /// Copies messages into the socket's buffer, up to a limit; returns whether there were any.
    fn start_some(&mut self) -> Result<bool, Error> {
        if !self.rest.is_empty() {
            self.start_part(OpCode::Data(Data::Continue))?;
            return Ok(true);
        }
        let mut bytes = 0;
        while let Some(next) = self.queue.front() {
            if bytes > 0 && bytes + next.len() > PART_BYTES {
                break;
            }
            bytes += next.len();
            let Some(next) = self.queue.pop_front() else { break };
            if next.len() > PART_BYTES {
                self.rest = next.into();
                self.start_part(OpCode::Data(Data::Text))?;
                break;
            }
            self.start(Message::Text(next))?;
        }
        if self.queue.is_empty() && bytes > 0 {
            // A snapshot of a moment ago need not be remembered by the queue of an idle socket.
            self.queue.shrink_to(4);
        }
        Ok(bytes > 0)
    }

    fn start_part(&mut self, code: OpCode) -> Result<(), Error> {
        let part = self.rest.split_to(PART_BYTES.min(self.rest.len()));
        let is_last = self.rest.is_empty();
        self.start(Message::Frame(Frame::message(part, code, is_last)))
    }

    fn start(&mut self, message: Message) -> Result<(), Error> {
        self.needs_flush = true;
        Pin::new(&mut self.socket).start_send(message)
    }
}

#[cfg(test)]
mod tests {
    use futures::future::poll_fn;
    use tokio::io::duplex;

    use super::*;

    async fn read<S: AsyncRead + AsyncWrite + Unpin>(wire: &mut Wire<S>) -> Message {
        poll_fn(|context| wire.poll_read(context)).await.unwrap().unwrap()
    }

    async fn pair() -> (Wire<tokio::io::DuplexStream>, WebSocketStream<tokio::io::DuplexStream>) {
        let (near, far) = duplex(1 << 10);
        let wire = Wire::new(near, &SocketLimits::default()).await;
        (wire, WebSocketStream::from_raw_socket(far, Role::Client, None).await)
    }

    async fn receive(client: &mut WebSocketStream<tokio::io::DuplexStream>) -> Message {
        poll_fn(|context| Pin::new(&mut *client).poll_next(context)).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_long_message_arrives_whole_between_short_ones() {
        let (mut wire, mut client) = pair().await;
        let texts = ["short".to_owned(), "x".repeat(3 * PART_BYTES + 1), "last".to_owned()];
        for text in &texts {
            wire.send(text.as_str().into());
        }
        let writing = async { poll_fn(|context| wire.poll_write(context)).await.unwrap() };
        let reading = async {
            for text in &texts {
                assert_eq!(receive(&mut client).await, Message::text(text.as_str()));
            }
        };
        tokio::join!(writing, reading);
    }

    #[tokio::test]
    async fn a_reader_that_blocks_is_noticed_and_not_waited_for() {
        let (mut wire, mut client) = pair().await;
        wire.send("x".repeat(2 << 10).into());
        let written = poll_fn(|context| Poll::Ready(wire.poll_write(context).is_ready())).await;
        assert!(!written && wire.blocked_since().is_some());
        let (written, _) = tokio::join!(poll_fn(|context| wire.poll_write(context)), receive(&mut client));
        assert!(written.is_ok() && wire.blocked_since().is_none());
    }

    #[tokio::test]
    async fn a_message_longer_than_the_limit_is_an_error() {
        let (mut wire, mut client) = pair().await;
        let long = Message::text("x".repeat(SocketLimits::default().message_bytes + 1));
        let sending = tokio::spawn(async move { futures::SinkExt::send(&mut client, long).await });
        let error = poll_fn(|context| wire.poll_read(context)).await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Capacity(_)), "{error}");
        drop(wire);
        let _ = sending.await.unwrap();
    }

    #[tokio::test]
    async fn pings_are_answered() {
        let (mut wire, mut client) = pair().await;
        futures::SinkExt::send(&mut client, Message::Ping(Bytes::from_static(b"7"))).await.unwrap();
        assert!(matches!(read(&mut wire).await, Message::Ping(_)));
        poll_fn(|context| wire.poll_write(context)).await.unwrap();
        assert_eq!(receive(&mut client).await, Message::Pong(Bytes::from_static(b"7")));
    }
}
