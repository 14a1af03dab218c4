//! Complete purchases, from the seat map to the ticket and its refund.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use super::{Shop, assert_refused, text};

#[tokio::test]
async fn a_buyer_reserves_pays_sees_and_cancels_with_a_refund() {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    let held = shop.held(&shop.buyer, &seats[..2]).await;
    assert_eq!((&held["status"], &held["paymentStatus"]), (&json!("pending"), &json!("pending")));
    assert_eq!((&held["totalAmount"], &held["currency"]), (&json!(300_000), &json!("KRW")));
    let body = json!({"reservationId": held["id"], "amount": 300_000, "method": "kakao_pay"});
    let prepared = shop.ok(Method::POST, "/api/payments/prepare", &shop.buyer, &body).await;
    assert_eq!(prepared["orderName"], "Night of the Lighthouse × 2");
    assert_eq!(prepared["expiresAt"], "2026-01-05T10:10:00Z");
    let paid = shop.paid(&shop.buyer, &held).await;
    assert_eq!(
        (&paid["payment"]["status"], &paid["payment"]["amount"]),
        (&json!("completed"), &json!(300_000))
    );
    let mine = shop.read("/api/reservations/my", &shop.buyer).await;
    assert_eq!(mine["reservations"][0]["status"], "confirmed");
    assert_eq!(mine["reservations"][0]["paymentStatus"], "completed");
    assert_eq!(shop.status(&seats[0]).await, "reserved");
    refunded(&shop, &held, &paid).await;
    assert_eq!(shop.status(&seats[0]).await, "available");
}

async fn refunded(shop: &Shop, held: &Value, paid: &Value) {
    let path = format!("/api/reservations/{}/cancel", text(&held["id"]));
    let gone = shop.ok(Method::PUT, &path, &shop.buyer, &Value::Null).await;
    assert_eq!(gone["reservation"]["status"], "cancelled");
    assert_eq!(gone["reservation"]["paymentStatus"], "refunded");
    let path = format!("/api/payments/{}", text(&paid["payment"]["id"]));
    let payment = shop.read(&path, &shop.buyer).await;
    assert_eq!(
        (&payment["payment"]["status"], &payment["payment"]["refundedAmount"]),
        (&json!("refunded"), &json!(300_000))
    );
}

#[tokio::test]
async fn general_admission_is_bought_by_quantity() {
    let shop = Shop::open().await;
    let standing = shop.standing().await;
    let body = json!({"eventId": shop.event, "items": [{"ticketTypeId": standing, "quantity": 3}]});
    let held = shop.ok(Method::POST, "/api/reservations", &shop.buyer, &body).await;
    assert_eq!(
        held["reservation"]["items"][0],
        json!({
            "ticketTypeId": standing, "name": "Standing", "quantity": 3, "unitPrice": 88_000,
        })
    );
    assert_eq!(shop.paid(&shop.buyer, &held["reservation"]).await["payment"]["amount"], 264_000);
    let stock = shop.read(&format!("/api/tickets/availability/{standing}"), "").await;
    assert_eq!(
        (&stock["ticketTypes"][0]["capacity"], &stock["ticketTypes"][0]["available"]),
        (&json!(50), &json!(47))
    );
}

#[tokio::test]
async fn seats_and_quantities_go_into_one_reservation() {
    let shop = Shop::open().await;
    let (seats, standing) = (shop.seats().await, shop.standing().await);
    let first = shop.held(&shop.buyer, &seats[..1]).await;
    let body = json!({
        "eventId": shop.event, "seatIds": [seats[0], seats[1]],
        "items": [{"ticketTypeId": standing, "quantity": 1}],
    });
    let both = shop.ok(Method::POST, "/api/reservations", &shop.buyer, &body).await["reservation"].clone();
    assert_eq!(both["id"], first["id"]);
    assert_eq!((both["seats"].as_array().unwrap().len(), &both["totalAmount"]), (2, &json!(388_000)));
}

#[tokio::test]
async fn seats_are_added_to_a_pending_reservation_and_given_back_one_by_one() {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    shop.held(&shop.buyer, &seats[..1]).await;
    let held = shop.held(&shop.buyer, &seats[1..3]).await;
    assert_eq!(held["seats"].as_array().unwrap().len(), 3);
    let some = json!({"reservationId": held["id"], "seatIds": [seats[1]]});
    let left = shop.ok(Method::POST, "/api/seats/release", &shop.buyer, &some).await;
    assert_eq!(left["reservation"]["seats"].as_array().unwrap().len(), 2);
    assert_eq!(shop.status(&seats[1]).await, "available");
    let all = json!({"reservationId": held["id"]});
    let gone = shop.ok(Method::POST, "/api/seats/release", &shop.buyer, &all).await;
    assert_eq!(gone["reservation"]["status"], "cancelled");
    assert_eq!(shop.status(&seats[0]).await, "available");
}

#[tokio::test]
async fn a_hold_is_renewed_up_to_its_cap() {
    let shop = Shop::open().await;
    let held = shop.held(&shop.buyer, &shop.seats().await[..1]).await;
    let path = format!("/api/reservations/{}/extend", text(&held["id"]));
    for (minutes, expires_at) in [(4, "10:09"), (4, "10:13"), (4, "10:15")] {
        shop.server.clock.advance(Duration::from_mins(minutes));
        let renewed = shop.ok(Method::POST, &path, &shop.buyer, &Value::Null).await;
        assert_eq!(renewed["expiresAt"], format!("2026-01-05T{expires_at}:00Z"));
    }
    assert_refused(&shop.post(&path, &shop.buyer, &Value::Null).await, 409, "HOLD_CAP_REACHED", "at the cap");
}

#[tokio::test]
async fn a_free_event_is_confirmed_without_a_payment() {
    let shop = Shop::open().await;
    let event = shop
        .publish(&json!({
            "title": "Open rehearsal", "eventDate": "2026-02-01T10:00:00Z",
            "ticketTypes": [{"name": "Free", "price": 0, "capacity": 10}],
        }))
        .await;
    let read = shop.read(&format!("/api/events/{event}"), "").await;
    let free = read["event"]["ticketTypes"][0]["id"].clone();
    let body = json!({"eventId": event, "items": [{"ticketTypeId": free, "quantity": 2}]});
    let held = shop.ok(Method::POST, "/api/reservations", &shop.buyer, &body).await;
    let paid = shop.paid(&shop.buyer, &held["reservation"]).await;
    assert_eq!((&paid["payment"], &paid["reservation"]["status"]), (&Value::Null, &json!("confirmed")));
    assert_eq!(paid["reservation"]["paymentStatus"], "completed");
}

#[tokio::test]
async fn an_idempotent_hold_repeated_answers_alike_and_holds_once() {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    let body = json!({"eventId": shop.event, "seatIds": [seats[0]]});
    let mut answers = Vec::new();
    for _ in 0..2 {
        let request = crate::test_support::json_request(Method::POST, "/api/seats/reserve", &body);
        let request = crate::test_support::signed(request, &shop.buyer);
        let request = crate::test_support::with_header(request, "idempotency-key", "one-intent");
        answers.push(shop.server.send(request).await);
    }
    assert_eq!(answers[0].bytes, answers[1].bytes);
    assert_eq!(answers[1].header("idempotent-replayed"), "true");
    let mine = shop.read("/api/reservations/my", &shop.buyer).await;
    assert_eq!(mine["pagination"]["total"], 1);
}
