//! Seat maps and holds over HTTP.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use super::{Shop, assert_refused, text};
use crate::test_support::with_header;

#[tokio::test]
async fn a_seat_map_has_place_and_price_of_each_seat() {
    let shop = Shop::open().await;
    let map = shop.read(&format!("/api/seats/{}", shop.event), "").await;
    assert_eq!((map["seats"].as_array().unwrap().len(), &map["complete"]), (30, &json!(true)));
    assert_eq!(map["event"]["title"], "Night of the Lighthouse");
    assert_eq!(map["layout"]["sections"][0]["price"], 150_000);
    let sixth = &map["seats"][5];
    assert_eq!(
        (&sixth["section"], &sixth["rowNumber"], &sixth["seatNumber"]),
        (&json!("VIP"), &json!("A"), &json!("6"))
    );
    assert_eq!(
        (&sixth["seatLabel"], &sixth["price"], &sixth["status"]),
        (&json!("VIP A-6"), &json!(150_000), &json!("available"))
    );
    assert_eq!(
        (&sixth["column"], &sixth["accessible"], &sixth["version"]),
        (&json!(6), &json!(false), &json!(1))
    );
    assert_eq!(map, shop.read(&format!("/api/seats/events/{}", shop.event), "").await);
}

#[tokio::test]
async fn a_seat_map_names_no_owner() {
    let shop = Shop::open().await;
    let held = shop.held(&shop.buyer, &shop.seats().await[..1]).await;
    let map = shop.get(&format!("/api/seats/{}", shop.event), "").await;
    let sent = String::from_utf8(map.bytes).unwrap();
    assert!(!sent.contains(&text(&held["id"])) && !sent.contains(&text(&held["userId"])));
}

#[tokio::test]
async fn an_unchanged_map_is_answered_with_304_and_a_changed_one_by_its_changes() {
    let shop = Shop::open().await;
    let path = format!("/api/seats/{}", shop.event);
    let first = shop.get(&path, "").await;
    assert_eq!(first.header("cache-control"), "no-cache");
    let conditional = || Request::get(&path).body(Body::empty()).unwrap();
    let known = with_header(conditional(), "if-none-match", first.header("etag"));
    assert_eq!(shop.server.send(known).await.status.as_u16(), 304);
    let seats = shop.seats().await;
    shop.held(&shop.buyer, &seats[..1]).await;
    let changes = shop.read(&format!("{path}?since={}", first.json()["version"]), "").await;
    assert_eq!((changes["seats"].as_array().unwrap().len(), &changes["complete"]), (1, &json!(false)));
    assert_eq!(
        (&changes["seats"][0]["id"], &changes["seats"][0]["status"]),
        (&json!(seats[0]), &json!("locked"))
    );
}

#[tokio::test]
async fn the_map_is_compressed_once_and_by_no_layer_again() {
    let shop = Shop::open().await;
    let request = Request::get(format!("/api/seats/{}", shop.event)).body(Body::empty()).unwrap();
    let answer = shop.server.send(with_header(request, "accept-encoding", "gzip")).await;
    assert_eq!((answer.header("content-encoding"), answer.header("vary")), ("gzip", "accept-encoding"));
    let mut unpacked = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(answer.bytes.as_slice());
    std::io::Read::read_to_end(&mut decoder, &mut unpacked).unwrap();
    assert_eq!(unpacked, shop.get(&format!("/api/seats/{}", shop.event), "").await.bytes);
}

#[tokio::test]
async fn a_wrong_since_is_refused() {
    let shop = Shop::open().await;
    for since in ["-1", "x", "1.5", "99999999999999999999999"] {
        let answer = shop.get(&format!("/api/seats/{}?since={since}", shop.event), "").await;
        assert_refused(&answer, 400, "INVALID_QUERY", since);
    }
}

#[tokio::test]
async fn a_hold_has_its_end() {
    let shop = Shop::open().await;
    let answer = shop.reserve(&shop.buyer, &shop.seats().await[..1]).await;
    assert_eq!(answer.status.as_u16(), 201);
    let held = answer.json();
    assert_eq!((&held["expiresAt"], &held["expiresIn"]), (&json!("2026-01-05T10:05:00Z"), &json!(300)));
    assert_eq!(held["reservation"]["reservationNumber"], "TKT-20260105-00001");
    assert_eq!(held["reservation"]["expiresAt"], held["expiresAt"]);
}

#[tokio::test]
async fn every_taken_seat_is_named_and_nothing_is_held() {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    shop.held(&shop.other, &seats[..2]).await;
    let before = shop.everything().await;
    let answer = shop.reserve(&shop.buyer, &seats[..4]).await;
    assert_refused(&answer, 409, "SEATS_TAKEN", "two of four");
    let mut named: Vec<_> =
        answer.json()["details"]["unavailableSeats"].as_array().unwrap().iter().map(text).collect();
    named.sort();
    let mut taken = seats[..2].to_vec();
    taken.sort();
    assert_eq!(named, taken);
    assert_eq!(shop.everything().await, before);
}

#[tokio::test]
async fn layouts_are_listed_without_signing_in() {
    let shop = Shop::open().await;
    let list = shop.read("/api/seats/layouts", "").await;
    assert_eq!(
        (&list["layouts"][0]["venue"], &list["layouts"][0]["seatCount"]),
        (&json!("Harbour Hall"), &json!(30))
    );
}
