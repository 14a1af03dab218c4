//! Confirms, refunds, webhooks, and the administrator's view of payments.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use tiketi_core::memory::{ConfirmFault, RefundFault};
use tiketi_core::{
    PaymentId,
    account::Role,
    gateway::{ConfirmAnswer, RefundAnswer},
};

use super::{Shop, assert_refused, text};
use crate::test_support::json_request;

/// Holds a seat, prepares its payment, and returns the answer.
async fn prepared(shop: &Shop) -> Value {
    let seats = shop.seats().await;
    let held = shop.held(&shop.buyer, &seats[..1]).await;
    let body = json!({"reservationId": held["id"]});
    shop.ok(Method::POST, "/api/payments/prepare", &shop.buyer, &body).await
}

fn confirm_body(prepared: &Value) -> Value {
    json!({"orderId": prepared["orderId"], "paymentKey": "brought-back", "amount": prepared["amount"]})
}

async fn confirmed(shop: &Shop) -> Value {
    let body = confirm_body(&prepared(shop).await);
    shop.ok(Method::POST, "/api/payments/confirm", &shop.buyer, &body).await
}

fn payment_id(answer: &Value) -> PaymentId {
    text(&answer["payment"]["id"]).parse().unwrap()
}

/// Runs the jobs about payments, as the server does.
async fn settle(shop: &Shop) {
    let office = shop.server.state.box_office();
    office.jobs().work_inbox_once().await.unwrap();
    office.jobs().call_off_once(100).await.unwrap();
    office.jobs().reconcile_once(100).await.unwrap();
}

async fn send_webhook(shop: &Shop, gateway: &str, delivery: &str, body: String) -> u16 {
    let request = Request::post(format!("/api/payments/webhook/{gateway}")).header("test-delivery", delivery);
    shop.server.send(request.body(Body::from(body)).unwrap()).await.status.as_u16()
}

#[tokio::test]
async fn a_prepared_payment_is_confirmed_by_its_order() {
    let shop = Shop::open().await;
    let prepared = prepared(&shop).await;
    assert_eq!(
        (&prepared["clientKey"], &prepared["orderId"]),
        (&json!("test_public"), &prepared["paymentId"])
    );
    let body = confirm_body(&prepared);
    for _ in 0..2 {
        let paid = shop.ok(Method::POST, "/api/payments/confirm", &shop.buyer, &body).await;
        assert_eq!(
            (&paid["payment"]["status"], &paid["reservation"]["status"]),
            (&json!("completed"), &json!("confirmed"))
        );
    }
    assert_eq!(shop.server.gateway.captures(), 1);
}

#[tokio::test]
async fn a_confirm_of_another_amount_or_another_s_order_is_refused() {
    let shop = Shop::open().await;
    let prepared = prepared(&shop).await;
    let mut body = confirm_body(&prepared);
    let answer = shop.post("/api/payments/confirm", &shop.other, &body).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (404, &json!("PAYMENT_NOT_FOUND")));
    body["amount"] = json!(1);
    let answer = shop.post("/api/payments/confirm", &shop.buyer, &body).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (409, &json!("AMOUNT_MISMATCH")));
    assert_eq!(shop.server.gateway.captures(), 0);
}

#[tokio::test]
async fn an_unknown_outcome_is_202_with_where_to_look_until_it_is_known() {
    let shop = Shop::open().await;
    let prepared = prepared(&shop).await;
    shop.server.gateway.fail_next_confirm(ConfirmFault::LoseAnswer);
    let answer = shop.post("/api/payments/confirm", &shop.buyer, &confirm_body(&prepared)).await;
    assert_eq!(answer.status.as_u16(), 202);
    let look_at = answer.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(shop.read(&look_at, &shop.buyer).await["payment"]["status"], "pending");
    shop.server.clock.advance(Duration::from_mins(1));
    settle(&shop).await;
    assert_eq!(shop.read(&look_at, &shop.buyer).await["payment"]["status"], "completed");
}

