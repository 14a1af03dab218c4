//! Creating and reading seat layouts.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Shop, assert_refused, layout, text};

/// The fields of a layout that a client sends; the server adds the others.
const PLAN: [&str; 4] = ["venue", "name", "currency", "sections"];

fn hall(rows: &Value) -> Value {
    json!({"venue": "Harbour Hall", "name": "Plan", "sections": [{"name": "R", "price": 1_000, "rows": rows}]})
}

async fn columns(shop: &Shop, rows: &Value) -> Vec<(String, u64, bool)> {
    let made = shop.ok(Method::POST, "/api/admin/layouts", &shop.admin, &hall(rows)).await;
    let seats = made["layout"]["sections"][0]["rows"][0]["seats"].as_array().unwrap().clone();
    let drawn = |seat: &Value| {
        (text(&seat["number"]), seat["column"].as_u64().unwrap(), seat["accessible"].as_bool().unwrap())
    };
    seats.iter().map(drawn).collect()
}

fn seat(number: &str, column: u64, accessible: bool) -> (String, u64, bool) {
    (number.to_owned(), column, accessible)
}

#[tokio::test]
async fn a_row_is_drawn_by_count_by_names_or_seat_by_seat() {
    let shop = Shop::open().await;
    let counted = json!([{"label": "A", "seats": 3, "gapsAfter": ["1"], "accessible": ["3"]}]);
    assert_eq!(
        columns(&shop, &counted).await,
        [seat("1", 0, false), seat("2", 2, false), seat("3", 3, true)]
    );
    let named = json!([{"label": "가", "seats": ["A", "B"]}]);
    assert_eq!(columns(&shop, &named).await, [seat("A", 0, false), seat("B", 1, false)]);
    let placed = json!([{"label": "C", "seats": [
        {"number": "1", "column": 4}, {"number": "2"}, {"number": "3", "column": 9, "accessible": true},
    ]}]);
    assert_eq!(columns(&shop, &placed).await, [seat("1", 4, false), seat("2", 5, false), seat("3", 9, true)]);
}

#[tokio::test]
async fn a_layout_read_and_sent_again_is_the_same_layout() {
    let shop = Shop::open().await;
    let id = shop.create_layout().await;
    let first = shop.read(&format!("/api/admin/layouts/{id}"), &shop.admin).await["layout"].clone();
    let mut plan = first.clone();
    plan.as_object_mut().unwrap().retain(|field, _| PLAN.contains(&field.as_str()));
    let again = shop.ok(Method::POST, "/api/admin/layouts", &shop.admin, &plan).await["layout"].clone();
    assert_ne!(first["id"], again["id"]);
    assert_eq!((&first["sections"], &first["venue"]), (&again["sections"], &again["venue"]));
}

#[tokio::test]
async fn a_layout_is_listed_and_removed_and_its_events_stay() {
    let shop = Shop::open().await;
    let list = shop.read("/api/admin/layouts", &shop.admin).await;
    assert_eq!((&list["pagination"]["total"], &list["layouts"][0]["seatCount"]), (&json!(1), &json!(30)));
    let path = format!("/api/admin/layouts/{}", text(&list["layouts"][0]["id"]));
    assert_eq!(shop.call(Method::DELETE, &path, &shop.admin, &Value::Null).await.status.as_u16(), 204);
    assert_refused(&shop.get(&path, &shop.admin).await, 404, "LAYOUT_NOT_FOUND", "removed");
    assert_eq!(shop.seats().await.len(), 30);
}

#[tokio::test]
async fn halls_that_cannot_be_are_refused_by_what_is_wrong() {
    let shop = Shop::open().await;
    let before = shop.everything().await;
    for (rows, code, names) in [
        (json!([]), "INVALID_BODY", "sections[0].rows"),
        (json!([{"label": "A", "seats": 0}]), "INVALID_BODY", "sections[0].rows[0].seats"),
        (json!([{"label": "A", "seats": -3}]), "INVALID_BODY", "sections[0].rows[0].seats"),
        (json!([{"label": "A", "seats": 4_000_000_000_u64}]), "INVALID_LAYOUT", "4000000000"),
        (json!([{"label": "A", "seats": 5_000_000_000_u64}]), "INVALID_BODY", "sections[0].rows[0].seats"),
        (
            json!([{"label": "A", "seats": 600_000}, {"label": "B", "seats": 600_000}]),
            "INVALID_LAYOUT",
            "1200000",
        ),
        (json!([{"label": "A", "seats": 1.5}]), "INVALID_BODY", "a whole number of seats"),
        (json!([{"label": "A", "seats": ["1", "1"]}]), "INVALID_LAYOUT", "seat 1 in row A of section R"),
        (
            json!([{"label": "A", "seats": 1}, {"label": "A", "seats": 1}]),
            "INVALID_LAYOUT",
            "row A of section R",
        ),
        (json!([{"label": "", "seats": 1}]), "INVALID_LAYOUT", "row  of section R"),
        (json!([{"label": "A", "seat": 1}]), "INVALID_BODY", "sections[0].rows[0].seat"),
        (json!([{"label": "A", "seats": 2, "gapsAfter": ["3"]}]), "INVALID_BODY", "gapsAfter[0]"),
        (json!([{"label": "A", "seats": 2, "accessible": ["x"]}]), "INVALID_BODY", "accessible[0]"),
        (
            json!([{"label": "A", "seats": [{"number": "1", "column": -1}]}]),
            "INVALID_BODY",
            "seats[0].column",
        ),
        (
            json!([{"label": "A", "seats": [{"number": "1", "column": 2}, {"number": "2", "column": 2}]}]),
            "INVALID_LAYOUT",
            "column 2",
        ),
    ] {
        let answer = shop.post("/api/admin/layouts", &shop.admin, &hall(&rows)).await;
        assert_refused(&answer, 422, code, &rows);
        assert!(answer.json()["details"].to_string().contains(names), "{rows}: {}", answer.json());
    }
    assert_eq!(shop.everything().await, before);
}

