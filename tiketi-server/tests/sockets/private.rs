//! News for one buyer, over a whole run at two servers.

use std::collections::HashSet;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::Client;
use crate::{buyer, fleet, hold};

const BUYERS: u32 = 24;

/// What a buyer did, and what the buyer's socket got until a message that comes last.
#[derive(Debug)]
struct Told {
    reservation: String,
    messages: Vec<Value>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_buyer_gets_news_of_the_own_reservation_from_any_server_and_of_no_other() {
    let (fleet, _redis) = fleet(1).await;
    let mut sockets = Vec::new();
    for number in 0..BUYERS {
        // A buyer watches at one server and buys at the other.
        let mut socket = Client::open(&fleet.addresses[number as usize % 2]).await;
        socket.sign_in(&buyer(number)).await;
        socket.send(&json!({"type": "join", "channel": format!("event:{}", fleet.shop.event)})).await;
        sockets.push(socket);
    }
    for socket in &mut sockets {
        await_subscription(socket).await;
    }
    let mut reservations = Vec::new();
    for number in 0..BUYERS {
        let (at, who) = ((number as usize + 1) % 2, buyer(number));
        let held = hold(&fleet, at, &who, &fleet.shop.seats[number as usize]).await;
        let id = held["id"].as_str().unwrap().to_owned();
        let (status, answer) = if number % 2 == 0 {
            let body = json!({"reservationId": id, "paymentMethod": "kakao_pay"});
            fleet.server(at).post("/api/payments/process", Some(&who), &body).await
        } else {
            fleet.server(at).post(&format!("/api/reservations/{id}/cancel"), Some(&who), &json!({})).await
        };
        assert_eq!(status, 200, "{answer}");
        reservations.push(id);
    }
    let mut reading = JoinSet::new();
    for ((number, mut socket), reservation) in (0..BUYERS).zip(sockets).zip(reservations) {
        let last = if number % 2 == 0 { "reservation-confirmed" } else { "reservation-cancelled" };
        reading.spawn(async move {
            let mut messages = Vec::new();
            while messages.last().is_none_or(|message: &Value| message["type"] != last) {
                messages.push(socket.next().await.expect("the socket ended"));
            }
            Told { reservation, messages }
        });
    }
    while let Some(told) = reading.join_next().await {
        check(&told.unwrap());
    }
    fleet.close().await;
}

/// Waits for the second `resync` of the personal channel: the server has subscribed, and what was sent before may be
/// missing.
async fn await_subscription(socket: &mut Client) {
    loop {
        let message = socket.next().await.expect("the socket ended");
        if message["channel"] == "personal" {
            assert_eq!(message["type"], "resync", "{message}");
            return;
        }
    }
}

/// Checks that every message is about the buyer's reservation or about the event, and names no one.
fn check(told: &Told) {
    let personal = told.messages.iter().filter(|message| message["channel"] == "personal");
    for message in personal.filter(|message| message["type"] != "resync") {
        assert_eq!(message["data"]["reservationId"], told.reservation, "{message}");
    }
    let known = ["channel", "seq", "since", "type", "at", "data"].into_iter().collect::<HashSet<_>>();
    for message in &told.messages {
        let text = message.to_string();
        assert!(message.as_object().unwrap().keys().all(|name| known.contains(name.as_str())), "{text}");
        assert!(!text.contains("userId") && !text.contains("buyer"), "{text}");
    }
}
