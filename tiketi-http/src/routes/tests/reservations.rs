//! The states of reservations, and who may see and change them.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use super::{Shop, assert_refused, text};

#[tokio::test]
async fn reservations_and_payments_of_other_buyers_are_not_found() {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    let held = shop.held(&shop.buyer, &seats[..2]).await;
    let id = text(&held["id"]);
    let body = json!({"reservationId": id});
    let prepared = shop.ok(Method::POST, "/api/payments/prepare", &shop.buyer, &body).await;
    let before = shop.everything().await;
    for path in [format!("/api/reservations/{id}"), format!("/api/seats/reservation/{id}")] {
        assert_eq!(shop.read(&path, &shop.buyer).await["reservation"]["id"], held["id"]);
        assert_refused(&shop.get(&path, &shop.other).await, 404, "RESERVATION_NOT_FOUND", path);
    }
    for (path, body) in [
        (format!("/api/reservations/{id}/cancel"), Value::Null),
        (format!("/api/reservations/{id}/extend"), Value::Null),
        ("/api/seats/release".into(), json!({"reservationId": id, "seatIds": [seats[0]]})),
        ("/api/payments/prepare".into(), json!({"reservationId": id})),
        ("/api/payments/prepare".into(), json!({"reservationId": id, "amount": 300_000})),
        ("/api/payments/process".into(), json!({"reservationId": id, "paymentMethod": "kakao_pay"})),
    ] {
        assert_refused(&shop.post(&path, &shop.other, &body).await, 404, "RESERVATION_NOT_FOUND", path);
    }
    let payment = format!("/api/payments/{}", text(&prepared["paymentId"]));
    assert_eq!(shop.read(&payment, &shop.buyer).await["payment"]["status"], "pending");
    assert_refused(&shop.get(&payment, &shop.other).await, 404, "PAYMENT_NOT_FOUND", "payment");
    assert_eq!(shop.everything().await, before);
}

#[tokio::test]
async fn one_sees_only_ones_own_reservations_in_pages() {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    for at in 0..3 {
        let held = shop.held(&shop.buyer, &seats[at..=at]).await;
        shop.paid(&shop.buyer, &held).await;
    }
    shop.held(&shop.other, &seats[5..6]).await;
    let page = shop.read("/api/reservations/my?page=2&limit=2", &shop.buyer).await;
    let pagination = json!({"total": 3, "totalIsExact": true, "page": 2, "limit": 2, "totalPages": 2});
    assert_eq!(page["pagination"], pagination);
    let first = shop.read("/api/reservations/my?limit=2", &shop.buyer).await;
    let after = first["pagination"]["next"].as_str().unwrap();
    let second = shop.read(&format!("/api/reservations/my?limit=2&after={after}"), &shop.buyer).await;
    assert_eq!(second["reservations"], page["reservations"], "the key leads to the same page");
    assert_eq!(second["pagination"]["next"], json!(null));
    assert_eq!(page["reservations"][0]["seats"][0]["seatId"], seats[0], "the oldest comes last");
    assert_eq!(shop.read("/api/reservations/my", &shop.other).await["pagination"]["total"], 1);
}

#[tokio::test]
async fn a_hold_past_its_end_reads_as_expired_before_the_sweep() {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    let held = shop.held(&shop.buyer, &seats[..1]).await;
    shop.server.clock.advance(Duration::from_mins(5));
    let read = shop.read(&format!("/api/reservations/{}", text(&held["id"])), &shop.buyer).await;
    assert_eq!(
        (&read["reservation"]["status"], &read["reservation"]["paymentStatus"]),
        (&json!("expired"), &json!("cancelled"))
    );
    assert_eq!(shop.status(&seats[0]).await, "available");
    assert_eq!(shop.reserve(&shop.other, &seats[..1]).await.status.as_u16(), 201);
}

/// Defect 1 of the first Tiketi: the late cancellation released seats that the next buyer had bought.
#[tokio::test]
async fn cancelling_an_expired_reservation_leaves_the_next_buyers_seats_alone() {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    let late = shop.held(&shop.buyer, &seats[..1]).await;
    shop.server.clock.advance(Duration::from_mins(5));
    let next = shop.held(&shop.other, &seats[..1]).await;
    shop.paid(&shop.other, &next).await;
    let before = shop.everything().await;
    let path = format!("/api/reservations/{}/cancel", text(&late["id"]));
    for method in [Method::POST, Method::PUT] {
        let answer = shop.call(method, &path, &shop.buyer, &Value::Null).await;
        assert_refused(&answer, 409, "RESERVATION_ENDED", "late");
    }
    assert_eq!(shop.everything().await, before);
}

#[tokio::test]
async fn a_pending_reservation_is_cancelled_without_a_refund() {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    let held = shop.held(&shop.buyer, &seats[..2]).await;
    let path = format!("/api/reservations/{}/cancel", text(&held["id"]));
    let gone = shop.ok(Method::POST, &path, &shop.buyer, &Value::Null).await["reservation"].clone();
    assert_eq!((&gone["status"], &gone["paymentStatus"]), (&json!("cancelled"), &json!("cancelled")));
    assert_eq!(shop.status(&seats[1]).await, "available");
}

#[tokio::test]
async fn a_reservation_has_every_field_of_the_contract() {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    let held = shop.held(&shop.buyer, &seats[..1]).await;
    let user = shop.read("/api/auth/me", &shop.buyer).await["user"]["id"].clone();
    assert_eq!(
        held,
        json!({
            "id": held["id"], "reservationNumber": "TKT-20260105-00001", "eventId": shop.event,
            "event": {"id": shop.event, "title": "Night of the Lighthouse", "eventDate": "2026-02-14T10:00:00Z"},
            "userId": user, "seats": [{"seatId": seats[0], "seatLabel": "VIP A-1", "price": 150_000}],
            "items": [], "totalAmount": 150_000, "currency": "KRW", "status": "pending",
            "paymentStatus": "pending", "expiresAt": "2026-01-05T10:05:00Z", "createdAt": "2026-01-05T10:00:00Z",
        })
    );
}
