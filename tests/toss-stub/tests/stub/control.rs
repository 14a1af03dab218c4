//! The routes below `/stub`, for people and for tests in another process.

use serde_json::{Value, json};

use crate::provider::{ORDER, Provider, answered, said, told};

async fn order(provider: &Provider, path: &str, body: Value) -> u16 {
    answered(provider.post(path, &body)).await.0
}

#[tokio::test]
async fn a_sale_over_http_ends_in_the_ledger() {
    let provider = Provider::open().await;
    let buyer = json!({"orderId": ORDER, "amount": 1000});
    let (status, window) = answered(provider.post("/stub/authenticate", &buyer)).await;
    assert_eq!((status, &window["orderId"], &window["amount"]), (200, &json!(ORDER), &json!(1000)));
    let key = window["paymentKey"].as_str().unwrap();
    let fault = json!({"call": "confirm", "effect": "first", "reply": {"code": "PROVIDER_ERROR"}});
    assert_eq!(order(&provider, "/stub/faults", fault).await, 204);
    assert_eq!(told(provider.confirm(key, 1000)).await, said(400, "PROVIDER_ERROR"));
    let ledger = provider.client.get(format!("{}/stub/ledger", provider.stub.url()));
    let expected = json!({"orderId": ORDER, "captured": 1000, "refunded": 0, "captures": 1, "refunds": 0});
    assert_eq!(answered(ledger).await.1[key], expected);
}

#[tokio::test]
async fn a_deposit_is_made_once_and_the_clock_is_moved() {
    let provider = Provider::open().await;
    let buyer = json!({"orderId": ORDER, "amount": 1000, "method": "virtualAccount"});
    let (_, window) = answered(provider.post("/stub/authenticate", &buyer)).await;
    let key = window["paymentKey"].as_str().unwrap();
    assert_eq!(told(provider.confirm(key, 1000)).await, said(200, "WAITING_FOR_DEPOSIT"));
    let deposit = || order(&provider, "/stub/deposit", json!({"orderId": ORDER}));
    assert_eq!((deposit().await, deposit().await), (204, 409));
    assert_eq!(provider.account(key).captured, 1000);
    let late = provider.stub.authenticate("order-0002", 1000).unwrap();
    assert_eq!(order(&provider, "/stub/clock", json!({"seconds": 600})).await, 204);
    let body = json!({"paymentKey": late, "orderId": "order-0002", "amount": 1000});
    let confirmed = told(provider.post("/v1/payments/confirm", &body)).await;
    assert_eq!(confirmed, said(404, "NOT_FOUND_PAYMENT_SESSION"));
}

#[tokio::test]
async fn what_no_payment_window_would_open_for_is_refused() {
    let provider = Provider::open().await;
    for (order_id, amount) in [("short", 1), ("has a space", 1), (ORDER, 0), (ORDER, -1)] {
        let body = json!({"orderId": order_id, "amount": amount});
        assert_eq!(order(&provider, "/stub/authenticate", body).await, 400, "{order_id} {amount}");
    }
    assert!(provider.stub.ledger().is_empty());
}

#[tokio::test]
async fn people_find_a_payment_window() {
    let provider = Provider::open().await;
    let page = provider.client.get(provider.stub.url()).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("stub/authenticate") && page.contains("successUrl"));
}
