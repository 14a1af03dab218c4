//! Shutdown by a signal.

use tiketi_server_harness::{DEADLINE, Running};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant, sleep, timeout};

const BODY: &str = r#"{"email":"demo@tiketi.dev","password":"demo1234"}"#;

/// Opens a sign-in of which the server has read half the body.
async fn half_a_sign_in(running: &Running) -> TcpStream {
    let mut stream = TcpStream::connect(running.address()).await.unwrap();
    let head = format!(
        "POST /api/auth/login HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
        BODY.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server sends 100 Continue when a handler reads the body: from here on the request is running.
    let mut answer = [0_u8; 25];
    timeout(DEADLINE, stream.read_exact(&mut answer)).await.expect("it never asked").unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(&BODY.as_bytes()[..10]).await.unwrap();
    stream
}

async fn until_it_takes_no_more(running: &Running) {
    let refused = async {
        while TcpStream::connect(running.address()).await.is_ok() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(DEADLINE, refused).await.expect("it went on taking connections");
}

#[tokio::test]
async fn shutdown_finishes_running_requests_and_ends_with_code_0() {
    for signal in ["TERM", "INT"] {
        let running = Running::start(&["--demo"]).await;
        let mut stream = half_a_sign_in(&running).await;
        running.signal(signal).await;
        until_it_takes_no_more(&running).await;
        stream.write_all(&BODY.as_bytes()[10..]).await.unwrap();
        let mut answer = String::new();
        timeout(DEADLINE, stream.read_to_string(&mut answer)).await.expect("no answer").unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let said = running.ended().await;
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.err.contains("stopped"), "{said:?}");
    }
}

#[tokio::test]
async fn shutdown_does_not_wait_for_idle_connections() {
    let running = Running::start(&[]).await;
    assert_eq!(running.get("/health", None).await.0, 200);
    let idle = TcpStream::connect(running.address()).await.unwrap();
    let said = timeout(Duration::from_secs(15), running.stop()).await.expect("it waited for nothing");
    assert_eq!(said.code, Some(0), "{said:?}");
    drop(idle);
}

#[tokio::test]
async fn a_second_signal_ends_the_server_at_once() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let running = Running::start(&["--demo"]).await;
        let _stuck = half_a_sign_in(&running).await;
        running.signal("TERM").await;
        until_it_takes_no_more(&running).await;
        running.signal(signal).await;
        let ended = timeout(Duration::from_secs(15), running.ended()).await;
        assert_eq!(ended.expect("it did not end at once").code, Some(code));
    }
}

/// Asks for readiness until it has a status, and returns how long that took.
async fn until_ready_is(running: &Running, status: u16) {
    let asked = async {
        while running.get_once("/health/ready").await.status != status {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(DEADLINE, asked).await.expect("its readiness did not change");
}

/// Seen to fail without the grace.
#[tokio::test]
async fn after_a_signal_the_server_is_not_ready_and_serves_for_the_grace() {
    let running = Running::start(&["--demo", "--shutdown-grace=4s"]).await;
    until_ready_is(&running, 200).await;
    let began = Instant::now();
    running.signal("TERM").await;
    until_ready_is(&running, 503).await;
    let answer = running.get_once("/health/ready").await;
    assert_eq!(answer.body["details"]["checks"]["server"], "stopping", "{answer:?}");
    // New connections are served, and so is a sale.
    assert_eq!(running.get_once("/health/live").await.status, 200);
    crate::restart::buy(&running, 0).await;
    let said = running.ended().await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(began.elapsed() >= Duration::from_secs(4), "it ended after {:?}", began.elapsed());
}

#[tokio::test]
async fn a_second_signal_ends_the_grace_at_once() {
    let running = Running::start(&["--shutdown-grace=10m"]).await;
    running.signal("TERM").await;
    until_ready_is(&running, 503).await;
    running.signal("TERM").await;
    let ended = timeout(DEADLINE, running.ended()).await;
    assert_eq!(ended.expect("it did not end at once").code, Some(143));
}