#[tokio::test]
async fn prices_and_currencies_that_cannot_be_are_refused() {
    let shop = Shop::open().await;
    for (change, code) in [
        (json!({"currency": "WON"}), "INVALID_BODY"),
        (json!({"venue": ""}), "INVALID_LAYOUT"),
        (json!({"sections": []}), "INVALID_LAYOUT"),
        (
            json!({"sections": [{"name": "R", "price": -1, "rows": [{"label": "A", "seats": 1}]}]}),
            "INVALID_LAYOUT",
        ),
    ] {
        let mut body = layout();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_refused(&shop.post("/api/admin/layouts", &shop.admin, &body).await, 422, code, &change);
    }
    let mut dollars = layout();
    dollars["currency"] = json!("USD");
    let made = shop.ok(Method::POST, "/api/admin/layouts", &shop.admin, &dollars).await;
    let event = super::event_on(&text(&made["layout"]["id"]));
    let answer = shop.post("/api/admin/events", &shop.admin, &event).await;
    assert_refused(&answer, 422, "INVALID_BODY", "a hall priced in dollars for an event in won");
    assert_eq!(answer.json()["details"]["expected"], "KRW");
}

#[tokio::test]
async fn a_hall_of_twenty_thousand_seats_is_drawn_in_one_request() {
    let shop = Shop::open().await;
    let placed = |row: usize| {
        let seats: Vec<_> =
            (1..=200).map(|n| json!({"number": n.to_string(), "column": n, "accessible": n == 1})).collect();
        json!({"label": row.to_string(), "seats": seats})
    };
    let rows: Vec<_> = (1..=100).map(placed).collect();
    let made = shop.ok(Method::POST, "/api/admin/layouts", &shop.admin, &hall(&json!(rows))).await;
    assert_eq!(made["layout"]["seatCount"], 20_000);
}

#[tokio::test]
async fn a_plan_is_checked_without_being_saved() {
    let shop = Shop::open().await;
    let before = shop.everything().await;
    let checked = shop.ok(Method::POST, "/api/admin/layouts/check", &shop.admin, &layout()).await;
    assert_eq!(checked["problems"], json!([]));
    assert_eq!(checked["layout"]["seatCount"], 30);
    let vip = json!({"name": "VIP", "price": 150_000, "rowCount": 1, "seatCount": 10, "accessibleCount": 2});
    assert_eq!(checked["layout"]["sections"][0], vip);
    let drawn = shop.ok(Method::POST, "/api/admin/layouts/check?seats=true", &shop.admin, &layout()).await;
    let rows = &drawn["layout"]["sections"][0]["rows"];
    // The seat after the gap.
    assert_eq!(rows[0]["seats"][5], json!({"number": "6", "column": 6, "accessible": false}));
    let mut broken = layout();
    broken["sections"][0]["price"] = json!(-1);
    broken["sections"][1]["rows"][1]["label"] = json!("A");
    let checked = shop.ok(Method::POST, "/api/admin/layouts/check", &shop.admin, &broken).await;
    assert_eq!(checked["layout"], json!(null));
    let places: Vec<_> =
        checked["problems"].as_array().unwrap().iter().map(|problem| &problem["path"]).collect();
    assert_eq!(places, ["sections[0].price", "sections[1].rows[1].label"]);
    assert_eq!(shop.everything().await, before);
}

/// Seen to fail with all seats in the answer: that of a million seats had 48 MB.
#[tokio::test]
async fn a_large_layout_is_read_in_parts() {
    let shop = Shop::open().await;
    let rows: Vec<_> = (0..201).map(|row| json!({"label": row.to_string(), "seats": 100})).collect();
    let made = shop.ok(Method::POST, "/api/admin/layouts", &shop.admin, &hall(&json!(rows))).await;
    assert_eq!(made["layout"]["seatCount"], 20_100);
    assert!(made.to_string().len() < 10_000);
    let path = format!("/api/admin/layouts/{}", text(&made["layout"]["id"]));
    let whole = shop.read(&path, &shop.admin).await["layout"].clone();
    assert_eq!(whole["sections"][0]["rows"][7], json!({"label": "7"}));
    let row = shop.read(&format!("{path}?section=R&row=7"), &shop.admin).await["layout"].clone();
    assert_eq!(row["sections"][0]["rows"].as_array().unwrap().len(), 1);
    assert_eq!(row["sections"][0]["rows"][0]["seats"][99]["number"], "100");
    let nothing = shop.read(&format!("{path}?section=S"), &shop.admin).await["layout"].clone();
    assert_eq!(nothing["sections"], json!([]));
}
