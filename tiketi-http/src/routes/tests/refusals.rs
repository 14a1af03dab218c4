//! Requests that must be refused with the right status and code, and that change nothing.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Shop, assert_refused, event_on, text};

/// Returns ids that no store has.
fn ids(count: u128) -> Vec<String> {
    (1..=count).map(|number| Uuid::from_u128(number << 64).to_string()).collect()
}

async fn assert_holds_refused(shop: &Shop, wanted: &[(Value, u16, &str)]) {
    let before = shop.everything().await;
    for (body, status, code) in wanted {
        for path in ["/api/seats/reserve", "/api/reservations"] {
            if path == "/api/seats/reserve" && body.get("items").is_some() {
                continue;
            }
            let answer = shop.post(path, &shop.buyer, body).await;
            let sent: String = body.to_string().chars().take(200).collect();
            assert_refused(&answer, *status, code, format!("{path} {sent}"));
        }
    }
    assert_eq!(shop.everything().await, before);
}

#[tokio::test]
async fn seats_that_cannot_be_held_are_refused() {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    let (event, unknown) = (&shop.event, ids(1));
    let foreign = foreign_seat(&shop).await;
    assert_holds_refused(
        &shop,
        &[
            (json!({"eventId": unknown[0], "seatIds": [seats[0]]}), 404, "EVENT_NOT_FOUND"),
            (json!({"eventId": event, "seatIds": unknown}), 422, "UNKNOWN_SEATS"),
            (json!({"eventId": event, "seatIds": [seats[0], foreign]}), 422, "UNKNOWN_SEATS"),
            (json!({"eventId": event, "seatIds": [seats[0], seats[0]]}), 422, "DUPLICATE_SEATS"),
            (json!({"eventId": event, "seatIds": []}), 422, "NOTHING_ASKED"),
            (json!({"eventId": event, "seatIds": seats[..9]}), 409, "LIMIT_REACHED"),
            (json!({"eventId": event, "seatIds": ids(101)}), 422, "TOO_MANY_LINES"),
            (json!({"eventId": event, "seatIds": ids(10_000)}), 422, "TOO_MANY_LINES"),
            (json!({"eventId": event, "seatIds": ids(40_000)}), 413, "BODY_TOO_LARGE"),
            (json!({"eventId": "seat-1", "seatIds": [seats[0]]}), 422, "INVALID_BODY"),
            (json!({"eventId": event, "seatIds": ["seat-1"]}), 422, "INVALID_BODY"),
            (json!({"eventId": event, "seatIds": "seat-1"}), 422, "INVALID_BODY"),
            (json!({"eventId": event, "seatIds": [null]}), 422, "INVALID_BODY"),
            (json!({"seatIds": [seats[0]]}), 422, "INVALID_BODY"),
        ],
    )
    .await;
}

async fn foreign_seat(shop: &Shop) -> String {
    let layout = shop.create_layout().await;
    let event = shop.publish(&event_on(&layout)).await;
    let map = shop.read(&format!("/api/seats/{event}"), "").await;
    text(&map["seats"][0]["id"])
}

#[tokio::test]
async fn quantities_that_cannot_be_sold_are_refused_by_their_field() {
    let shop = Shop::open().await;
    let standing = shop.standing().await;
    let before = shop.everything().await;
    for quantity in [0, -1, i64::MIN, 1_001, i64::from(u32::MAX) + 2, i64::MAX] {
        let items = json!([{"ticketTypeId": standing, "quantity": quantity}]);
        let answer = shop
            .post("/api/reservations", &shop.buyer, &json!({"eventId": shop.event, "items": items}))
            .await;
        assert_refused(&answer, 422, "INVALID_BODY", quantity);
        assert_eq!(answer.json()["details"]["field"], "items[0].quantity");
    }
    for quantity in [json!(1.5), json!("2"), json!(1e300), json!(u64::MAX), Value::Null] {
        let items = json!([{"ticketTypeId": standing, "quantity": quantity}]);
        let answer = shop
            .post("/api/reservations", &shop.buyer, &json!({"eventId": shop.event, "items": items}))
            .await;
        assert_refused(&answer, 422, "INVALID_BODY", quantity);
        assert_eq!(answer.json()["details"]["field"], "items[0].quantity");
    }
    assert_eq!(shop.everything().await, before);
}

