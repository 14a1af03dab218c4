//! Answers of the provider, and clients that do not wait for them.

use axum::http::Method;
use serde_json::{Value, json};
use tiketi_core::{
    PaymentId, PaymentState,
    gateway::{ConfirmAnswer, ProviderResponse},
};

use super::{Shop, assert_refused, text};
use crate::test_support::{answered, json_request, signed, with_header};

async fn held(shop: &Shop) -> Value {
    let seats = shop.seats().await;
    shop.held(&shop.buyer, &seats[..1]).await
}

async fn process(shop: &Shop, reservation: &Value) -> crate::test_support::Answered {
    let body = json!({"reservationId": reservation["id"], "paymentMethod": "naver_pay"});
    shop.post("/api/payments/process", &shop.buyer, &body).await
}

#[tokio::test]
async fn return_addresses_are_http_urls_and_come_together() {
    let shop = Shop::open().await;
    let reservation = held(&shop).await;
    let (paid, failed) = ("https://shop.example/paid", "https://shop.example/failed");
    for (success, fail, field) in [
        (Some(paid), None, "failUrl"),
        (None, Some(failed), "successUrl"),
        (Some("javascript:alert(1)"), Some(failed), "successUrl"),
        (Some(paid), Some("//elsewhere.example"), "failUrl"),
    ] {
        let body = json!({"reservationId": reservation["id"], "successUrl": success, "failUrl": fail});
        let answer = shop.post("/api/payments/prepare", &shop.buyer, &body).await;
        assert_refused(&answer, 422, "INVALID_BODY", field);
        assert_eq!(answer.json()["details"]["field"], field);
    }
    let body = json!({"reservationId": reservation["id"], "successUrl": paid, "failUrl": failed});
    let prepared = shop.post("/api/payments/prepare", &shop.buyer, &body).await;
    assert!(prepared.status.is_success());
}

/// Defect 11 of the first Tiketi: after one declined card the buyer could never pay for the reservation.
#[tokio::test]
async fn a_declined_payment_is_402_and_the_next_attempt_succeeds() {
    let shop = Shop::open().await;
    let reservation = held(&shop).await;
    shop.server.gateway.answer_next_confirm(ConfirmAnswer::Declined { code: "REJECT_CARD".into() });
    let declined = process(&shop, &reservation).await;
    assert_refused(&declined, 402, "PAYMENT_DECLINED", "declined");
    assert_eq!(declined.json()["details"]["providerCode"], "REJECT_CARD");
    let path = format!("/api/payments/{}", text(&declined.json()["details"]["paymentId"]));
    let payment = shop.read(&path, &shop.buyer).await["payment"].clone();
    assert_eq!((&payment["status"], &payment["failureCode"]), (&json!("failed"), &json!("REJECT_CARD")));
    let read = format!("/api/reservations/{}", text(&reservation["id"]));
    let pending = shop.read(&read, &shop.buyer).await["reservation"].clone();
    assert_eq!((&pending["status"], &pending["paymentStatus"]), (&json!("pending"), &json!("failed")));
    let paid = process(&shop, &reservation).await;
    assert_eq!((paid.status.as_u16(), &paid.json()["reservation"]["status"]), (200, &json!("confirmed")));
    assert_eq!(shop.server.gateway.captures(), 1);
}

#[tokio::test]
async fn an_unknown_outcome_is_202_and_what_it_pays_for_stays_the_buyers() {
    let shop = Shop::open().await;
    let reservation = held(&shop).await;
    shop.server.gateway.answer_next_confirm(ConfirmAnswer::Unknown {
        reason: "timeout".into(),
        response: ProviderResponse::NoAnswer,
    });
    let unknown = process(&shop, &reservation).await;
    let body = unknown.json();
    assert_eq!((unknown.status.as_u16(), &body["payment"]["status"]), (202, &json!("pending")));
    assert_eq!(
        (&body["reservation"]["status"], &body["reservation"]["expiresAt"]),
        (&json!("pending"), &Value::Null)
    );
    shop.server.clock.advance(std::time::Duration::from_hours(1));
    shop.server.state.box_office().jobs().tidy_once().await.unwrap();
    assert_eq!(shop.status(&text(&reservation["seats"][0]["seatId"])).await, "locked");
}

/// Fails if a repetition is answered with 200 for an attempt that ended without a capture.
#[tokio::test]
async fn process_repeated_after_the_hold_expired_is_not_paid() {
    let shop = Shop::open().await;
    let reservation = held(&shop).await;
    let send = async || {
        let body = json!({"reservationId": reservation["id"], "paymentMethod": "naver_pay"});
        let request = json_request(Method::POST, "/api/payments/process", &body);
        let request = with_header(request, "idempotency-key", "pay-for-my-seat");
        shop.server.send(signed(request, &shop.buyer)).await
    };
    shop.server.gateway.set_unavailable(Some(std::time::Duration::from_secs(17)));
    assert_eq!(send().await.status.as_u16(), 503);
    shop.server.gateway.set_unavailable(None);
    shop.server.clock.advance(std::time::Duration::from_mins(11));
    shop.server.state.box_office().jobs().tidy_once().await.unwrap();

    let again = send().await;
    assert_refused(&again, 409, "PAYMENT_NOT_READY", "cannot be confirmed");
    assert_eq!(shop.server.gateway.captures(), 0);
}

