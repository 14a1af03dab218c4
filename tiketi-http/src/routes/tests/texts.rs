//! Texts that no store accepts are refused, and the error names the field.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Shop, assert_refused, event_on, layout, text};
use crate::test_support::{json_request, signed, with_header};

/// A text that no store accepts.
const NUL: &str = "a\0b";

/// Returns a request's body with one of its fields replaced.
fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

async fn refuses(shop: &Shop, path: &str, body: &Value, field: &str) {
    let answer = shop.post(path, &shop.admin, body).await;
    assert_refused(&answer, 422, "INVALID_BODY", format!("{path} {field}"));
    assert_eq!(answer.json()["details"]["field"], field, "{path}: {}", answer.json());
}

#[tokio::test]
async fn what_an_organiser_writes_is_refused_by_its_field() {
    let shop = Shop::open().await;
    let layout_id = shop.create_layout().await;
    let before = shop.everything().await;
    let event = || event_on(&layout_id);
    for field in ["title", "artist", "venue", "description"] {
        refuses(&shop, "/api/admin/events", &with(event(), field, json!(NUL)), field).await;
    }
    refuses(&shop, "/api/admin/events", &with(event(), "keywords", json!([NUL])), "keywords").await;
    let ticket = json!({"name": NUL, "price": 1_000, "capacity": 5});
    refuses(&shop, &format!("/api/admin/events/{}/tickets", shop.event), &ticket, "name").await;
    let block = json!({"seatIds": [shop.seats().await[0]], "reason": NUL});
    refuses(&shop, &format!("/api/admin/events/{}/seats/block", shop.event), &block, "reason").await;
    for field in ["venue", "name"] {
        let answer = shop.post("/api/admin/layouts", &shop.admin, &with(layout(), field, json!(NUL))).await;
        assert_refused(&answer, 422, "INVALID_LAYOUT", field);
        assert_eq!(answer.json()["details"]["field"], field, "{}", answer.json());
    }
    assert_eq!(shop.everything().await, before);
}

#[tokio::test]
async fn what_a_buyer_sends_is_refused_by_its_field_in_his_language() {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    let held = shop.held(&shop.admin, &seats[..1]).await;
    let prepare = json!({"reservationId": held["id"]});
    let prepared = shop.ok(Method::POST, "/api/payments/prepare", &shop.admin, &prepare).await;
    let order = text(&prepared["orderId"]);
    let confirm = |key: &str| json!({"orderId": order, "amount": prepared["amount"], "paymentKey": key});
    // A gateway checks the form of its keys before anything is stored.
    let answer = shop.post("/api/payments/confirm", &shop.admin, &confirm(NUL)).await;
    assert_refused(&answer, 422, "INVALID_PAYMENT_KEY", "a NUL");
    refuses(&shop, "/api/payments/confirm", &confirm(&"k".repeat(256)), "paymentKey").await;
    let cancel = format!("/api/payments/{order}/cancel");
    refuses(&shop, &cancel, &json!({"cancelReason": NUL}), "cancelReason").await;
    let note = format!("/api/admin/payments/{order}/note");
    refuses(&shop, &note, &json!({"note": NUL}), "note").await;
    let request = signed(json_request(Method::POST, &note, &json!({"note": NUL})), &shop.admin);
    let answer = shop.server.send(with_header(request, "accept-language", "ko")).await;
    assert_eq!(answer.json()["error"], "요청의 항목이 빠졌거나 올바르지 않습니다.");
    assert_eq!(answer.json()["details"]["reason"], "허용되지 않는 제어 문자 U+0000이(가) 있습니다.");
    // The attempt is unchanged, and can be paid.
    let paid = shop.ok(Method::POST, "/api/payments/confirm", &shop.admin, &confirm("key")).await;
    assert_eq!(paid["payment"]["status"], "completed");
}

#[tokio::test]
async fn names_in_the_path_that_no_store_can_have_are_not_found() {
    let shop = Shop::open().await;
    let answer = shop.post("/api/payments/a%00b/cancel", &shop.buyer, &json!({"cancelReason": "rain"})).await;
    assert!(answer.status.is_client_error(), "{}", answer.json());
    let found = shop.read("/api/events?search=a%00b", "").await;
    assert_eq!(found["pagination"]["total"], 0);
}

#[tokio::test]
async fn an_account_is_refused_by_its_field() {
    let shop = Shop::open().await;
    let account = json!({"email": "new@example.com", "password": "long enough", "name": "New"});
    for (field, value) in [("name", NUL), ("email", "a\0b@example.com"), ("phone", NUL)] {
        refuses(&shop, "/api/auth/register", &with(account.clone(), field, json!(value)), field).await;
    }
}
