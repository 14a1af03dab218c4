//! The waiting room of a single server on Postgres.

use std::sync::Arc;

use serde_json::{Value, json};
use tiketi_postgres::PostgresStore;
use tiketi_postgres_harness::{Database, Server};
use tiketi_server_harness::{Running, SECRET, ServerShop, Stock, admin, migrate, token};
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
