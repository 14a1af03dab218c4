//! A stub, and the requests that a shop sends to it.

use std::sync::Arc;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tiketi_core::{Timestamp, clock::ManualClock};
use tiketi_toss_stub::{Account, StubSettings, TossStub};

pub(crate) const SECRET: &str = "test_sk_stub";
pub(crate) const ORDER: &str = "order-0001";

pub(crate) struct Provider {
    pub(crate) stub: TossStub,
    pub(crate) client: Client,
}

impl Provider {
    pub(crate) async fn open() -> Self {
        let noon: Timestamp = "2026-01-05T12:00:00+09:00".parse().unwrap();
        Self::with(StubSettings { clock: Arc::new(ManualClock::at(noon)), ..StubSettings::default() }).await
    }

    pub(crate) async fn with(settings: StubSettings) -> Self {
        Self { stub: TossStub::start(settings).await.unwrap(), client: Client::new() }
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.stub.url())).basic_auth(SECRET, Some("")).json(body)
    }

    pub(crate) fn confirm(&self, key: &str, amount: i64) -> RequestBuilder {
        let body = json!({"paymentKey": key, "orderId": ORDER, "amount": amount});
        self.post("/v1/payments/confirm", &body)
    }

    pub(crate) fn cancel(&self, key: &str, body: &Value) -> RequestBuilder {
        self.post(&format!("/v1/payments/{key}/cancel"), body)
    }

    /// Authenticates a buyer and confirms the payment; returns the payment key.
    pub(crate) async fn paid(&self, amount: i64) -> String {
        let key = self.stub.authenticate(ORDER, amount).unwrap();
        assert_eq!(told(self.confirm(&key, amount)).await, (200, "DONE".to_owned()));
        key
    }

    pub(crate) fn account(&self, key: &str) -> Account {
        self.stub.ledger().get(key).unwrap().clone()
    }
}

/// Returns the status, and the error code or else the payment's status.
pub(crate) async fn told(request: RequestBuilder) -> (u16, String) {
    let (status, body) = answered(request).await;
    let word = body.get("code").or(body.get("status")).and_then(Value::as_str).unwrap_or_default();
    (status, word.to_owned())
}

pub(crate) async fn answered(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

pub(crate) fn said(status: u16, word: &str) -> (u16, String) {
    (status, word.to_owned())
}
