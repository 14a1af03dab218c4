//! Live updates at several servers on one Postgres and one Redis: every client ends with the map that the store has, and no
//! buyer gets another's news.

// Always true here; the lints then treat the functions beside the tests as tests.
#![cfg(test)]

mod client;
mod crowd;
mod private;
mod shutdown;
mod without_redis;

use serde_json::{Value, json};
use tiketi_postgres_harness::Server;
use tiketi_redis_harness::Server as Redis;
use tiketi_server_harness::{Fleet, Stock, token};
use uuid::Uuid;

use crate::client::Seats;

/// Servers that share a Redis, and an event with so many rows of fifty seats.
async fn fleet(rows: u32) -> (Fleet, Redis) {
    let redis = tokio::task::spawn_blocking(Redis::start).await.unwrap();
    let options = ["--redis", &redis.url(), "--request-timeout=1m", "--sockets-per-user=3"];
    let fleet = Fleet::open(Server::shared().await, Stock { rows, standing: 1_000 }, &options).await;
    (fleet, redis)
}

fn buyer(number: u32) -> String {
    token(Uuid::from_u128(0xB0_0000 + u128::from(number)))
}

/// Holds a seat at a server, and returns the reservation.
async fn hold(fleet: &Fleet, at: usize, buyer: &str, seat: &str) -> Value {
    let body = json!({"eventId": fleet.shop.event, "seatIds": [seat]});
    let (status, held) = fleet.server(at).post("/api/seats/reserve", Some(buyer), &body).await;
    assert_eq!(status, 201, "{held}");
    held["reservation"].clone()
}

/// Returns the map as the store has it: its version, and every seat.
async fn map(fleet: &Fleet) -> (u64, Seats) {
    let (status, map) = fleet.server(0).get(&format!("/api/seats/{}", fleet.shop.event), None).await;
    assert_eq!(status, 200, "{map}");
    let mut seats = Seats::default();
    seats.apply(&map["seats"], "id");
    (map["version"].as_u64().unwrap(), seats)
}
