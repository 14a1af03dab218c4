//! Clients that are slow, too many, or send what is no request.

use std::time::Duration;

use serde_json::Value;
use tiketi_server_harness::{DEADLINE, Running};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};

/// Deadlines so long that no test ends by them, unless it sets its own.
const PATIENT: [&str; 4] =
    ["--header-timeout=5m", "--body-timeout=5m", "--idle-timeout=5m", "--write-timeout=5m"];

async fn connect(running: &Running) -> TcpStream {
    TcpStream::connect(running.address()).await.unwrap()
}

/// Sends a text on a connection of its own.
async fn send(running: &Running, text: &str) -> TcpStream {
    let mut stream = connect(running).await;
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// Reads until the server ends the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // The server may end the connection before it has read all that was sent.
    let _reset = timeout(DEADLINE, stream.read_to_end(&mut answer)).await.expect("it is not ended");
    String::from_utf8(answer).unwrap()
}

/// Asserts that an answer is an error in the shape that all have, and returns its id.
fn assert_shape(answer: &str, status: u16, code: &str) -> String {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    let body: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{body}"));
    assert_eq!(body["code"], code, "{body}");
    assert!(body["error"].as_str().is_some_and(|sentence| !sentence.is_empty()), "{body}");
    let id = body["requestId"].as_str().unwrap().to_owned();
    assert!(head.to_lowercase().contains(&format!("x-request-id: {id}")), "{head}");
    id
}

async fn is_answered(running: &Running, path: &str) -> u16 {
    let text = format!("GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");
    let answer = rest(&mut send(running, &text).await).await;
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer}"))
}

/// Seen to fail with the parser's own answers, which have no body.
#[tokio::test]
async fn what_the_parser_refuses_is_answered_in_the_one_shape_and_logged() {
    let running = Running::start(&[]).await;
    let host = "Host: shop\r\n";
    let huge = "x".repeat(100_000);
    let many = "x: 1\r\n".repeat(200);
    let cases = [
        ("NOT HTTP AT ALL\r\n\r\n".to_owned(), 400, "MALFORMED_REQUEST"),
        (format!("GET / HTTP/1.1\r\n{host}bad header\r\n\r\n"), 400, "MALFORMED_REQUEST"),
        (format!("GET /{huge} HTTP/1.1\r\n{host}\r\n"), 431, "HEADERS_TOO_LARGE"),
        (format!("GET / HTTP/1.1\r\n{host}x: {huge}\r\n\r\n"), 431, "HEADERS_TOO_LARGE"),
        (format!("GET / HTTP/1.1\r\n{host}{many}\r\n"), 431, "HEADERS_TOO_LARGE"),
        (format!("GET /{} HTTP/1.1\r\n{host}\r\n", &huge[..9_000]), 414, "ADDRESS_TOO_LONG"),
    ];
    let mut ids = Vec::new();
    for (text, status, code) in cases {
        let answer = rest(&mut send(&running, &text).await).await;
        ids.push(assert_shape(&answer, status, code));
    }
    // A connection that was used before is answered in the same way.
    let mut used = send(&running, &format!("GET /health/live HTTP/1.1\r\n{host}\r\n")).await;
    let mut first = [0; 16];
    used.read_exact(&mut first).await.unwrap();
    used.write_all(b"NONSENSE\r\n\r\n").await.unwrap();
    let answer = rest(&mut used).await;
    assert_shape(&answer[answer.rfind("HTTP/1.1 ").unwrap()..], 400, "MALFORMED_REQUEST");
    let metrics = running.get_once("/metrics").await.body;
    let line = "tiketi_requests_refused_total{status=\"431\"} 3";
    assert!(metrics.as_str().unwrap().lines().any(|found| found == line), "{metrics}");
    let said = running.stop().await;
    for id in ids {
        assert_eq!(said.err.lines().filter(|line| line.contains(&id)).count(), 1, "{id}: {}", said.err);
    }
}

#[tokio::test]
async fn headers_that_do_not_come_in_time_are_answered_408() {
    let running = Running::start(&["--header-timeout=200ms", "--idle-timeout=5m"]).await;
    let mut partial = send(&running, "GET / HTTP/1.1\r\nHost: sh").await;
    assert_shape(&rest(&mut partial).await, 408, "REQUEST_TOO_SLOW");
    // One byte at a time is no way around it: the time is that of all headers.
    let mut dripping = connect(&running).await;
    let began = Instant::now();
    while began.elapsed() < DEADLINE && dripping.write_all(b"G").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(began.elapsed() < DEADLINE, "it was never ended");
}

