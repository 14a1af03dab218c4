//! What a client sends on a WebSocket: messages, or bytes that are no frames.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::shop::{Shop, assert_nothing_panicked};

const DEADLINE: Duration = Duration::from_mins(1);
/// Inputs that begin so are sent as they are, and not in frames.
const RAW: u8 = b'!';

/// Sends each line as a message, with `EVENT` replaced by the event. Every answer is a message of a known shape, and the
/// server ends the socket when the client does.
pub fn socket(bytes: &[u8]) {
    let shop = Shop::get();
    shop.runtime.block_on(async {
        let stream = TcpStream::connect(shop.address).await.unwrap();
        let (mut socket, _) = client_async(format!("ws://{}/ws", shop.address), stream).await.unwrap();
        if let Some(raw) = bytes.strip_prefix(&[RAW]) {
            let _ended_by_the_server = socket.get_mut().write_all(raw).await;
            let _ended_by_the_server = socket.get_mut().shutdown().await;
        } else {
            for line in bytes.split(|byte| *byte == b'\n') {
                let message = match std::str::from_utf8(line) {
                    Ok(text) => Message::text(text.replace("EVENT", &shop.event)),
                    Err(_) => Message::binary(line.to_vec()),
                };
                if socket.send(message).await.is_err() {
                    break;
                }
            }
            let _ended_by_the_server = socket.close(None).await;
        }
        let read_all = async {
            while let Some(Ok(message)) = socket.next().await {
                check(&message);
            }
        };
        timeout(DEADLINE, read_all).await.expect("the server does not end the socket");
    });
    assert_nothing_panicked();
}

fn check(message: &Message) {
    let Message::Text(text) = message else { return };
    let value: Value = serde_json::from_str(text).expect("a text is JSON");
    assert!(value["type"].is_string(), "{value}");
}
