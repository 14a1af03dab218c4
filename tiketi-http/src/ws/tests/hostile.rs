//! Clients that break the rules, or try to use up what others need.

use axum::body::Body;
use axum::http::Request;
use futures::SinkExt;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

use super::LiveShop;

#[tokio::test]
async fn a_page_of_another_origin_opens_no_socket() {
    let live = LiveShop::open().await;
    assert_eq!(live.try_connect(&[("origin", "https://evil.example")]).await.unwrap_err(), 403);
    assert_eq!(live.try_connect(&[("origin", "null")]).await.unwrap_err(), 403);
    let same = format!("http://{}", live.address);
    assert!(live.try_connect(&[("origin", &same)]).await.is_ok());
}

#[tokio::test]
async fn a_request_that_is_no_handshake_is_told_how_to_open_a_socket() {
    let live = LiveShop::open().await;
    for (version, upgrade) in [("13", "h2c"), ("12", "websocket"), ("", "")] {
        let request = Request::get("/ws").header("connection", "upgrade").header("upgrade", upgrade);
        let request = request.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        let request = request.header("sec-websocket-version", version).body(Body::empty()).unwrap();
        let answer = live.shop.server.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (426, "UPGRADE_REQUIRED".to_owned()));
        assert_eq!((answer.header("upgrade"), answer.header("sec-websocket-version")), ("websocket", "13"));
    }
}

#[tokio::test]
async fn malformed_and_giant_frames_close_only_their_own_socket() {
    let live = LiveShop::open().await;
    let (mut witness, _) = live.joined("seats").await;
    // A text of three bytes without a mask, a reserved opcode, a ping that is split, a text that is no UTF-8, and noise.
    let frames: [&[u8]; 5] = [
        &[0x81, 0x03, b'a', b'b', b'c'],
        &[0x83, 0x80, 0, 0, 0, 0],
        &[0x09, 0x80, 0, 0, 0, 0],
        &[0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28],
        &[0xff; 32],
    ];
    for frame in frames {
        let mut client = live.connect().await;
        client.socket.get_mut().write_all(frame).await.unwrap();
        let (code, _) = client.ended().await;
        assert_eq!(code, 1002, "{frame:02x?}");
    }
    for (length, code) in [(8 << 10, 0), ((8 << 10) + 1, 1009), (1 << 20, 1009)] {
        let mut client = live.connect().await;
        let sent = client.socket.send(Message::text(" ".repeat(length))).await;
        if code == 0 {
            sent.unwrap();
            assert_eq!(client.next_error().await, "MALFORMED_JSON");
        } else {
            assert_eq!(client.ended().await.0, code, "{length}");
        }
    }
    let mut binary = live.connect().await;
    binary.socket.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(binary.ended().await.0, 1003);
    let seats = live.shop.seats().await;
    live.shop.held(&live.shop.buyer, &seats[..1]).await;
    witness.next_of("seats-changed").await;
}

#[tokio::test]
async fn a_frame_that_says_it_is_huge_costs_no_memory() {
    let live = LiveShop::open().await;
    let mut client = live.connect().await;
    let header = [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    client.socket.get_mut().write_all(&header).await.unwrap();
    let (code, _) = client.ended().await;
    assert!([1002, 1009].contains(&code), "{code}");
}

#[tokio::test]
async fn a_flood_of_joins_closes_the_socket() {
    let live = LiveShop::open().await;
    let mut client = live.connect().await;
    for _ in 0..100 {
        if client.socket.send(Message::text(r#"{"type":"join","channel":"seats:x"}"#)).await.is_err() {
            break;
        }
    }
    assert_eq!(client.ended().await, (1008, "too many messages".to_owned()));
}

#[tokio::test]
async fn a_socket_follows_a_limited_number_of_channels() {
    let live = LiveShop::with_limits(|limits| limits.channels = 2).await;
    let (mut client, _) = live.joined("seats").await;
    client.join(&live.channel("event")).await;
    client.next_of("resync").await;
    client.join(&live.channel("queue")).await;
    assert_eq!(client.next_error().await, "TOO_MANY_CHANNELS");
}

#[tokio::test]
async fn anonymous_sockets_of_a_network_are_limited_and_keep_no_user_out() {
    let live = LiveShop::with_limits(|limits| limits.anonymous_per_ipv4 = 2).await;
    let _crowd = [live.joined("seats").await, live.joined("seats").await];
    let mut further = live.connect().await;
    further.join(&live.channel("seats")).await;
    assert_eq!(further.ended().await.0, 1013);
    let mut buyer = live.signed_in(&live.shop.buyer).await;
    buyer.join(&live.channel("seats")).await;
    buyer.next_of("resync").await;
}

#[tokio::test]
async fn a_token_in_the_query_signs_no_one_in() {
    let live = LiveShop::open().await;
    let stream = tokio::net::TcpStream::connect(live.address).await.unwrap();
    let url = format!("ws://{}/ws?token={}", live.address, live.shop.buyer);
    let (socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    let mut client = super::Client { socket };
    client.send(&json!({"type": "auth"})).await;
    assert_eq!(client.next_error().await, "AUTHENTICATION_REQUIRED");
}
