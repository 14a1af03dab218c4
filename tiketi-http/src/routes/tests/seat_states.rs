//! Compact seat states and layouts over HTTP.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use tiketi_core::Timestamp;
use tiketi_core::fact::SeatStatus;
use tiketi_core::seat_states::{MEDIA_TYPE, SeatEntry, SeatStates};

use super::{Shop, assert_refused, text};
use crate::gzip::gunzip;
use crate::test_support::{Answered, with_header};

async fn get_with(shop: &Shop, path: &str, header: &'static str, value: &str) -> Answered {
    let request = Request::get(path).body(Body::empty()).unwrap();
    shop.server.send(with_header(request, header, value)).await
}

#[tokio::test]
async fn states_are_those_of_the_map_in_its_order() {
    let shop = Shop::open().await;
    let path = format!("/api/seats/{}/states", shop.event);
    let seats = shop.seats().await;
    shop.held(&shop.buyer, &seats[4..6]).await;
    let answer = shop.get(&path, "").await;
    assert_eq!((answer.header("content-type"), answer.header("cache-control")), (MEDIA_TYPE, "no-cache"));
    let SeatStates::All { of, states, exceptions } = SeatStates::decode(&answer.bytes).unwrap() else {
        panic!("these are all states")
    };
    let map = shop.read(&format!("/api/seats/{}", shop.event), "").await;
    assert_eq!((of.seats, json!(of.version), exceptions), (30, map["version"].clone(), vec![]));
    let words = map["seats"].as_array().unwrap().iter().map(|seat| text(&seat["status"]));
    let states = states.iter().map(|state| match state {
        SeatStatus::Available => "available",
        SeatStatus::Held => "locked",
        SeatStatus::Sold => "reserved",
        SeatStatus::Blocked => "blocked",
    });
    assert!(states.eq(words));
}

#[tokio::test]
async fn states_after_a_version_are_the_changes() {
    let shop = Shop::open().await;
    let path = format!("/api/seats/{}/states", shop.event);
    let seats = shop.seats().await;
    let since = SeatStates::decode(&shop.get(&path, "").await.bytes).unwrap().of().version;
    shop.held(&shop.buyer, &seats[4..5]).await;
    let read = async |since: u64| {
        SeatStates::decode(&shop.get(&format!("{path}?since={since}"), "").await.bytes).unwrap()
    };
    let SeatStates::Changes { of, since: from, entries } = read(since).await else { panic!("one changed") };
    assert_eq!((from, of.version), (since, since + 1));
    assert_eq!(entries, [SeatEntry { index: 4, state: SeatStatus::Held, version: 2 }]);
    assert!(matches!(read(since + 1).await, SeatStates::Changes { entries, .. } if entries.is_empty()));
    for unknown in [0, since + 2, u64::MAX] {
        assert!(matches!(read(unknown).await, SeatStates::All { .. }), "{unknown}");
    }
    assert_refused(&shop.get(&format!("{path}?since=x"), "").await, 400, "INVALID_QUERY", "since");
}

#[tokio::test]
async fn known_states_are_answered_with_304_until_a_seat_changes() {
    let shop = Shop::open().await;
    let path = format!("/api/seats/{}/states", shop.event);
    let (plain, packed) =
        (shop.get(&path, "").await, get_with(&shop, &path, "accept-encoding", "gzip").await);
    assert_eq!((packed.header("content-encoding"), packed.header("vary")), ("gzip", "accept-encoding"));
    assert_eq!(gunzip(&packed.bytes).unwrap(), plain.bytes);
    assert_ne!(plain.header("etag"), packed.header("etag"));
    for known in [plain.header("etag"), packed.header("etag")] {
        let again = get_with(&shop, &path, "if-none-match", known).await;
        assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
    }
    let seats = shop.seats().await;
    shop.held(&shop.buyer, &seats[..1]).await;
    assert_eq!(get_with(&shop, &path, "if-none-match", plain.header("etag")).await.status.as_u16(), 200);
}

