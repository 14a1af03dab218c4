//! Channels of events.

use std::collections::HashMap;

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tiketi_core::seat_states::SeatStates;

use super::LiveShop;
use crate::routes::tests::text;

/// The seats that a client knows: status and version by id.
type Seats = HashMap<String, (String, u64)>;

/// Takes each change that is later than what is known.
fn apply(seats: &mut Seats, message: &Value) {
    for change in message["data"]["changes"].as_array().unwrap() {
        let (status, version) = (text(&change["status"]), change["version"].as_u64().unwrap());
        let known = seats.entry(text(&change["seatId"])).or_default();
        if known.0.is_empty() || version > known.1 {
            *known = (status, version);
        }
    }
}

async fn map_of(live: &LiveShop) -> Seats {
    let map = live.shop.read(&format!("/api/seats/{}", live.shop.event), "").await;
    let seats = map["seats"].as_array().unwrap().iter();
    seats
        .map(|seat| (text(&seat["id"]), (text(&seat["status"]), seat["version"].as_u64().unwrap())))
        .collect()
}

#[tokio::test]
async fn a_client_that_joins_sees_all_seats_and_then_each_change() {
    let live = LiveShop::open().await;
    let (mut client, snapshot) = live.joined("seats").await;
    let mut seats = Seats::new();
    apply(&mut seats, &snapshot);
    assert_eq!(seats, map_of(&live).await);
    let all = live.shop.seats().await;
    let first = snapshot["seq"].as_u64().unwrap() + 1;
    for (seq, seat) in (first..).zip(&all[..3]) {
        live.shop.held(&live.shop.buyer, std::slice::from_ref(seat)).await;
        let changed = client.next_of("seats-changed").await;
        assert_eq!(
            (&changed["channel"], changed["seq"].as_u64()),
            (&json!(live.channel("seats")), Some(seq))
        );
        assert!(changed["at"].is_string() && changed.get("since").is_none());
        apply(&mut seats, &changed);
    }
    assert_eq!(seats, map_of(&live).await);
}

#[tokio::test]
async fn stock_and_status_come_in_the_channel_of_the_event() {
    let live = LiveShop::open().await;
    let (mut client, snapshot) = live.joined("event").await;
    assert_eq!(snapshot["data"]["status"], "on_sale");
    let standing = live.shop.standing().await;
    let stock =
        |message: &Value| (text(&message["data"]["ticketTypeId"]), message["data"]["available"].clone());
    let body = json!({"eventId": live.shop.event, "items": [{"ticketTypeId": standing, "quantity": 2}]});
    live.shop.ok(Method::POST, "/api/reservations", &live.shop.buyer, &body).await;
    assert_eq!(stock(&client.next_of("ticket-updated").await), (standing, json!(48)));
    let cancel = format!("/api/admin/events/{}/cancel", live.shop.event);
    live.shop.ok(Method::POST, &cancel, &live.shop.admin, &json!({"reason": "The hall burnt down."})).await;
    let mut seen = client.next().await;
    while seen["type"] != "event-status-changed" {
        seen = client.next().await;
    }
    assert_eq!(seen["data"], json!({"status": "cancelled"}));
}

#[tokio::test]
async fn a_client_that_comes_back_gets_what_it_missed() {
    let live = LiveShop::open().await;
    let (client, snapshot) = live.joined("seats").await;
    let seen = snapshot["seq"].as_u64().unwrap();
    // Another one keeps count of the messages.
    let (mut witness, _) = live.joined("seats").await;
    drop(client);
    let seats = live.shop.seats().await;
    for seat in &seats[..2] {
        live.shop.held(&live.shop.buyer, std::slice::from_ref(seat)).await;
        witness.next_of("seats-changed").await;
    }
    let mut back = live.connect().await;
    back.send(&json!({"type": "join", "channel": live.channel("seats"), "since": seen})).await;
    for (seat, seq) in seats.iter().zip(seen + 1..).take(2) {
        let missed = back.next_of("seats-changed").await;
        let changes = missed["data"]["changes"].as_array().unwrap();
        assert!(
            changes.iter().any(|change| change["seatId"] == json!(seat)) && missed["seq"] == seq,
            "{missed}"
        );
    }
}

