//! Traces over OTLP, sent to a small collector.

// Always true for this target. With it, Clippy treats helper functions as tests as well.
#![cfg(test)]

use tiketi_server_harness::{DEADLINE, Running, run};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Receives requests at an address of its own, and passes on their paths and bodies.
async fn collector() -> (String, mpsc::UnboundedReceiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(collect(stream, sender.clone()));
        }
    });
    (address, received)
}

/// Answers the requests of a connection with 200, as a collector that took everything does.
async fn collect(mut stream: TcpStream, sender: mpsc::UnboundedSender<(String, Vec<u8>)>) {
    let mut bytes = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let text = String::from_utf8(bytes[..head].to_vec()).unwrap().to_lowercase();
        assert!(text.contains("content-type: application/x-protobuf"), "{text}");
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let end = head + length.trim().parse::<usize>().unwrap();
        while bytes.len() < end {
            assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0);
        }
        let path = text.split(' ').nth(1).unwrap().to_owned();
        sender.send((path, bytes[head..end].to_vec())).unwrap();
        bytes.drain(..end);
        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
    }
}

/// Reads a variable-length number of protobuf.
fn number(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            break;
        }
    }
    value
}

/// Returns the parts of a message under one field (source: protobuf's "Encoding").
fn parts(mut message: &[u8], wanted: u64) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while !message.is_empty() {
        let tag = number(&mut message);
        let length = match tag & 7 {
            0 => {
                number(&mut message);
                0
            }
            1 => 8,
            2 => usize::try_from(number(&mut message)).unwrap(),
            5 => 4,
            kind => panic!("no such kind: {kind}"),
        };
        let (part, rest) = message.split_at(length);
        message = rest;
        if tag >> 3 == wanted && tag & 7 == 2 {
            found.push(part);
        }
    }
    found
}

/// Returns the spans of an export: resource spans, scope spans, spans (source: OTLP's `trace.proto`).
fn spans(export: &[u8]) -> Vec<&[u8]> {
    let resources = parts(export, 1).into_iter();
    resources.flat_map(|resource| parts(resource, 2)).flat_map(|scope| parts(scope, 2)).collect()
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

/// Fails without the flush at the end: the last batch is lost.
#[tokio::test]
async fn the_spans_of_requests_reach_a_collector_before_the_server_ends() {
    let (address, mut received) = collector().await;
    let running = Running::start(&["--demo", "--otlp-endpoint", &address, "--log=off"]).await;
    assert_eq!(running.get("/api/events", None).await.0, 200);
    assert_eq!(running.get("/api/events/nonsense", None).await.0, 400);
    let said = running.stop().await;
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    let mut paths = Vec::new();
    while let Ok(Some((path, export))) = timeout(DEADLINE, received.recv()).await {
        assert_eq!(path, "/v1/traces");
        assert!(has(&export, "service.name") && has(&export, "tiketi-server"));
        for span in spans(&export) {
            // Field 5 is the name.
            if parts(span, 5) == [b"request"] {
                paths.extend(
                    ["/api/events", "/api/events/nonsense"].into_iter().filter(|path| has(span, path)),
                );
                assert!(has(span, "request_id") && has(span, "method"));
            }
        }
        if paths.contains(&"/api/events/nonsense") {
            break;
        }
    }
    assert!(paths.contains(&"/api/events"), "{paths:?}");
}

#[tokio::test]
async fn a_collector_that_is_down_stops_nothing() {
    let running = Running::start(&["--otlp-endpoint", "http://127.0.0.1:1"]).await;
    assert_eq!(running.get("/api/events", None).await.0, 200);
    assert_eq!(running.stop().await.code, Some(0));
}

#[tokio::test]
async fn a_ratio_that_is_none_is_refused() {
    let refused = run(&["--otlp-endpoint=http://127.0.0.1:1", "--otlp-ratio=2"]).await;
    assert!(refused.code != Some(0) && refused.err.contains("--otlp-ratio"), "{refused:?}");
}
