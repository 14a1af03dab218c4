//! Readiness: whether the store of a running server takes writes.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use tiketi_postgres_harness::{Database, Fsync, Server};
use tiketi_server_harness::{DEADLINE, Running, SECRET, migrate};
use tokio::time::{sleep, timeout};

use crate::relay::Relay;
use crate::restart::{buy, file_of, store};

/// Waits until the readiness check answers with a status, and returns the body.
async fn until_ready_is(running: &Running, status: u16) -> Value {
    let asked = async {
        loop {
            let answer = running.get_once("/health/ready").await;
            if answer.status == status {
                return answer.body;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(DEADLINE, asked).await.expect("its readiness did not change")
}

/// Reads and sales go on, into a file that no other process finds: only the probe notices.
#[cfg(unix)]
#[tokio::test]
async fn a_server_whose_file_was_moved_is_not_ready_until_it_is_back() {
    let (folder, store) = store();
    let running = Running::start(&["--demo", "--store", &store]).await;
    until_ready_is(&running, 200).await;
    let path = file_of(&store);
    let elsewhere = folder.path().join("moved.db");
    fs::rename(path, &elsewhere).unwrap();
    let body = until_ready_is(&running, 503).await;
    assert_eq!(body["details"]["checks"]["db"], "down", "{body}");
    assert!(!body.to_string().contains("moved"), "the file's name is not shown: {body}");
    assert_eq!(running.get_once("/health/all").await.status, 503);
    assert_eq!(running.get_once("/health/live").await.status, 200);
    assert_eq!(running.get_once("/api/events").await.status, 200);
    fs::rename(&elsewhere, path).unwrap();
    until_ready_is(&running, 200).await;
    let said = running.stop().await;
    assert!(said.err.contains("was moved or deleted"), "{}", said.err);
}

/// The address of the database leads to a standby now, as after a failover that went wrong.
#[tokio::test]
async fn a_server_on_a_standby_is_not_ready_until_it_is_promoted() {
    let primary = Server::start(Fsync::Off).await;
    let database = Database::fresh(&primary, migrate).await;
    let standby = primary.standby().await;
    // A server refuses to start on a standby, so it is started on the first server, and moved by its address.
    let relay = Relay::to(primary.port()).await;
    let relayed = database.url().replace(&format!(":{}/", primary.port()), &format!(":{}/", relay.port()));
    assert_ne!(relayed, database.url());
    let running = Running::start(&["--store", &relayed, "--jwt-secret", SECRET]).await;
    until_ready_is(&running, 200).await;
    relay.lead_to(standby.port());
    until_ready_is(&running, 503).await;
    assert_eq!(running.get_once("/health/live").await.status, 200);
    primary.kill9().await;
    standby.promote().await;
    until_ready_is(&running, 200).await;
}

/// Sales do not depend on Redis, so a server without it stays ready, and says what is missing.
#[tokio::test]
async fn a_server_without_its_redis_stays_ready_and_says_so() {
    let redis = tokio::task::spawn_blocking(tiketi_redis_harness::Server::start).await.unwrap();
    let running = Running::start(&["--demo", "--redis", &redis.url()]).await;
    assert_eq!(running.get_once("/health/redis").await.body["status"], "ok");
    assert_eq!(running.get_once("/health/all").await.body["checks"]["redis"]["status"], "ok");
    redis.kill();
    let noticed = async {
        while running.get_once("/health/redis").await.status != 503 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(DEADLINE, noticed).await.expect("it did not notice");
    let all = running.get_once("/health/all").await;
    assert_eq!((all.status, &all.body["details"]["checks"]["redis"]), (503, &"down".into()), "{all:?}");
    assert_eq!(all.body["details"]["checks"]["db"], "ok");
    assert_eq!(running.get_once("/health/ready").await.status, 200);
    buy(&running, 0).await;
}
