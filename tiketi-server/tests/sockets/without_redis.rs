//! Servers that share only a Postgres: it carries the news between them.

use std::time::Duration;

use serde_json::{Value, json};
use tiketi_postgres_harness::{Fsync, Server};
use tiketi_server_harness::{Fleet, Stock};
use tokio::time::{Instant, sleep};

use crate::client::Client;
use crate::{buyer, hold, map};

/// The product's own limit; a machine that runs other tests may stop a server for longer, so it is only reported.
const LIMIT: Duration = Duration::from_secs(2);

async fn fleet(postgres: &Server) -> Fleet {
    let options = ["--request-timeout=1m", "--sockets-per-user=3"];
    Fleet::open(postgres, Stock { rows: 1, standing: 1 }, &options).await
}

/// Opens a socket that follows the event's seats at a server, and has its map.
async fn follower(fleet: &Fleet, at: usize) -> Client {
    let mut client = Client::open(&fleet.addresses[at]).await;
    client.follow(&fleet.shop.event).await;
    client.catch_up(1).await;
    client
}

/// Holds seats at one server, and waits after each until a client of another has it; returns the longest wait.
async fn sell(fleet: &Fleet, at: usize, client: &mut Client, seats: std::ops::Range<u32>) -> Duration {
    let mut longest = Duration::ZERO;
    for seat in seats {
        hold(fleet, at, &buyer(seat), &fleet.shop.seats[seat as usize]).await;
        let (version, stored) = map(fleet).await;
        let began = Instant::now();
        client.catch_up(version).await;
        longest = longest.max(began.elapsed());
        assert_eq!(client.seats, stored);
    }
    longest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_sees_what_another_server_sells() {
    let fleet = fleet(Server::shared().await).await;
    let mut client = follower(&fleet, 1).await;
    let longest = sell(&fleet, 0, &mut client, 0..20).await;
    println!("shown after at most {longest:?}; the limit is {LIMIT:?}");
    fleet.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_sees_what_was_sold_while_its_server_was_stopped() {
    let fleet = fleet(Server::shared().await).await;
    let mut client = follower(&fleet, 1).await;
    sell(&fleet, 0, &mut client, 0..2).await;
    fleet.server(1).signal("STOP").await;
    for seat in 2..8 {
        hold(&fleet, 0, &buyer(seat), &fleet.shop.seats[seat as usize]).await;
    }
    // Longer than a process may hear nothing of itself.
    sleep(Duration::from_secs(4)).await;
    fleet.server(1).signal("CONT").await;
    let longest = sell(&fleet, 0, &mut client, 8..10).await;
    println!("shown after at most {longest:?}; the limit is {LIMIT:?}");
    fleet.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_sees_what_is_sold_after_a_restart_of_postgres() {
    let postgres = Server::start(Fsync::On).await;
    let fleet = fleet(&postgres).await;
    let mut client = follower(&fleet, 1).await;
    sell(&fleet, 0, &mut client, 0..2).await;
    postgres.restart().await;
    let longest = sell(&fleet, 0, &mut client, 2..6).await;
    println!("shown after at most {longest:?}; the limit is {LIMIT:?}");
    fleet.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_buyer_hears_at_one_server_of_a_sale_at_another() {
    let fleet = fleet(Server::shared().await).await;
    let (who, other) = (buyer(1), buyer(2));
    let (mut own, mut others) =
        (Client::open(&fleet.addresses[1]).await, Client::open(&fleet.addresses[1]).await);
    own.sign_in(&who).await;
    others.sign_in(&other).await;
    let mut reservations = Vec::new();
    for (seat, buyer) in [(0, &who), (1, &other)] {
        let held = hold(&fleet, 0, buyer, &fleet.shop.seats[seat]).await;
        let body = json!({"reservationId": held["id"], "paymentMethod": "kakao_pay"});
        let (status, answer) = fleet.server(0).post("/api/payments/process", Some(buyer), &body).await;
        assert_eq!(status, 200, "{answer}");
        reservations.push(held["id"].clone());
    }
    for (client, reservation) in [(&mut own, &reservations[0]), (&mut others, &reservations[1])] {
        let mut message = Value::Null;
        while message["type"] != "reservation-confirmed" {
            message = client.next().await.expect("the socket ended");
            assert_eq!(&message["data"]["reservationId"], reservation, "{message}");
        }
    }
    fleet.close().await;
}