#[tokio::test]
async fn a_key_that_no_provider_gives_is_refused_before_anything_is_committed() {
    let shop = Shop::open().await;
    let reservation = held(&shop).await;
    let body = json!({"reservationId": reservation["id"]});
    let prepared = shop.ok(Method::POST, "/api/payments/prepare", &shop.buyer, &body).await;
    for key in ["a b", "a\nb", &"k".repeat(256)] {
        let body = json!({"orderId": prepared["orderId"], "paymentKey": key, "amount": prepared["amount"]});
        let answer = shop.post("/api/payments/confirm", &shop.buyer, &body).await;
        assert!(answer.status.as_u16() == 422, "{key:?}: {answer:?}");
    }
    let path = format!("/api/payments/{}", text(&prepared["paymentId"]));
    let payment: PaymentId = text(&prepared["paymentId"]).parse().unwrap();
    let known = shop.server.state.box_office().support().any_payment(payment).await.unwrap().unwrap();
    assert_eq!(known.state, PaymentState::Ready, "{path}");
}

#[tokio::test]
async fn a_payment_and_a_refund_run_to_their_end_when_the_client_leaves() {
    let shop = Shop::open().await;
    let reservation = held(&shop).await;
    let body = json!({"reservationId": reservation["id"], "paymentMethod": "naver_pay"});
    leave_early(&shop, "/api/payments/process", &body).await;
    let path = format!("/api/reservations/{}", text(&reservation["id"]));
    let confirmed = shop.read(&path, &shop.buyer).await["reservation"].clone();
    assert_eq!(confirmed["status"], "confirmed");
    let payment: PaymentId = text(&confirmed["paymentId"]).parse().unwrap();
    assert_eq!(shop.server.gateway.balance(payment), 150_000);
    leave_early(&shop, &format!("{path}/cancel"), &json!({})).await;
    assert_eq!(shop.read(&path, &shop.buyer).await["reservation"]["status"], "cancelled");
    assert_eq!(shop.server.gateway.balance(payment), 0);
}

/// Sends a request, polls it once so that its work begins, and drops it.
async fn leave_early(shop: &Shop, path: &str, body: &Value) {
    let request = signed(json_request(Method::POST, path, body), &shop.buyer);
    let mut answer = Box::pin(answered(shop.server.app.clone(), request));
    let first = futures::poll!(&mut answer);
    assert!(first.is_pending(), "the work was done before the client could leave");
    drop(answer);
    shop.server.state.tasks().close();
    shop.server.state.tasks().wait().await;
    shop.server.state.tasks().reopen();
}

#[tokio::test]
async fn paying_twice_takes_the_money_once() {
    let shop = Shop::open().await;
    let reservation = held(&shop).await;
    assert_eq!(process(&shop, &reservation).await.status.as_u16(), 200);
    assert_refused(&process(&shop, &reservation).await, 409, "RESERVATION_NOT_PENDING", "paid before");
    assert_eq!(shop.server.gateway.captures(), 1);
}

#[tokio::test]
async fn preparing_grants_the_payment_window_once() {
    let shop = Shop::open().await;
    let reservation = held(&shop).await;
    let body = json!({"reservationId": reservation["id"]});
    let first = shop.ok(Method::POST, "/api/payments/prepare", &shop.buyer, &body).await;
    shop.server.clock.advance(std::time::Duration::from_mins(5));
    let again = shop.ok(Method::POST, "/api/payments/prepare", &shop.buyer, &body).await;
    assert_eq!(
        (&first["expiresAt"], &again["expiresAt"]),
        (&json!("2026-01-05T10:10:00Z"), &first["expiresAt"])
    );
    assert_eq!((&again["amount"], &again["orderId"]), (&json!(150_000), &again["paymentId"]));
}

#[tokio::test]
async fn payment_methods_are_listed_without_signing_in() {
    let shop = Shop::open().await;
    let list = shop.read("/api/payments/methods", "").await;
    let ids: Vec<_> = list["methods"].as_array().unwrap().iter().map(|method| text(&method["id"])).collect();
    assert_eq!(ids, ["naver_pay", "kakao_pay", "bank_transfer"]);
}

#[tokio::test]
async fn of_many_buyers_of_one_seat_one_gets_it() {
    let shop = Shop::open().await;
    let seats = shop.seats().await;
    let body = json!({"eventId": shop.event, "seatIds": [seats[0]]});
    let tries = (0..20).map(|at| {
        let token = if at % 2 == 0 { &shop.buyer } else { &shop.other };
        answered(
            shop.server.app.clone(),
            signed(json_request(Method::POST, "/api/seats/reserve", &body), token),
        )
    });
    let answers = futures::future::join_all(tries).await;
    let owners: std::collections::HashSet<_> = answers
        .iter()
        .filter(|answer| answer.status.as_u16() == 201)
        .map(|answer| text(&answer.json()["reservation"]["userId"]))
        .collect();
    assert_eq!(owners.len(), 1);
    assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 201 | 409)));
}