#[tokio::test]
async fn ticket_types_that_cannot_be_sold_by_quantity_are_refused() {
    let shop = Shop::open().await;
    let standing = shop.standing().await;
    let event = shop.read(&format!("/api/events/{}", shop.event), "").await;
    let vip = &event["event"]["ticketTypes"][0]["id"];
    let items = |items: Value| json!({"eventId": shop.event, "items": items});
    let unknown = &ids(1)[0];
    assert_holds_refused(&shop, &[
        (items(json!([{"ticketTypeId": unknown, "quantity": 1}])), 422, "UNKNOWN_TICKET_TYPES"),
        (items(json!([{"ticketTypeId": vip, "quantity": 1}])), 422, "SOLD_BY_SEAT"),
        (items(json!([{"ticketTypeId": standing, "quantity": 9}])), 409, "LIMIT_REACHED"),
        (items(json!([{"ticketTypeId": standing, "quantity": 1}, {"ticketTypeId": standing, "quantity": 1}])),
            422, "DUPLICATE_TICKET_TYPES"),
        (items(json!([])), 422, "NOTHING_ASKED"),
    ]).await;
}

#[tokio::test]
async fn more_than_is_left_is_refused_with_what_is_left() {
    let shop = Shop::open().await;
    let event = shop
        .publish(&json!({
            "title": "Small room", "eventDate": "2026-02-01T10:00:00Z",
            "ticketTypes": [{"name": "Standing", "price": 1_000, "capacity": 3}],
        }))
        .await;
    let read = shop.read(&format!("/api/events/{event}"), "").await;
    let items = json!([{"ticketTypeId": read["event"]["ticketTypes"][0]["id"], "quantity": 4}]);
    let answer =
        shop.post("/api/reservations", &shop.buyer, &json!({"eventId": event, "items": items})).await;
    assert_refused(&answer, 409, "NOT_ENOUGH_LEFT", "4 of 3");
    let short = &answer.json()["details"]["shortages"][0];
    assert_eq!((&short["asked"], &short["available"]), (&json!(4), &json!(3)));
}

#[tokio::test]
async fn nothing_is_sold_before_the_sale_after_it_or_of_a_cancelled_event() {
    let shop = Shop::open().await;
    let wanted = json!({"eventId": shop.event, "seatIds": [shop.seats().await[0]]});
    let standing = shop.standing().await;
    let units = json!({"eventId": shop.event, "items": [{"ticketTypeId": standing, "quantity": 1}]});
    for (now, code) in [("2026-01-05T09:59:59Z", "SALE_NOT_OPEN"), ("2026-02-14T09:00:00Z", "SALE_CLOSED")] {
        let before = shop.everything().await;
        shop.server.clock.set(now.parse().unwrap());
        let token = fresh_token(&shop).await;
        for body in [&wanted, &units] {
            assert_refused(&shop.post("/api/reservations", &token, body).await, 409, code, now);
        }
        shop.server.clock.set("2026-01-05T10:00:00Z".parse().unwrap());
        assert_eq!(shop.everything().await, before);
    }
    let path = format!("/api/admin/events/{}/cancel", shop.event);
    shop.ok(Method::POST, &path, &shop.admin, &Value::Null).await;
    assert_refused(
        &shop.post("/api/reservations", &shop.buyer, &wanted).await,
        409,
        "EVENT_CANCELLED",
        "cancelled",
    );
}

/// Signs in again, because a token expires before the sale closes.
async fn fresh_token(shop: &Shop) -> String {
    shop.server.token_of("buyer@example.com", tiketi_core::account::Role::Buyer).await
}

#[tokio::test]
async fn a_payment_of_another_amount_currency_or_method_is_refused() {
    let shop = Shop::open().await;
    let held = shop.held(&shop.buyer, &shop.seats().await[..1]).await;
    let id = &held["id"];
    let before = shop.everything().await;
    for (body, status, code) in [
        (json!({"reservationId": id, "amount": 149_999}), 409, "AMOUNT_MISMATCH"),
        (json!({"reservationId": id, "amount": -150_000}), 409, "AMOUNT_MISMATCH"),
        (json!({"reservationId": id, "amount": i64::MAX}), 409, "AMOUNT_MISMATCH"),
        (json!({"reservationId": id, "amount": 150_000, "currency": "USD"}), 409, "AMOUNT_MISMATCH"),
        (json!({"reservationId": id, "amount": 150_000, "currency": "WON"}), 422, "INVALID_BODY"),
        (json!({"reservationId": id, "amount": 0.5}), 422, "INVALID_BODY"),
        (
            json!({"reservationId": id, "method": "barter", "paymentMethod": "barter"}),
            422,
            "UNKNOWN_PAYMENT_METHOD",
        ),
        (json!({"reservationId": ids(1)[0]}), 404, "RESERVATION_NOT_FOUND"),
        (json!({"reservationId": "x"}), 422, "INVALID_BODY"),
    ] {
        let mut one_step = body.clone();
        one_step.as_object_mut().unwrap().entry("paymentMethod").or_insert(json!("kakao_pay"));
        for (path, body) in [("/api/payments/prepare", &body), ("/api/payments/process", &one_step)] {
            assert_refused(&shop.post(path, &shop.buyer, body).await, status, code, format!("{path} {body}"));
        }
    }
    assert_eq!(shop.everything().await, before);
}

