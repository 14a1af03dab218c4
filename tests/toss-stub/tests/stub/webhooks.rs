//! Webhooks to the shop.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tiketi_toss_stub::{Method, Status, StubSettings};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::provider::{ORDER, Provider, told};

type ProviderResponse = (HeaderMap, Value);

/// Starts a shop's webhook address, which refuses the first `refusals` webhooks.
async fn shop(refusals: usize) -> (String, UnboundedReceiver<ProviderResponse>) {
    let (sender, response) = unbounded_channel();
    let count = Arc::new(AtomicUsize::new(0));
    let take = async move |headers: HeaderMap, Json(body): Json<Value>| {
        sender.send((headers, body)).unwrap();
        let refused = count.fetch_add(1, Ordering::SeqCst) < refusals;
        if refused { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/webhook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/webhook", post(take))).await });
    (url, response)
}

async fn provider(url: String) -> Provider {
    Provider::with(StubSettings { webhook_url: Some(url), ..StubSettings::default() }).await
}

fn header(response: &ProviderResponse, name: &str) -> String {
    response.0.get(format!("tosspayments-webhook-transmission-{name}")).unwrap().to_str().unwrap().to_owned()
}

#[tokio::test]
async fn each_change_of_a_payment_sends_a_webhook() {
    let (url, mut response) = shop(0).await;
    let provider = provider(url).await;
    let key = provider.paid(1000).await;
    let (_, body) = response.recv().await.unwrap();
    assert_eq!(body["eventType"], "PAYMENT_STATUS_CHANGED");
    assert_eq!((&body["data"]["paymentKey"], &body["data"]["status"]), (&json!(key), &json!("DONE")));
    assert!(!body["createdAt"].as_str().unwrap().contains('+'), "webhooks do not say their offset");
}

#[tokio::test]
async fn a_message_that_was_not_taken_comes_again_under_its_name() {
    let (url, mut response) = shop(1).await;
    let provider = provider(url).await;
    provider.paid(1000).await;
    let (first, second) = (response.recv().await.unwrap(), response.recv().await.unwrap());
    assert_eq!(first.1, second.1);
    assert_eq!(header(&first, "id"), header(&second, "id"));
    assert_eq!((header(&first, "retried-count"), header(&second, "retried-count")), ("0".into(), "1".into()));
}

#[tokio::test]
async fn a_deposit_webhook_carries_the_payments_secret() {
    let provider = Provider::open().await;
    let key = provider.stub.authenticate_by(Method::VirtualAccount, ORDER, 1000).unwrap();
    told(provider.confirm(&key, 1000)).await;
    assert!(provider.stub.deposit(ORDER));
    let bodies: Vec<_> = provider.stub.webhooks().into_iter().map(|webhook| webhook.body).collect();
    let [waiting, deposit, done] = bodies.as_slice() else { unreachable!("{bodies:?}") };
    assert_eq!(
        (&waiting["data"]["status"], &done["data"]["status"]),
        (&json!("WAITING_FOR_DEPOSIT"), &json!("DONE"))
    );
    assert_eq!((&deposit["orderId"], &deposit["status"]), (&json!(ORDER), &json!("DONE")));
    assert_eq!(deposit["secret"], waiting["data"]["secret"]);
}

#[tokio::test]
async fn a_webhook_with_a_false_status_changes_nothing() {
    let provider = Provider::open().await;
    let key = provider.paid(1000).await;
    assert!(provider.stub.send_false_status(ORDER, Status::Aborted));
    assert_eq!(provider.stub.webhooks().pop().unwrap().body["data"]["status"], "ABORTED");
    assert_eq!(provider.account(&key).captured, 1000);
}
