//! The header `Idempotency-Key` of a write.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::shop::{Shop, assert_nothing_panicked};

const MOST: usize = 64 << 10;

/// Sends a hold twice with the same key: it is held once, or both are refused because of the key.
pub fn idempotency_key(bytes: &[u8]) {
    let Ok(key) = HeaderValue::from_bytes(bytes) else { return };
    let shop = Shop::get();
    let (buyer, other) = (shop.next_buyer().to_string(), shop.next_buyer().to_string());
    shop.runtime.block_on(async {
        let first = hold(shop, &buyer, &key).await;
        let second = hold(shop, &buyer, &key).await;
        assert_eq!(first, second, "a repetition gets the same answer");
        match first.0 {
            StatusCode::CREATED => {
                assert_eq!(first.1["reservation"]["items"][0]["quantity"], 1, "{}", first.1);
                let others = hold(shop, &other, &key).await;
                assert_eq!(others.0, StatusCode::CREATED, "keys of different buyers are independent");
                assert_ne!(first.1["reservation"]["id"], others.1["reservation"]["id"]);
            }
            StatusCode::BAD_REQUEST => assert_eq!(first.1["code"], "INVALID_IDEMPOTENCY_KEY"),
            status => panic!("{status} {}", first.1),
        }
    });
    assert_nothing_panicked();
}

async fn hold(shop: &Shop, buyer: &str, key: &HeaderValue) -> (StatusCode, Value) {
    let item = json!({ "ticketTypeId": shop.standing, "quantity": 1 });
    let body = json!({ "eventId": shop.event, "items": [item] });
    let request = Request::post("/api/reservations")
        .header("content-type", "application/json")
        .header("x-buyer", buyer)
        .header("idempotency-key", key)
        .body(Body::from(body.to_string()));
    let answer = shop.app.clone().oneshot(request.unwrap()).await.unwrap();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), MOST).await.unwrap();
    let mut body: Value = serde_json::from_slice(&body).unwrap();
    // Each answer says when it was given.
    body.as_object_mut().unwrap().remove("requestId");
    (status, body)
}
