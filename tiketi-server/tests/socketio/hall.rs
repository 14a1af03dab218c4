//! What everyone in a hall sees.

use serde_json::{Value, json};

use crate::clients::Clients;
use crate::{Hall, buyer_token, hold, options};

/// Returns whether an event is about exactly these seats, together or one of them.
fn names(data: &Value, hall: &Hall, seats: &[usize]) -> bool {
    let ids: Vec<_> = seats.iter().map(|seat| json!(hall.shop.seats[*seat])).collect();
    data["eventId"] == hall.shop.event
        && data["seatIds"] == Value::Array(ids.clone())
        && data["seatId"] == ids[0]
}

async fn a_hold_is_seen(transport: &str) {
    let hall = Hall::open(&[]).await;
    let mut clients = Clients::start().await;
    clients.open("fan", hall.running.address(), options(transport, None)).await;
    let connected = clients.heard("fan", "connect", |_| true).await;
    assert_eq!(connected["transport"], transport);
    for room in ["join-event", "join-seat-selection"] {
        let joined = clients.ask("fan", room, hall.event()).await;
        assert_eq!(joined, json!({"ok": true}), "{room}");
    }
    let info = clients.heard("fan", "room-info", |_| true).await;
    assert_eq!(info, json!({"eventId": hall.shop.event, "userCount": 1}));
    let status = clients.heard("fan", "event-status-changed", |_| true).await;
    assert_eq!(status["status"], "on_sale");

    // Two seats come one by one, for clients that read `seatId` alone.
    let reservation = hold(&hall.running, &hall.shop, 1, &[3, 4]).await;
    for seat in [3, 4] {
        let told = clients.heard("fan", "seat-selected", |data| names(data, &hall, &[seat])).await;
        assert_eq!(told["status"], "locked");
    }
    // Many come together.
    let many: Vec<_> = (10..16).collect();
    hold(&hall.running, &hall.shop, 2, &many).await;
    clients.heard("fan", "seat-selected", |data| names(data, &hall, &many)).await;
    clients
        .heard("fan", "ticket-updated", |data| {
            data["availableQuantity"] == 1_492 && data["totalQuantity"] == 1_500
        })
        .await;

    let path = format!("/api/reservations/{}/cancel", reservation["id"].as_str().unwrap());
    let (status, answer) = hall.running.post(&path, Some(&buyer_token(1)), &json!({})).await;
    assert_eq!(status, 200, "{answer}");
    for name in ["seat-released", "seats-released"] {
        for seat in [3, 4] {
            let told = clients.heard("fan", name, |data| names(data, &hall, &[seat])).await;
            assert_eq!(told["status"], "available");
        }
    }
    assert_eq!(hall.running.stop().await.code, Some(0));
}

#[tokio::test]
async fn a_hold_is_seen_over_a_websocket() {
    a_hold_is_seen("websocket").await;
}

#[tokio::test]
async fn a_hold_is_seen_by_polling() {
    a_hold_is_seen("polling").await;
}

#[tokio::test]
async fn a_client_that_starts_with_polling_changes_to_a_websocket() {
    let hall = Hall::open(&[]).await;
    let mut clients = Clients::start().await;
    clients.open("fan", hall.running.address(), json!({})).await;
    assert_eq!(clients.ask("fan", "join-seat-selection", hall.event()).await, json!({"ok": true}));
    hold(&hall.running, &hall.shop, 1, &[0]).await;
    clients.heard("fan", "seat-selected", |data| names(data, &hall, &[0])).await;
}

#[tokio::test]
async fn a_sold_seat_is_reserved() {
    let hall = Hall::open(&[]).await;
    let mut clients = Clients::start().await;
    clients.open("fan", hall.running.address(), options("websocket", None)).await;
    clients.ask("fan", "join-seat-selection", hall.event()).await;
    let reservation = hold(&hall.running, &hall.shop, 1, &[7]).await;
    let body = json!({"reservationId": reservation["id"], "paymentMethod": "kakao_pay"});
    let (status, answer) = hall.running.post("/api/payments/process", Some(&buyer_token(1)), &body).await;
    assert_eq!(status, 200, "{answer}");
    let told = clients.heard("fan", "seat-reserved", |data| names(data, &hall, &[7])).await;
    assert_eq!(told["status"], "reserved");
}

/// A client loads the seat map, and joins a moment later.
#[tokio::test]
async fn what_changed_between_the_map_and_the_join_is_told() {
    let hall = Hall::open(&[]).await;
    let mut clients = Clients::start().await;
    let (_, map) = hall.running.get(&format!("/api/seats/{}", hall.shop.event), None).await;
    hold(&hall.running, &hall.shop, 1, &[5]).await;
    clients.open("old", hall.running.address(), options("websocket", None)).await;
    // A client of the first Tiketi asks for no acknowledgement and says no version.
    clients.emit("old", "join-seat-selection", hall.event()).await;
    clients.heard("old", "seat-selected", |data| names(data, &hall, &[5])).await;
    clients.open("new", hall.running.address(), options("websocket", None)).await;
    let asked = json!({"eventId": hall.shop.event, "version": map["version"]});
    clients.ask("new", "join-seat-selection", asked).await;
    clients.heard("new", "seat-selected", |data| names(data, &hall, &[5])).await;
}

#[tokio::test]
async fn a_client_that_left_is_told_no_more() {
    let hall = Hall::open(&[]).await;
    let mut clients = Clients::start().await;
    for client in ["stays", "leaves"] {
        clients.open(client, hall.running.address(), options("websocket", None)).await;
        clients.ask(client, "join-seat-selection", hall.event()).await;
    }
    assert_eq!(clients.ask("leaves", "leave-seat-selection", hall.event()).await, json!({"ok": true}));
    hold(&hall.running, &hall.shop, 1, &[0]).await;
    clients.heard("stays", "seat-selected", |data| names(data, &hall, &[0])).await;
    // What both would have been sent, the one who left got before this answer.
    clients.ask("leaves", "join-event", hall.event()).await;
    assert_eq!(clients.count("leaves", "seat-selected"), 0);
}
