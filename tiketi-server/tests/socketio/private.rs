//! What is for one user only.

use serde_json::{Value, json};
use tiketi_server_harness::admin;
use uuid::Uuid;

use crate::clients::Clients;
use crate::{Hall, buyer_token, hold, options};

/// Everyone is in every room.
async fn everyone(hall: &Hall) -> Clients {
    let mut clients = Clients::start().await;
    let (first, second) = (buyer_token(1), buyer_token(2));
    for (client, transport, token) in [
        ("first", "websocket", Some(&first)),
        ("first, polling", "polling", Some(&first)),
        ("second", "websocket", Some(&second)),
        ("nobody", "websocket", None),
    ] {
        clients.open(client, hall.running.address(), options(transport, token.map(String::as_str))).await;
        for room in ["join-event", "join-queue", "join-seat-selection"] {
            assert_eq!(clients.ask(client, room, hall.event()).await, json!({"ok": true}));
        }
    }
    clients
}

/// Fails if a client received one of these events, or the id of a user.
fn assert_received_none(clients: &Clients, client: &str, events: &[&str]) {
    for event in events {
        assert_eq!(clients.count(client, event), 0, "{client} received {event}");
    }
    let all = Value::Array(clients.of(client)).to_string();
    for buyer in [1, 2] {
        assert!(
            !all.contains(&Uuid::from_u128(buyer).to_string()),
            "{client} received the id of a user: {all}"
        );
    }
}

#[tokio::test]
async fn the_end_of_a_hold_is_told_to_its_buyer_alone() {
    let hall = Hall::open(&["--hold-ttl=1s"]).await;
    let mut clients = everyone(&hall).await;
    let reservation = hold(&hall.running, &hall.shop, 1, &[0]).await;
    for client in ["first", "first, polling"] {
        let told = clients.heard(client, "reservation-expired", |_| true).await;
        assert_eq!(told, json!({"eventId": hall.shop.event, "reservationId": reservation["id"]}));
    }
    for client in ["second", "nobody"] {
        // The seat is free again for all: whatever came with it has come.
        clients.heard(client, "seat-released", |_| true).await;
        clients.ask(client, "join-event", hall.event()).await;
        assert_received_none(&clients, client, &["reservation-expired"]);
    }
}

#[tokio::test]
async fn a_call_of_the_waiting_room_is_told_to_its_buyer_alone() {
    let hall = Hall::open(&[]).await;
    let path = format!("/api/admin/events/{}/waiting-room", hall.shop.event);
    let policy = json!({"mode": "on", "maxActive": 1});
    assert_eq!(hall.running.put(&path, &admin(), &policy).await.0, 200);
    let mut clients = everyone(&hall).await;
    for buyer in [1, 2] {
        let (status, answer) =
            hall.running.post("/api/queue/join", Some(&buyer_token(buyer)), &hall.event()).await;
        assert_eq!(status, 200, "{answer}");
    }
    for client in ["first", "first, polling"] {
        for event in ["queue-entry-allowed", "queue-admitted"] {
            let told = clients.heard(client, event, |_| true).await;
            assert_eq!(told["eventId"], hall.shop.event);
        }
    }
    clients.heard("nobody", "queue-updated", |data| data["servingNumber"] == 1).await;
    for client in ["second", "nobody"] {
        clients.ask(client, "join-event", hall.event()).await;
        assert_received_none(&clients, client, &["queue-entry-allowed", "queue-admitted"]);
    }
}