#[tokio::test]
async fn a_body_that_stops_is_answered_408_and_does_nothing() {
    let running = Running::start(&["--body-timeout=200ms", "--demo"]).await;
    let head = "POST /api/auth/login HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n";
    let mut stopped = send(&running, &format!("{head}Content-Length: 60\r\n\r\n{{\"email\":")).await;
    assert_shape(&rest(&mut stopped).await, 408, "REQUEST_TOO_SLOW");
}

#[tokio::test]
async fn a_connection_without_a_further_request_is_ended() {
    let running = Running::start(&["--idle-timeout=200ms", "--header-timeout=5m"]).await;
    let mut kept = send(&running, "GET /health/live HTTP/1.1\r\nHost: shop\r\n\r\n").await;
    let answer = rest(&mut kept).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("{\"status\":\"ok\"}"), "{answer}");
    // One that sends nothing at all is ended without an answer.
    assert_eq!(rest(&mut connect(&running).await).await, "");
}

/// Asks for the seats of a hall again and again, and reads nothing.
async fn read_nothing(running: &Running) -> TcpStream {
    let (_, events) = running.get("/api/events?status=on_sale&search=paper+lighthouse", None).await;
    let path = format!("/api/seats/{}", events["data"][0]["id"].as_str().unwrap());
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stream = socket.connect(running.address().parse().unwrap()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: shop\r\n\r\n");
    // More than both ends of the connection buffer.
    for _ in 0..200 {
        stream.write_all(request.as_bytes()).await.unwrap();
    }
    stream
}

async fn until_counted(running: &Running, line: &str) {
    let counted = async {
        loop {
            let metrics = running.get_once("/metrics").await.body;
            if metrics.as_str().unwrap().lines().any(|found| found == line) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(DEADLINE, counted).await.expect("it was not ended");
}

/// Returns how many connections the server has.
async fn connections(running: &Running) -> u64 {
    let metrics = running.get_once("/metrics").await.body;
    let mut lines = metrics.as_str().unwrap().lines();
    lines.find_map(|line| line.strip_prefix("tiketi_connections ")).unwrap().parse().unwrap()
}

/// Fails without the deadline of writes.
#[tokio::test]
async fn a_client_that_does_not_read_is_ended() {
    let running = Running::start(&["--demo", "--write-timeout=200ms"]).await;
    let _unread = read_nothing(&running).await;
    until_counted(&running, "tiketi_connections_ended_total{cause=\"write\"} 1").await;
}

/// Fails without spare connections: the health check is not accepted either.
#[tokio::test]
async fn health_is_answered_while_partial_headers_hold_every_connection() {
    let running = Running::start(&[&PATIENT[..], &["--max-connections=64"]].concat()).await;
    let mut held = Vec::new();
    for _ in 0..320 {
        held.push(send(&running, "GET / HTTP/1.1\r\nHost: ").await);
    }
    until_counted(&running, "tiketi_connections 64").await;
    assert_eq!(is_answered(&running, "/health/live").await, 200);
    assert_eq!(is_answered(&running, "/health/ready").await, 200);
    let shop = "GET /api/events HTTP/1.1\r\nHost: shop\r\n\r\n";
    let answer = rest(&mut send(&running, shop).await).await;
    assert_shape(&answer, 503, "TOO_BUSY");
    assert!(answer.to_lowercase().contains("retry-after: 1"), "{answer}");
    drop(held);
    let sells_again = async {
        while is_answered(&running, "/api/events").await != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(DEADLINE, sells_again).await.expect("places were not freed");
}

/// Every network of the loopback counts by itself.
#[tokio::test]
async fn one_network_keeps_no_other_one_out() {
    let options = ["--max-connections=1000", "--connections-ipv4=20", "--listen", "127.0.0.1:0"];
    let running = Running::of(tiketi_server_harness::server(&[&PATIENT[..], &options].concat())).await;
    let mut held = Vec::new();
    for _ in 0..200 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.9.1:0".parse().unwrap()).unwrap();
        let mut stream = socket.connect(running.address().parse().unwrap()).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        held.push(stream);
    }
    until_counted(&running, "tiketi_connections_beyond_total{limit=\"network\"} 180").await;
    assert_eq!(is_answered(&running, "/api/events").await, 200);
}

/// Seen to fail with a graceful end that waits for headers: it takes the 20 s of running requests.
#[tokio::test]
async fn partial_headers_and_slow_readers_do_not_stretch_the_end() {
    let running = Running::start(&[&PATIENT[..], &["--demo"]].concat()).await;
    let mut held = Vec::new();
    for _ in 0..320 {
        held.push(send(&running, "GET / HTTP/1.1\r\nHost: ").await);
    }
    let _unread = read_nothing(&running).await;
    let held_all = async {
        while connections(&running).await < 321 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(DEADLINE, held_all).await.expect("they were not accepted");
    let began = Instant::now();
    let said = running.stop().await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(!said.err.contains("aborting requests"), "{} after {:?}", said.err, began.elapsed());
}