#[tokio::test]
async fn a_gateway_that_is_down_is_503_before_anything_is_committed() {
    let shop = Shop::open().await;
    let prepared = prepared(&shop).await;
    shop.server.gateway.set_unavailable(Some(Duration::from_secs(17)));
    let answer = shop.post("/api/payments/confirm", &shop.buyer, &confirm_body(&prepared)).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (503, &json!("PAYMENT_UNAVAILABLE")));
    assert_eq!(answer.headers["retry-after"], "17");
    shop.server.gateway.set_unavailable(None);
    shop.ok(Method::POST, "/api/payments/confirm", &shop.buyer, &confirm_body(&prepared)).await;
}

#[tokio::test]
async fn a_webhook_is_stored_and_takes_effect_after_a_lookup() {
    let shop = Shop::open().await;
    let prepared = prepared(&shop).await;
    shop.server.gateway.fail_next_confirm(ConfirmFault::LoseAnswer);
    shop.post("/api/payments/confirm", &shop.buyer, &confirm_body(&prepared)).await;
    let order = text(&prepared["orderId"]);
    for _ in 0..2 {
        assert_eq!(send_webhook(&shop, "test", "one", order.clone()).await, 200);
    }
    settle(&shop).await;
    let path = format!("/api/payments/{order}");
    assert_eq!(shop.read(&path, &shop.buyer).await["payment"]["status"], "completed");
    // A repeated, late or unknown webhook changes nothing.
    assert_eq!(send_webhook(&shop, "test", "two", order.clone()).await, 200);
    settle(&shop).await;
    assert_eq!(shop.read(&path, &shop.buyer).await["payment"]["status"], "completed");
    assert_eq!(send_webhook(&shop, "test", "three", "nonsense".into()).await, 400);
    assert_eq!(send_webhook(&shop, "nobody", "four", order).await, 404);
    assert_eq!(shop.server.gateway.captures(), 1);
}

#[tokio::test]
async fn an_administrator_sees_what_is_stuck_retries_it_and_writes_it_down() {
    let shop = Shop::open().await;
    let paid = confirmed(&shop).await;
    let refused = RefundAnswer::Refused { code: "ACCOUNT_CLOSED".into() };
    shop.server.gateway.fail_next_refund(RefundFault::Answer(refused));
    let path = format!("/api/payments/{}/cancel", text(&paid["payment"]["id"]));
    let answer = shop.post(&path, &shop.buyer, &json!({"cancelReason": "rain"})).await;
    assert_eq!(&answer.json()["code"], "REFUND_REFUSED");

    let list = "/api/admin/payments?state=stuck";
    assert_eq!(shop.get(list, &shop.buyer).await.status.as_u16(), 403);
    let stuck = shop.read(list, &shop.admin).await;
    assert_eq!(
        (&stuck["pagination"]["total"], &stuck["data"][0]["trouble"]),
        (&json!(1), &json!("refund_refused"))
    );
    let payment = format!("/api/admin/payments/{}", text(&paid["payment"]["id"]));
    assert_eq!(shop.get(&payment, &shop.buyer).await.status.as_u16(), 403);
    assert_eq!(shop.read(&payment, &shop.admin).await["payment"], stuck["data"][0]);
    let note = json!({"note": "called the bank"});
    let noted = shop.ok(Method::POST, &format!("{payment}/note"), &shop.admin, &note).await;
    assert_eq!(noted["payment"]["notes"][0]["text"], "called the bank");
    let retried = shop.ok(Method::POST, &format!("{payment}/retry"), &shop.admin, &Value::Null).await;
    assert_eq!(
        (&retried["payment"]["status"], &retried["payment"]["trouble"]),
        (&json!("refunded"), &json!("none"))
    );
    let again = shop.post(&format!("{payment}/retry"), &shop.admin, &Value::Null).await;
    assert_eq!(&again.json()["code"], "NOTHING_TO_RETRY");
    assert_eq!(shop.read(list, &shop.admin).await["data"], json!([]));
    // A payment that needs no attention any more can still be read.
    assert_eq!(shop.read(&payment, &shop.admin).await, retried);
    let nothing = format!("/api/admin/payments/{}", uuid::Uuid::nil());
    assert_refused(&shop.get(&nothing, &shop.admin).await, 404, "PAYMENT_NOT_FOUND", "no payment");
    assert_eq!(shop.server.gateway.balance(payment_id(&paid)), 0);
}

