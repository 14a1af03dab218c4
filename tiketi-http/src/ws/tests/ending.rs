//! How sockets end.

use std::time::Duration;

use futures::SinkExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::{DEADLINE, LiveShop};

#[tokio::test]
async fn a_server_that_stops_tells_each_client_when_to_come_back() {
    let live = LiveShop::open().await;
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(live.joined("seats").await.0);
    }
    let state = live.shop.server.state.clone();
    let closing = tokio::spawn(async move { state.close_sockets().await });
    let mut delays = Vec::new();
    for socket in &mut sockets {
        let (code, reason) = socket.ended().await;
        let reason: Value = serde_json::from_str(&reason).unwrap();
        assert_eq!(code, 1012);
        delays.push(reason["reconnectAfterMs"].as_u64().unwrap());
    }
    timeout(DEADLINE, closing).await.unwrap().unwrap();
    assert_eq!(live.shop.server.state.socket_count(), 0);
    delays.sort_unstable();
    delays.dedup();
    assert!(delays.len() > 5 && delays.iter().all(|delay| *delay < 15_000), "{delays:?}");
    assert_eq!(live.try_connect(&[]).await.unwrap_err(), 503);
}

#[tokio::test]
async fn a_client_that_closes_is_answered_and_forgotten() {
    let live = LiveShop::open().await;
    let (mut client, _) = live.joined("seats").await;
    client.socket.close(None).await.unwrap();
    client.ended().await;
    live.await_sockets(0).await;
}

/// Seen to fail without pings.
#[tokio::test]
async fn a_client_that_lets_two_pings_pass_is_dropped() {
    let live = LiveShop::with_limits(|limits| limits.ping_every = Duration::from_millis(50)).await;
    let (silent, _) = live.joined("seats").await;
    let (mut answering, _) = live.joined("seats").await;
    // A client that is not read from answers nothing; its connection stays open.
    let alive = tokio::spawn(async move { answering.ended().await });
    live.await_sockets(1).await;
    assert!(!alive.is_finished());
    drop(silent);
    alive.abort();
}

/// Seen to fail with only pings, which a silent client may answer.
#[tokio::test]
async fn a_socket_without_a_first_message_is_closed() {
    let live = LiveShop::with_limits(|limits| limits.first_message_within = Duration::from_millis(50)).await;
    let mut client = live.connect().await;
    assert_eq!(client.ended().await, (1008, "no message came in time".to_owned()));
    live.await_sockets(0).await;
}

/// Seen to fail without the deadline of a write.
#[tokio::test]
async fn a_client_that_does_not_read_is_dropped_and_delays_no_one() {
    let live = LiveShop::with_limits(|limits| {
        (limits.write_within, limits.message_every) = (Duration::from_millis(200), Duration::from_micros(1));
    })
    .await;
    let (mut reads, _) = live.joined("seats").await;
    let mut stuck = live.connect_narrow().await;
    // Each join is answered with a snapshot of 30 seats, until no more fits between the two.
    let flooding = async {
        let join = json!({"type": "join", "channel": live.channel("seats")}).to_string();
        while stuck.socket.send(Message::text(join.as_str())).await.is_ok() {}
    };
    let seats = live.shop.seats().await;
    let watching = async {
        live.shop.held(&live.shop.buyer, &seats[..1]).await;
        reads.next_of("seats-changed").await;
    };
    timeout(DEADLINE, async { tokio::join!(flooding, watching) }).await.expect("the client was not dropped");
    live.await_sockets(1).await;
}

#[tokio::test]
async fn a_connection_that_is_cut_is_forgotten() {
    let live = LiveShop::open().await;
    let mut raw = TcpStream::connect(live.address).await.unwrap();
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        live.address
    );
    raw.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 512];
    let bytes = raw.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..bytes]).to_lowercase();
    // The key of the example of RFC 6455, 1.3.
    assert!(answer.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{answer}");
    live.await_sockets(1).await;
    drop(raw);
    live.await_sockets(0).await;
}
