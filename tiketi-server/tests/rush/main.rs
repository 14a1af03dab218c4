//! A rush on an event with a waiting room that three servers share in Redis, over HTTP.
//!
//! Buyers come within seconds, ask again when they are told to, and one in twenty vanishes at each step. Every seat is
//! sold once, buyers are called in the order of their numbers, at most so many are inside, and no buyer is stuck. How
//! long it took and how good the expected waits were is printed.
//!
//! `tests/rush` runs it with 20,000 buyers and 2,000 seats, and prints its report.

// Always true here; the lints then treat the functions beside the tests as tests.
#![cfg(test)]

mod board;
mod crowd;
mod person;
mod report;
mod watch;

use std::time::Duration;

use serde_json::json;
use tiketi_postgres_harness::Server;
use tiketi_server_harness::{Fleet, Stock, admin, token};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::crowd::Crowd;
use crate::report::Report;
use crate::watch::Watch;

/// How many come, and for what.
#[derive(Debug, Clone, Copy)]
struct Size {
    buyers: u32,
    /// Rows of fifty seats.
    rows: u32,
    /// Most buyers who are called or active at the same time.
    active: u32,
    /// The time within which all come.
    arrivals: Duration,
    /// How long a buyer takes to choose and to pay, at most.
    think: Duration,
    /// How long turns, sessions and holds last.
    patience: Duration,
    /// How long the test may take.
    deadline: Duration,
}

const SMALL: Size = Size {
    buyers: 600,
    rows: 2,
    active: 25,
    arrivals: Duration::from_secs(2),
    think: Duration::from_secs(1),
    patience: Duration::from_secs(10),
    deadline: Duration::from_mins(10),
};

const FULL: Size = Size {
    buyers: 20_000,
    rows: 40,
    active: 500,
    arrivals: Duration::from_secs(20),
    think: Duration::from_secs(8),
    patience: Duration::from_secs(30),
    deadline: Duration::from_mins(30),
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rush_at_three_servers_sells_every_seat_in_the_order_of_the_line() {
    let size = if std::env::var_os("RUSH_IS_FULL").is_some() { FULL } else { SMALL };
    let redis = tokio::task::spawn_blocking(tiketi_redis_harness::Server::start).await.unwrap();
    let holds = format!("--hold-ttl={}s", size.patience.as_secs());
    let options = ["--redis", &redis.url(), "--sweep-every=200ms", "--request-timeout=1m", &holds];
    let fleet = Fleet::open(Server::shared().await, Stock { rows: size.rows, standing: 1 }, &options).await;
    sell_the_standing_ticket(&fleet).await;
    let seconds = size.patience.as_secs();
    let policy = json!({
        "mode": "on", "maxActive": size.active, "turnWindow": seconds, "sessionTtl": seconds, "sessionCap": 300,
    });
    let room = format!("/api/admin/events/{}/waiting-room", fleet.shop.event);
    assert_eq!(fleet.server(0).put(&room, &admin(), &policy).await.0, 200);

    let began = Instant::now();
    let watch = Watch::start(&fleet, size.active);
    let visits = timeout(size.deadline, Crowd::new(&fleet, size).come()).await.expect("a buyer is stuck");
    let watched = watch.stop().await;
    let report = Report::of(&visits, began, watched);
    report.print();
    report.check(&fleet.shop.seats);
    fleet.close().await;
}

/// Sells the one ticket without a seat, so that the seats are all that there is.
async fn sell_the_standing_ticket(fleet: &Fleet) {
    let (shop, buyer) = (&fleet.shop, token(Uuid::from_u128(u128::MAX)));
    let body = json!({"eventId": shop.event, "items": [{"ticketTypeId": shop.standing, "quantity": 1}]});
    let (status, held) = fleet.server(0).post("/api/reservations", Some(&buyer), &body).await;
    assert_eq!(status, 201, "{held}");
    let body = json!({"reservationId": held["reservation"]["id"], "paymentMethod": "kakao_pay"});
    let (status, paid) = fleet.server(0).post("/api/payments/process", Some(&buyer), &body).await;
    assert_eq!(status, 200, "{paid}");
}