#[tokio::test]
async fn an_ended_hold_is_available_in_the_states_before_the_sweep() {
    let mut shop = Shop::open().await;
    let path = format!("/api/seats/{}/states", shop.event);
    let seats = shop.seats().await;
    shop.held(&shop.buyer, &seats[..1]).await;
    let held = shop.get(&path, "").await;
    shop.wait(std::time::Duration::from_mins(5)).await;
    let ended = get_with(&shop, &path, "if-none-match", held.header("etag")).await;
    assert_eq!(ended.status.as_u16(), 200);
    let SeatStates::All { states, .. } = SeatStates::decode(&ended.bytes).unwrap() else { panic!("all") };
    assert_eq!(states[0], SeatStatus::Available);
}

#[tokio::test]
async fn a_layout_has_the_places_in_the_order_of_the_states_and_is_kept_for_ever() {
    let shop = Shop::open().await;
    let states = shop.get(&format!("/api/seats/{}/states", shop.event), "").await;
    let hash = SeatStates::decode(&states.bytes).unwrap().of().layout.to_string();
    let path = format!("/api/layouts/{}.{hash}", shop.event);
    let answer = shop.get(&path, "").await;
    assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    let layout = answer.json();
    assert_eq!((&layout["hash"], &layout["eventId"]), (&json!(hash), &json!(shop.event)));
    let map = shop.read(&format!("/api/seats/{}", shop.event), "").await;
    for (placed, seat) in layout["seats"].as_array().unwrap().iter().zip(map["seats"].as_array().unwrap()) {
        for (name, value) in placed.as_object().unwrap() {
            assert_eq!(value, &seat[name], "{name}");
        }
        assert!(placed.get("price").is_none());
    }
    assert_eq!(layout["seats"].as_array().unwrap().len(), 30);
    let packed = get_with(&shop, &path, "accept-encoding", "gzip").await;
    assert_eq!(gunzip(&packed.bytes).unwrap(), answer.bytes);
    let known = get_with(&shop, &path, "if-none-match", answer.header("etag")).await;
    assert_eq!((known.status.as_u16(), known.bytes.len()), (304, 0));
}

#[tokio::test]
async fn a_layout_that_an_event_does_not_have_is_not_found() {
    let shop = Shop::open().await;
    let other = "0".repeat(32);
    let unknown =
        [format!("{}.{other}", shop.event), format!("01890a5d-ac96-774b-bcce-b302099a8057.{other}")];
    for name in unknown {
        let answer = shop.get(&format!("/api/layouts/{name}"), "").await;
        assert_refused(&answer, 404, "LAYOUT_NOT_FOUND", &name);
    }
    for name in [shop.event.clone(), format!("{}.", shop.event), format!("{}.{}", shop.event, "A".repeat(32))]
    {
        let answer = shop.get(&format!("/api/layouts/{name}"), "").await;
        assert_refused(&answer, 400, "INVALID_ID", &name);
    }
}

#[tokio::test]
async fn answers_from_memory_say_how_old_they_are() {
    let shop = Shop::open().await;
    let standing = shop.standing().await;
    let event = &shop.event;
    let paths = [
        format!("/api/events/{event}"),
        format!("/api/tickets/event/{event}"),
        format!("/api/tickets/availability/{standing}"),
        format!("/api/seats/{event}"),
        format!("/api/seats/{event}/states"),
    ];
    let began = shop.server.state.now();
    for path in &paths {
        shop.get(path, "").await;
        shop.server.clock.advance(std::time::Duration::from_millis(400));
        let answer = shop.get(path, "").await;
        let as_of: Timestamp = answer.header("as-of").parse().unwrap();
        let age = shop.server.state.now().since(as_of);
        assert!(as_of >= began && age < std::time::Duration::from_secs(1), "{path}: {age:?}");
    }
}

#[tokio::test]
async fn the_decoder_is_served_beside_the_documentation() {
    let shop = Shop::open().await;
    let script = shop.get("/api/docs/seat-states.js", "").await;
    assert_eq!(script.header("content-type"), "text/javascript");
    assert!(String::from_utf8(script.bytes).unwrap().contains("export function decodeSeatStates"));
}
