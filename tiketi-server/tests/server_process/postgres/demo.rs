//! `--demo` on a database that several servers share.

use std::time::Duration;

use futures::future::join_all;
use serde_json::Value;
use tiketi_postgres_harness::{Database, Server};
use tiketi_server_harness::{DEADLINE, Running, SECRET, migrate, run};
use tokio::time::{sleep, timeout};

/// Reads the titles of all events, once there are at least four.
async fn programme(server: &Running) -> Vec<String> {
    let all = async {
        loop {
            let (status, events) = server.get("/api/events?limit=100", None).await;
            assert_eq!(status, 200, "{events}");
            let titles = events["data"].as_array().unwrap().iter().map(|event| &event["title"]);
            let titles: Vec<_> = titles.filter_map(Value::as_str).map(str::to_owned).collect();
            if titles.len() >= 4 {
                return titles;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(DEADLINE, all).await.expect("the demo shop was never filled")
}

/// Fails if the demo's ids differ between servers: each server then creates the events.
#[tokio::test]
async fn three_servers_that_start_at_once_on_an_empty_database_fill_it_once() {
    let database = Database::fresh(Server::shared().await, migrate).await;
    let store = database.url();
    let options = [
        "--demo",
        "--store",
        &store,
        "--jwt-secret",
        SECRET,
        "--store-connections=4",
        "--admin-email=a@b.dev",
    ];
    let servers = join_all((0..3).map(|_| Running::start(&options))).await;
    for server in &servers {
        let titles = programme(server).await;
        assert_eq!(titles.len(), 4, "{titles:?}");
        server.sign_in("demo@tiketi.dev", "demo1234").await;
    }
    // A server listens only after it has created or found the events, so no server creates events from here on.
    for server in servers {
        assert_eq!(programme(&server).await.len(), 4);
        assert_eq!(server.stop().await.code, Some(0));
    }
    let said = run(&["audit", "--store", &store]).await;
    assert!(said.code == Some(0) && said.out.starts_with("no violations; "), "{said:?}");
}