#[tokio::test]
async fn an_administrator_ends_a_payment_whose_outcome_stays_unknown() {
    let shop = Shop::open().await;
    let prepared = prepared(&shop).await;
    shop.server.gateway.fail_next_confirm(ConfirmFault::LoseAnswer);
    shop.post("/api/payments/confirm", &shop.buyer, &confirm_body(&prepared)).await;
    let end = format!("/api/admin/payments/{}/end", text(&prepared["orderId"]));
    let body = json!({"reason": "the provider closed"});
    assert_eq!(shop.post(&end, &shop.buyer, &body).await.status.as_u16(), 403);
    let early = shop.post(&end, &shop.admin, &body).await;
    assert_eq!((early.status.as_u16(), early.code()), (409, "PAYMENT_STILL_AWAITED".to_owned()));
    shop.server.clock.advance(Duration::from_mins(10));
    let silent = shop.post(&end, &shop.admin, &json!({"reason": " "})).await;
    assert_eq!((silent.status.as_u16(), &silent.json()["details"]["field"]), (422, &json!("reason")));
    let ended = shop.ok(Method::POST, &end, &shop.admin, &body).await;
    assert_eq!(
        (&ended["payment"]["status"], &ended["payment"]["trouble"], &ended["payment"]["notes"][0]["text"]),
        (&json!("failed"), &json!("none"), &json!("the provider closed"))
    );
    assert!(ended["payment"]["askedAgainAt"].is_string(), "{ended}");
    let again = shop.post(&end, &shop.admin, &body).await;
    assert_eq!((again.status.as_u16(), again.code()), (409, "PAYMENT_OUTCOME_KNOWN".to_owned()));
    // The seat is free again, and the money that the provider captured is refunded.
    let seats = shop.seats().await;
    shop.held(&shop.other, &seats[..1]).await;
    for _ in 0..2 {
        settle(&shop).await;
    }
    assert_eq!(shop.server.gateway.balance(text(&prepared["orderId"]).parse().unwrap()), 0);
}

/// The store no longer has the key, but the refund that was made with it has the same id.
#[tokio::test]
async fn a_refund_key_used_again_after_a_day_makes_no_second_refund() {
    let shop = Shop::open().await;
    let paid = confirmed(&shop).await;
    let path = format!("/api/admin/payments/{}/refund", text(&paid["payment"]["id"]));
    let body = |amount| json!({"cancelReason": "a pillar", "cancelAmount": amount, "tickets": "keep"});
    for (amount, status) in [(10_000, 200), (10_000, 200), (20_000, 422)] {
        // A new token, because a token lasts less than a day.
        let token = shop.server.token_of("admin@example.com", Role::Admin).await;
        let mut request = json_request(Method::POST, &path, &body(amount));
        request.headers_mut().insert("idempotency-key", "one-key".parse().unwrap());
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        let answer = shop.server.send(request).await;
        assert_eq!(answer.status.as_u16(), status, "{answer:?}");
        if status == 422 {
            assert_eq!(answer.code(), "IDEMPOTENCY_KEY_REUSED");
        }
        shop.server.clock.advance(Duration::from_hours(25));
        shop.server.state.box_office().jobs().forget_once().await.unwrap();
        shop.server.state.forget_answers_once().await.unwrap();
    }
    assert_eq!(shop.server.gateway.balance(payment_id(&paid)), 140_000);
}