#[tokio::test]
async fn a_reservation_that_has_ended_is_neither_paid_released_nor_renewed() {
    let shop = Shop::open().await;
    let held = shop.held(&shop.buyer, &shop.seats().await[..1]).await;
    shop.server.clock.advance(Duration::from_mins(5));
    let id = text(&held["id"]);
    for (path, body) in [
        ("/api/payments/prepare".to_owned(), json!({"reservationId": id})),
        ("/api/payments/process".to_owned(), json!({"reservationId": id, "paymentMethod": "kakao_pay"})),
        ("/api/seats/release".to_owned(), json!({"reservationId": id})),
        (format!("/api/reservations/{id}/extend"), Value::Null),
    ] {
        assert_refused(&shop.post(&path, &shop.buyer, &body).await, 409, "RESERVATION_NOT_PENDING", path);
    }
}

#[tokio::test]
async fn releasing_nothing_or_seats_of_others_is_refused() {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    let held = shop.held(&shop.buyer, &seats[..2]).await;
    shop.held(&shop.other, &seats[2..3]).await;
    let before = shop.everything().await;
    for (seat_ids, code) in [
        (json!([]), "NOTHING_ASKED"),
        (json!([seats[0], seats[2]]), "SEATS_NOT_IN_RESERVATION"),
        (json!([seats[0], seats[0]]), "SEATS_NOT_IN_RESERVATION"),
        (json!(ids(1)), "SEATS_NOT_IN_RESERVATION"),
        (json!(ids(10_000)), "TOO_MANY_LINES"),
        (json!(["x"]), "INVALID_BODY"),
    ] {
        let body = json!({"reservationId": held["id"], "seatIds": seat_ids});
        assert_refused(&shop.post("/api/seats/release", &shop.buyer, &body).await, 422, code, code);
    }
    assert_eq!(shop.everything().await, before);
}

#[tokio::test]
async fn ids_that_are_none_or_unknown_are_refused_in_the_path() {
    let shop = Shop::open().await;
    let unknown = &ids(1)[0];
    for (path, code) in [
        ("/api/events/", "EVENT_NOT_FOUND"),
        ("/api/tickets/event/", "EVENT_NOT_FOUND"),
        ("/api/tickets/availability/", "TICKET_TYPE_NOT_FOUND"),
        ("/api/seats/", "EVENT_NOT_FOUND"),
        ("/api/seats/events/", "EVENT_NOT_FOUND"),
        ("/api/reservations/", "RESERVATION_NOT_FOUND"),
        ("/api/seats/reservation/", "RESERVATION_NOT_FOUND"),
        ("/api/payments/", "PAYMENT_NOT_FOUND"),
    ] {
        assert_refused(&shop.get(&format!("{path}{unknown}"), &shop.buyer).await, 404, code, path);
        assert_refused(&shop.get(&format!("{path}1%20OR%201"), &shop.buyer).await, 400, "INVALID_ID", path);
    }
}

#[tokio::test]
async fn routes_of_buyers_need_a_signed_in_user() {
    let shop = Shop::open().await;
    let id = &ids(1)[0];
    for (method, path) in [
        (Method::POST, "/api/seats/reserve".to_owned()),
        (Method::POST, "/api/seats/release".to_owned()),
        (Method::POST, "/api/reservations".to_owned()),
        (Method::GET, "/api/reservations/my".to_owned()),
        (Method::GET, format!("/api/reservations/{id}")),
        (Method::GET, format!("/api/seats/reservation/{id}")),
        (Method::POST, format!("/api/reservations/{id}/cancel")),
        (Method::PUT, format!("/api/reservations/{id}/cancel")),
        (Method::POST, format!("/api/reservations/{id}/extend")),
        (Method::POST, "/api/payments/prepare".to_owned()),
        (Method::POST, "/api/payments/process".to_owned()),
        (Method::GET, format!("/api/payments/{id}")),
        (Method::GET, "/api/admin/events".to_owned()),
        (Method::POST, "/api/admin/layouts".to_owned()),
    ] {
        let answer = shop.call(method.clone(), &path, "", &Value::Null).await;
        assert_refused(&answer, 401, "AUTHENTICATION_REQUIRED", format!("{method} {path}"));
    }
}
