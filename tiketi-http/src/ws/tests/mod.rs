//! Sockets as clients see them, over real connections.

mod channels;
mod document;
mod ending;
mod hostile;
mod users;

use std::net::SocketAddr;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::channels::SocketLimits;
use crate::routes::tests::Shop;
use crate::test_support::Server;

/// Longest wait for what must happen; a slow machine needs some of it.
const DEADLINE: Duration = Duration::from_mins(1);

/// A shop that serves sockets at an address.
pub(super) struct LiveShop {
    pub(super) shop: Shop,
    pub(super) address: SocketAddr,
    serving: AbortHandle,
}

impl Drop for LiveShop {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl LiveShop {
    pub(super) async fn open() -> Self {
        Self::with_limits(|_| {}).await
    }

    pub(super) async fn with_limits(change: impl FnOnce(&mut SocketLimits)) -> Self {
        let mut limits = SocketLimits::default();
        change(&mut limits);
        let server = Server::with_state(|shop| shop, |state| state.socket_limits(limits));
        let app = server.app.clone().into_make_service_with_connect_info::<SocketAddr>();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }).abort_handle();
        Self { shop: Shop::over(server).await, address, serving }
    }

    pub(super) async fn connect(&self) -> Client {
        self.try_connect(&[]).await.unwrap()
    }

    /// Opens a socket whose client takes little before it has to be read.
    pub(super) async fn connect_narrow(&self) -> Client {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 << 10).unwrap();
        let stream = socket.connect(self.address).await.unwrap();
        let (socket, _) = client_async(format!("ws://{}/ws", self.address), stream).await.unwrap();
        Client { socket }
    }

    /// Opens a socket with further headers; the status of the answer if it is refused.
    pub(super) async fn try_connect(&self, headers: &[(&'static str, &str)]) -> Result<Client, u16> {
        let mut request = format!("ws://{}/ws", self.address).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Client { socket }),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens a socket that follows a channel of the event, and returns it with the first snapshot.
    pub(super) async fn joined(&self, topic: &str) -> (Client, Value) {
        let mut client = self.connect().await;
        client.join(&self.channel(topic)).await;
        let snapshot = client.next().await;
        assert_eq!(snapshot["type"], "resync", "{snapshot}");
        (client, snapshot)
    }

    /// Opens a socket of a signed-in user.
    pub(super) async fn signed_in(&self, token: &str) -> Client {
        let mut client = self.connect().await;
        client.send(&json!({"type": "auth", "token": token})).await;
        let begin = client.next().await;
        assert_eq!((&begin["type"], &begin["channel"]), (&json!("resync"), &json!("personal")), "{begin}");
        client
    }

    pub(super) fn channel(&self, topic: &str) -> String {
        format!("{topic}:{}", self.shop.event)
    }

    /// Waits until so many sockets are open.
    pub(super) async fn await_sockets(&self, count: usize) {
        let reached = async {
            while self.shop.server.state.socket_count() != count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let open = || self.shop.server.state.socket_count();
        timeout(DEADLINE, reached).await.unwrap_or_else(|_| panic!("{} sockets, not {count}", open()));
    }
}

/// A client.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) socket: WebSocketStream<TcpStream>,
}

impl Client {
    pub(super) async fn send(&mut self, message: &Value) {
        self.send_text(&message.to_string()).await;
    }

    pub(super) async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub(super) async fn join(&mut self, channel: &str) {
        self.send(&json!({"type": "join", "channel": channel})).await;
    }

    /// Returns the next message.
    pub(super) async fn next(&mut self) -> Value {
        let read = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    other => panic!("no message: {other:?}"),
                }
            }
        };
        timeout(DEADLINE, read).await.expect("no message came")
    }

    /// Returns the next message, which is of this type.
    pub(super) async fn next_of(&mut self, kind: &str) -> Value {
        let message = self.next().await;
        assert_eq!(message["type"], kind, "{message}");
        message
    }

    /// Returns the code of the error that comes next.
    pub(super) async fn next_error(&mut self) -> String {
        let error = self.next_of("error").await;
        assert_eq!(error["seq"], 0);
        assert!(!error["data"]["error"].as_str().unwrap().is_empty());
        error["data"]["code"].as_str().unwrap().to_owned()
    }

    /// Reads to the end; returns the code and the reason of the close frame, or 0 without one.
    pub(super) async fn ended(&mut self) -> (u16, String) {
        let read = async {
            let mut ended = (0, String::new());
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Close(Some(frame)))) => {
                        ended = (frame.code.into(), frame.reason.to_string());
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return ended,
                }
            }
        };
        timeout(DEADLINE, read).await.expect("the socket did not end")
    }
}