#[tokio::test]
async fn a_cancelled_event_refunds_every_buyer() {
    let shop = Shop::open().await;
    let paid = confirmed(&shop).await;
    let event = format!("/api/admin/events/{}", shop.event);
    shop.ok(Method::POST, &format!("{event}/cancel"), &shop.admin, &Value::Null).await;
    let before = shop.read(&format!("{event}/refunds"), &shop.admin).await;
    assert_eq!(before, json!({"toDo": 1, "done": 0, "refused": 0}));
    settle(&shop).await;
    let after = shop.read(&format!("{event}/refunds"), &shop.admin).await;
    assert_eq!(after, json!({"toDo": 0, "done": 1, "refused": 0}));
    assert_eq!(shop.server.gateway.balance(payment_id(&paid)), 0);
}

/// Defect 11 of the first Tiketi: an answer was sent twice. Four clicks in a row caused four charges.
#[tokio::test]
async fn fifty_clicks_at_once_are_charged_once_and_answered_alike() {
    let shop = Shop::open().await;
    let body = confirm_body(&prepared(&shop).await);
    let clicks = (0..50).map(|_| shop.post("/api/payments/confirm", &shop.buyer, &body));
    let answers = futures::future::join_all(clicks).await;
    let first = answers[0].json();
    assert!(answers.iter().all(|answer| answer.status.as_u16() == 200 && answer.json() == first));
    assert_eq!(shop.server.gateway.captures(), 1);
}

#[tokio::test]
async fn a_declined_confirm_is_402_and_another_attempt_pays() {
    let shop = Shop::open().await;
    let prepared = prepared(&shop).await;
    shop.server.gateway.answer_next_confirm(ConfirmAnswer::Declined { code: "REJECT_CARD".into() });
    let answer = shop.post("/api/payments/confirm", &shop.buyer, &confirm_body(&prepared)).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (402, &json!("PAYMENT_DECLINED")));
    let reservation = json!({"reservationId": shop.read("/api/reservations/my", &shop.buyer).await["reservations"][0]["id"]});
    let again = shop.ok(Method::POST, "/api/payments/prepare", &shop.buyer, &reservation).await;
    shop.ok(Method::POST, "/api/payments/confirm", &shop.buyer, &confirm_body(&again)).await;
}

/// Fails without the event's own `refunded_seats` in `TermsOverride::over`.
#[tokio::test]
async fn an_event_may_override_the_policies_about_money() {
    let shop = Shop::open().await;
    let own = json!({"latePayment": "refund", "refundedSeats": "blocked", "depositWindowSeconds": 7200});
    let path = format!("/api/admin/events/{}", shop.event);
    let edited = shop.ok(Method::PUT, &path, &shop.admin, &json!({"limits": own})).await;
    let limits = &edited["event"]["limits"];
    for policy in ["latePayment", "refundedSeats", "depositWindowSeconds"] {
        assert_eq!(limits[policy], own[policy], "{policy}");
    }
    let paid = confirmed(&shop).await;
    let refund = format!("/api/payments/{}/cancel", text(&paid["payment"]["id"]));
    shop.ok(Method::POST, &refund, &shop.buyer, &json!({"cancelReason": "rain"})).await;
    assert_eq!(shop.status(&shop.seats().await[0]).await, "blocked");

    for (field, wrong) in [("depositWindowSeconds", json!(0)), ("depositWindowSeconds", json!(2_592_001))] {
        let answer = shop.call(Method::PUT, &path, &shop.admin, &json!({"limits": {field: wrong}})).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (422, "INVALID_BODY".to_owned()));
        assert_eq!(answer.json()["details"]["field"], format!("limits.{field}"));
    }
    let keep = json!({"limits": {"refundedSeats": "keep"}});
    assert_eq!(shop.call(Method::PUT, &path, &shop.admin, &keep).await.status, 422);
}
