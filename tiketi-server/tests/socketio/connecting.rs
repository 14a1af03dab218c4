//! Who may connect, and what a client may ask.

use serde_json::json;
use tiketi_server_harness::{Running, SECRET, server};
use uuid::Uuid;

use crate::clients::Clients;
use crate::{Hall, buyer_token, options};

#[tokio::test]
async fn a_token_that_is_not_valid_is_refused() {
    let hall = Hall::open(&[]).await;
    let mut clients = Clients::start().await;
    for (client, transport) in [("a", "websocket"), ("b", "polling")] {
        clients.start_open(client, hall.running.address(), options(transport, Some("no token"))).await;
        let refused = clients.heard(client, "connect_error", |_| true).await;
        // Clients of the first Tiketi look for this word.
        assert!(refused["message"].as_str().unwrap().contains("authentication"), "{refused}");
    }
}

#[tokio::test]
async fn an_event_that_buyers_cannot_see_has_no_room() {
    let hall = Hall::open(&[]).await;
    let mut clients = Clients::start().await;
    clients.open("fan", hall.running.address(), options("websocket", None)).await;
    let unknown = json!({"eventId": Uuid::from_u128(7)});
    for (asked, code) in [
        (unknown, "EVENT_NOT_FOUND"),
        (json!({"eventId": "x"}), "INVALID_MESSAGE"),
        (json!(7), "INVALID_MESSAGE"),
    ] {
        let answer = clients.ask("fan", "join-event", asked).await;
        assert_eq!((&answer["ok"], &answer["code"]), (&json!(false), &json!(code)), "{answer}");
    }
    // A client that asks for no acknowledgement is told, too.
    clients.emit("fan", "join-queue", json!({"eventId": Uuid::from_u128(8)})).await;
    let told = clients.heard("fan", "error", |_| true).await;
    assert_eq!(told["code"], "EVENT_NOT_FOUND");
}

#[tokio::test]
async fn a_flood_of_messages_ends_the_connection() {
    let hall = Hall::open(&[]).await;
    let mut clients = Clients::start().await;
    clients.open("flood", hall.running.address(), options("websocket", None)).await;
    for _ in 0..200 {
        clients.emit("flood", "join-event", hall.event()).await;
    }
    clients.heard("flood", "disconnect", |_| true).await;
}

#[tokio::test]
async fn a_page_of_another_origin_opens_no_socket() {
    let hall = Hall::open(&[]).await;
    let mut clients = Clients::start().await;
    let options =
        json!({"transports": ["websocket"], "extraHeaders": {"origin": "https://elsewhere.example"}});
    clients.start_open("page", hall.running.address(), options).await;
    clients.heard("page", "connect_error", |_| true).await;
    assert_eq!(clients.count("page", "connect"), 0);
}

#[tokio::test]
async fn clients_connect_again_after_the_server_restarts() {
    let hall = Hall::open(&[]).await;
    let mut clients = Clients::start().await;
    for (client, transport) in [("a", "websocket"), ("b", "polling")] {
        clients.open(client, hall.running.address(), options(transport, Some(&buyer_token(1)))).await;
        clients.ask(client, "join-seat-selection", hall.event()).await;
        clients.heard(client, "session", |_| true).await;
    }
    let address = hall.running.address().to_owned();
    let Hall { shop, running, _folder } = hall;
    assert_eq!(running.stop().await.code, Some(0));
    for client in ["a", "b"] {
        let ended = clients.heard(client, "disconnect", |_| true).await;
        assert_ne!(ended["reason"], "io server disconnect", "the client would not connect again");
    }
    let own = ["--listen", &address, "--store", &shop.store, "--jwt-secret", SECRET];
    let running = Running::of(server(&own)).await;
    for client in ["a", "b"] {
        let restored = clients.heard(client, "session-restored", |_| true).await;
        assert_eq!(restored["seatEventId"], shop.event);
    }
    crate::hold(&running, &shop, 2, &[9]).await;
    for client in ["a", "b"] {
        clients.heard(client, "seat-selected", |data| data["seatId"] == shop.seats[9]).await;
    }
}
