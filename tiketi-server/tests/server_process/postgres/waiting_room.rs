//! The waiting room of servers on Postgres: one server saves its places there, and three servers share Redis.

use std::sync::Arc;

use serde_json::{Value, json};
use tiketi_postgres::PostgresStore;
use tiketi_postgres_harness::{Database, Server};
use tiketi_server_harness::{
    DEADLINE, Fleet, Running, SECRET, ServerShop, Stock, admin, migrate, run, token,
};
use tokio::time::{Duration, sleep, timeout};
use uuid::Uuid;

async fn start(store: &str, options: &[&str]) -> Running {
    let own = ["--store", store, "--jwt-secret", SECRET, "--store-connections=4"];
    Running::start(&[&own, options].concat()).await
}

async fn join(running: &Running, event: &str, buyer: u128) -> Value {
    let token = token(Uuid::from_u128(buyer));
    let (status, place) = running.post("/api/queue", Some(&token), &json!({"eventId": event})).await;
    assert_eq!(status, 200, "{place}");
    place
}

#[tokio::test]
async fn a_single_server_keeps_its_line_in_the_database() {
    let database = Database::fresh(Server::shared().await, migrate).await;
    let pool = database.pool(2).await;
    let stock = Stock { rows: 1, standing: 1 };
    let shop = ServerShop::over(Arc::new(PostgresStore::new(pool.clone())), database.url(), stock).await;
    pool.close().await;

    let running = start(&shop.store, &["--single-server"]).await;
    let path = format!("/api/admin/events/{}/waiting-room", shop.event);
    assert_eq!(running.put(&path, &admin(), &json!({"mode": "on", "maxActive": 1})).await.0, 200);
    let first = join(&running, &shop.event, 1).await;
    join(&running, &shop.event, 2).await;
    running.kill().await;

    let running = start(&shop.store, &["--single-server"]).await;
    assert_eq!(join(&running, &shop.event, 1).await["queueId"], first["queueId"]);
    assert_eq!(join(&running, &shop.event, 3).await["number"], 3);
    running.kill().await;

    let running = start(&shop.store, &[]).await;
    assert_eq!(join(&running, &shop.event, 3).await["number"], 1, "a server of many has its own line");
    let said = running.stop().await;
    assert!(said.err.contains("each server has its own waiting rooms"), "{}", said.err);
}

#[tokio::test]
async fn a_second_single_server_is_refused_and_takes_over_when_the_first_has_died() {
    let database = Database::fresh(Server::shared().await, migrate).await;
    let pool = database.pool(2).await;
    let stock = Stock { rows: 1, standing: 1 };
    let shop = ServerShop::over(Arc::new(PostgresStore::new(pool.clone())), database.url(), stock).await;
    pool.close().await;
    let options =
        ["--store", &shop.store, "--jwt-secret", SECRET, "--store-connections=4", "--single-server"];

    let first = Running::start(&options).await;
    let path = format!("/api/admin/events/{}/waiting-room", shop.event);
    assert_eq!(first.put(&path, &admin(), &json!({"mode": "on", "maxActive": 1})).await.0, 200);
    let place = join(&first, &shop.event, 1).await;
    let said = run(&[&["--listen", "127.0.0.1:0"], &options[..]].concat()).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("another process has the waiting rooms of this store"), "{said:?}");
    assert!(said.err.contains("--redis"), "it says what to do: {said:?}");
    assert_eq!(join(&first, &shop.event, 1).await["queueId"], place["queueId"], "the first goes on");

    first.kill().await;
    let second = Running::start(&options).await;
    assert_eq!(join(&second, &shop.event, 1).await["queueId"], place["queueId"]);
    assert_eq!(join(&second, &shop.event, 2).await["number"], 2);
    second.stop().await;
    // A server that stopped has given the line up, so the next one need not wait.
    let third = Running::start(&options).await;
    assert_eq!(join(&third, &shop.event, 3).await["number"], 3);
}

/// Sends heartbeats until the buyer is admitted, and returns the pass.
async fn admitted(running: &Running, event: &str, buyer: u128) -> Value {
    let (path, token) = (format!("/api/queue/heartbeat/{event}"), token(Uuid::from_u128(buyer)));
    let waits = async {
        loop {
            let (status, place) = running.post(&path, Some(&token), &json!({})).await;
            assert_eq!(status, 200, "{place}");
            if place["state"] == "active" {
                return place["admission"].clone();
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(DEADLINE, waits).await.expect("the buyer was not admitted")
}

#[tokio::test]
async fn three_servers_share_one_line_in_redis() {
    let redis = tokio::task::spawn_blocking(tiketi_redis_harness::Server::start).await.unwrap();
    let stock = Stock { rows: 1, standing: 1 };
    let options = ["--redis", &redis.url(), "--sweep-every=50ms", "--store-connections=4"];
    let mut fleet = Fleet::open(Server::shared().await, stock, &options).await;
    let event = fleet.shop.event.clone();
    let path = format!("/api/admin/events/{event}/waiting-room");
    let policy = json!({"mode": "on", "maxActive": 1});
    assert_eq!(fleet.server(0).put(&path, &admin(), &policy).await.0, 200);
    for (at, buyer) in [(0, 1), (1, 2), (2, 3)] {
        assert_eq!(
            join(fleet.server(at), &event, buyer).await["number"].as_u64().map(u128::from),
            Some(buyer)
        );
    }
    let admission = admitted(fleet.server(1), &event, 1).await;
    fleet.kill(0).await;
    let body = json!({"eventId": event, "seatIds": [fleet.shop.seats[0]], "admission": admission});
    let first = token(Uuid::from_u128(1));
    let (status, held) = fleet.server(2).post("/api/seats/reserve", Some(&first), &body).await;
    assert_eq!(status, 201, "{held}");
    let body = json!({"reservationId": held["reservation"]["id"], "paymentMethod": "kakao_pay"});
    let (status, paid) = fleet.server(2).post("/api/payments/process", Some(&first), &body).await;
    assert_eq!(status, 200, "{paid}");
    admitted(fleet.server(2), &event, 2).await;
    assert_eq!(join(fleet.server(1), &event, 3).await["state"], "waiting");
    fleet.close().await;
}
