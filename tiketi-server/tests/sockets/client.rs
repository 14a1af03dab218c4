//! A client with a socket, which keeps the map that it was told.

use std::collections::HashMap;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tiketi_server_harness::DEADLINE;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// Seats as a client knows them: status and version by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seats(pub(crate) HashMap<String, (String, u64)>);

impl Seats {
    /// Takes each seat that is later than what is known.
    pub(crate) fn apply(&mut self, changes: &Value, id: &str) {
        for change in changes.as_array().unwrap() {
            let text = |name: &str| change[name].as_str().unwrap().to_owned();
            let version = change["version"].as_u64().unwrap();
            let known = self.0.entry(text(id)).or_default();
            if known.0.is_empty() || version > known.1 {
                *known = (text("status"), version);
            }
        }
    }
}

/// A client.
#[derive(Debug)]
pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
    pub(crate) seats: Seats,
    /// The map version that it was told.
    pub(crate) version: u64,
    /// The number of its latest message about seats.
    pub(crate) seen: Option<u64>,
}

impl Client {
    /// Opens a socket at a server.
    pub(crate) async fn open(address: &str) -> Self {
        let opening = async {
            let stream = TcpStream::connect(address).await.unwrap();
            client_async(format!("ws://{address}/ws"), stream).await.unwrap().0
        };
        let socket = timeout(DEADLINE, opening).await.expect("no socket opened");
        Self { socket, seats: Seats::default(), version: 0, seen: None }
    }

    /// Connects to a server again, and keeps the seats that the client has.
    pub(crate) async fn reopen(self, address: &str) -> Self {
        let Self { socket: _, seats, version, seen } = self;
        Self { seats, version, seen, ..Self::open(address).await }
    }

    pub(crate) async fn send(&mut self, message: &Value) {
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    /// Follows the seats of an event, from where the client is.
    pub(crate) async fn follow(&mut self, event: &str) {
        let join = match self.seen {
            Some(seen) => json!({"type": "join", "channel": format!("seats:{event}"), "since": seen}),
            None => json!({"type": "join", "channel": format!("seats:{event}")}),
        };
        self.send(&join).await;
    }

    /// Signs in.
    pub(crate) async fn sign_in(&mut self, token: &str) {
        self.send(&json!({"type": "auth", "token": token})).await;
        let begun = self.next().await.unwrap();
        assert_eq!((&begun["channel"], &begun["type"]), (&json!("personal"), &json!("resync")), "{begun}");
    }

    /// Returns the next message; `None` at the end of the socket.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            match timeout(DEADLINE, self.socket.next()).await.expect("no message came") {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Returns the code and the reason of the close frame.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            match timeout(DEADLINE, self.socket.next()).await.expect("the socket did not end") {
                Some(Ok(Message::Close(Some(frame)))) => {
                    return (frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return (0, String::new()),
            }
        }
    }

    /// Takes a message about seats, and checks that none is missing before it.
    pub(crate) fn take(&mut self, message: &Value) {
        let seq = message["seq"].as_u64().unwrap();
        match message["type"].as_str().unwrap() {
            "resync" => self.seats = Seats::default(),
            "seats-changed" => {
                let after = message["since"].as_u64().unwrap_or(seq - 1);
                assert!(self.seen.is_some_and(|seen| after <= seen), "after {:?} came {message}", self.seen);
            }
            _ => panic!("not about seats: {message}"),
        }
        self.seats.apply(&message["data"]["changes"], "seatId");
        self.seen = Some(seq);
        self.version = message["data"]["version"].as_u64().unwrap();
    }

    /// Reads until the client has a map version.
    pub(crate) async fn catch_up(&mut self, version: u64) {
        while self.version < version {
            let message = self.next().await.expect("the socket ended");
            self.take(&message);
        }
    }
}
