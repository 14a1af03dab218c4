//! What one server sells, every other one shows, also after a pause of a server or a restart of Postgres.

use std::time::Duration;

use serde_json::json;
use tiketi_postgres_harness::{Fsync, Server};
use tiketi_server_harness::{DEADLINE, Fleet, Stock, token};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::{PATIENT, TURN};

/// Longest time until a change of one server shows at another. It is the product's own limit; a machine that runs other
/// tests may stop a server for longer, so each test asserts only that it shows, and reports the time.
const LIMIT: Duration = Duration::from_secs(2);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
const STOCK: Stock = Stock { rows: 2, standing: 1 };

/// Holds a seat for a new buyer at a server, and again after each 503.
async fn hold(fleet: &Fleet, at: usize, seat: usize) {
    let (shop, server) = (&fleet.shop, fleet.server(at));
    let token = token(Uuid::from_u64_pair(77, seat as u64));
    let body = json!({ "eventId": shop.event, "seatIds": [shop.seats[seat]] });
    let held = async {
        loop {
            match server.post("/api/seats/reserve", Some(&token), &body).await {
                (503, _) => sleep(BETWEEN_LOOKS).await,
                (status, said) => return assert_eq!(status, 201, "{said}"),
            }
        }
    };
    timeout(DEADLINE, held).await.expect("the server sells");
}

/// Waits until a server shows that a seat is held, and returns how long that took.
async fn until_shown(fleet: &Fleet, at: usize, seat: usize) -> Duration {
    let began = Instant::now();
    let path = format!("/api/seats/{}", fleet.shop.event);
    let shown = async {
        loop {
            let (status, map) = fleet.server(at).get(&path, None).await;
            let seats = map["seats"].as_array();
            let is_held = |row: &&serde_json::Value| {
                row["id"] == json!(fleet.shop.seats[seat]) && row["status"] == json!("locked")
            };
            if status == 200 && seats.is_some_and(|seats| seats.iter().any(|row| is_held(&row))) {
                return;
            }
            sleep(BETWEEN_LOOKS).await;
        }
    };
    timeout(DEADLINE, shown).await.expect("the change never shows");
    began.elapsed()
}

fn report(what: &str, took: &[Duration]) {
    let (longest, late) = (took.iter().max(), took.iter().filter(|took| **took > LIMIT).count());
    println!("{what}: shown after at most {longest:?}; {late} of {} after more than {LIMIT:?}", took.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_server_sells_every_other_one_shows() {
    let _turn = TURN.lock().await;
    let fleet = Fleet::open(Server::shared().await, STOCK, &PATIENT).await;
    // Each server has the map once, so that it keeps one.
    for at in 0..3 {
        fleet.server(at).get(&format!("/api/seats/{}", fleet.shop.event), None).await;
    }
    let mut took = Vec::new();
    for seat in 0..30 {
        hold(&fleet, seat % 3, seat).await;
        took.push(until_shown(&fleet, (seat + 1) % 3, seat).await);
        took.push(until_shown(&fleet, (seat + 2) % 3, seat).await);
    }
    report("sales of three servers", &took);
    fleet.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_stopped_for_a_while_shows_what_was_sold_meanwhile() {
    let _turn = TURN.lock().await;
    let fleet = Fleet::open(Server::shared().await, STOCK, &PATIENT).await;
    hold(&fleet, 0, 0).await;
    until_shown(&fleet, 1, 0).await;
    fleet.server(1).signal("STOP").await;
    for seat in 1..10 {
        hold(&fleet, 0, seat).await;
    }
    // Longer than a process may hear nothing of itself.
    sleep(Duration::from_secs(4)).await;
    fleet.server(1).signal("CONT").await;
    let mut took = vec![until_shown(&fleet, 1, 9).await];
    hold(&fleet, 0, 10).await;
    took.push(until_shown(&fleet, 1, 10).await);
    report("a stopped server", &took);
    fleet.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_show_each_others_sales_after_a_restart_of_postgres() {
    let _turn = TURN.lock().await;
    let postgres = Server::start(Fsync::On).await;
    let fleet = Fleet::open(&postgres, STOCK, &PATIENT).await;
    hold(&fleet, 0, 0).await;
    until_shown(&fleet, 1, 0).await;
    postgres.kill9().await;
    postgres.restart().await;
    let mut took = Vec::new();
    for seat in 1..10 {
        hold(&fleet, seat % 3, seat).await;
        took.push(until_shown(&fleet, (seat + 1) % 3, seat).await);
    }
    report("a restarted Postgres", &took);
    fleet.close().await;
}