#[tokio::test]
async fn a_client_that_missed_many_messages_gets_one_for_all() {
    let live = LiveShop::open().await;
    let (mut client, snapshot) = live.joined("seats").await;
    let seen = snapshot["seq"].as_u64().unwrap();
    let seats = live.shop.seats().await;
    for _ in 0..5 {
        let held = live.shop.held(&live.shop.buyer, &seats[..1]).await;
        client.next_of("seats-changed").await;
        let release = json!({"reservationId": held["id"]});
        live.shop.ok(Method::POST, "/api/seats/release", &live.shop.buyer, &release).await;
        client.next_of("seats-changed").await;
    }
    let mut back = live.connect().await;
    back.send(&json!({"type": "join", "channel": live.channel("seats"), "since": seen})).await;
    let merged = back.next_of("seats-changed").await;
    assert_eq!((merged["since"].as_u64(), merged["seq"].as_u64()), (Some(seen), Some(seen + 10)));
    let changes = merged["data"]["changes"].as_array().unwrap();
    assert_eq!((changes.len(), &changes[0]["status"]), (1, &json!("available")));
    live.shop.held(&live.shop.buyer, &seats[1..2]).await;
    let next = back.next_of("seats-changed").await;
    assert_eq!(next["seq"].as_u64(), Some(seen + 11));
}

#[tokio::test]
async fn a_number_that_this_server_does_not_know_gets_a_snapshot() {
    let live = LiveShop::open().await;
    let (_client, snapshot) = live.joined("seats").await;
    let known = snapshot["seq"].as_u64().unwrap();
    for since in [0, 1, known - 1, known + 1, u64::MAX] {
        let mut client = live.connect().await;
        client.send(&json!({"type": "join", "channel": live.channel("seats"), "since": since})).await;
        let answer = client.next_of("resync").await;
        assert_eq!(answer["data"]["changes"].as_array().unwrap().len(), 30);
    }
}

#[tokio::test]
async fn a_client_with_a_map_gets_what_changed_after_its_version() {
    let live = LiveShop::open().await;
    let seats = live.shop.seats().await;
    let map = live.shop.read(&format!("/api/seats/{}", live.shop.event), "").await;
    live.shop.held(&live.shop.buyer, &seats[..2]).await;
    let join = |version: Value| json!({"type": "join", "channel": live.channel("seats"), "version": version});
    let mut client = live.connect().await;
    client.send(&join(map["version"].clone())).await;
    let changed = client.next_of("seats-changed").await;
    assert_eq!(changed["data"]["changes"].as_array().unwrap().len(), 2);
    // With nothing to tell, the answer still says from which number the client counts.
    let mut current = live.connect().await;
    current.send(&join(changed["data"]["version"].clone())).await;
    let nothing = current.next_of("seats-changed").await;
    assert_eq!((&nothing["data"]["changes"], &nothing["seq"]), (&json!([]), &changed["seq"]));
    let mut future = live.connect().await;
    future.send(&join(json!(1_000_000))).await;
    future.next_of("resync").await;
}

#[tokio::test]
async fn seats_in_the_compact_encoding_are_the_bytes_of_the_states() {
    let live = LiveShop::open().await;
    let mut client = live.connect().await;
    let join = json!({"type": "join", "channel": live.channel("seats"), "encoding": "compact"});
    client.send(&join).await;
    let decode = |message: &Value| {
        let bytes = STANDARD.decode(text(&message["data"]["states"])).unwrap();
        SeatStates::decode(&bytes).unwrap()
    };
    let SeatStates::All { of, states, .. } = decode(&client.next_of("resync").await) else { panic!() };
    assert_eq!((of.seats, states.len()), (30, 30));
    let seats = live.shop.seats().await;
    live.shop.held(&live.shop.buyer, &seats[7..8]).await;
    let changed = client.next_of("seats-changed").await;
    assert!(changed["data"].get("changes").is_none());
    let SeatStates::Changes { since, entries, .. } = decode(&changed) else { panic!() };
    assert_eq!((since, entries.len(), entries[0].index), (of.version, 1, 7));
}

#[tokio::test]
async fn a_client_gets_nothing_of_a_channel_that_it_left() {
    let live = LiveShop::open().await;
    let (mut client, _) = live.joined("seats").await;
    client.join(&live.channel("event")).await;
    client.next_of("resync").await;
    client.send(&json!({"type": "leave", "channel": live.channel("seats")})).await;
    // Its answer shows that the server has read the message before.
    client.join("queue:00000000-0000-4000-8000-000000000000").await;
    assert_eq!(client.next_error().await, "EVENT_NOT_FOUND");
    let seats = live.shop.seats().await;
    live.shop.held(&live.shop.buyer, &seats[..1]).await;
    client.next_of("ticket-updated").await;
}

#[tokio::test]
async fn events_that_buyers_cannot_see_have_no_channels() {
    let live = LiveShop::open().await;
    let layout = live.shop.create_layout().await;
    let body = crate::routes::tests::event_on(&layout);
    let draft = live.shop.ok(Method::POST, "/api/admin/events", &live.shop.admin, &body).await;
    let mut client = live.connect().await;
    for topic in ["event", "seats", "queue"] {
        client.join(&format!("{topic}:{}", text(&draft["event"]["id"]))).await;
        assert_eq!(client.next_error().await, "EVENT_NOT_FOUND");
    }
}
