//! Objects that an administrator creates with a key when the answer is lost.

use std::sync::Arc;

use async_trait::async_trait;
use axum::http::Method;
use serde_json::{Value, json};
use tiketi_core::{
    Clock, CommandKey, StoreError, StoreErrorKind, Timestamp,
    account::Role,
    clock::ManualClock,
    store::{Answer, AnswerClaim, AnswerStore, ClaimAnswer},
};

use crate::router::router;
use crate::state::AppState;
use crate::test_support::{Answered, Server, accounts_in, json_request, signed, with_header};

/// A store that keeps no answer: each claim finds nothing.
#[derive(Debug)]
struct Forgetful;

#[async_trait]
impl AnswerStore for Forgetful {
    async fn claim_answer(&self, _: ClaimAnswer) -> Result<AnswerClaim, StoreError> {
        Ok(AnswerClaim::Run)
    }

    async fn renew_claim(&self, _: CommandKey, _: Timestamp, _: Timestamp) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn keep_answer(&self, _: CommandKey, _: Answer, _: Timestamp) -> Result<(), StoreError> {
        Err(StoreError::new(StoreErrorKind::Unavailable, "gone"))
    }

    async fn give_up_answer(&self, _: CommandKey) -> Result<(), StoreError> {
        Ok(())
    }

    async fn forget_answers(&self, _: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }
}

struct Shop {
    server: Server,
    token: String,
}

impl Shop {
    async fn open() -> Self {
        let mut server = Server::new();
        let token = server.token_of("admin@example.com", Role::Admin).await;
        let box_office = server.state.box_office().clone();
        let accounts = accounts_in(Arc::clone(&server.state.accounts().unwrap().store));
        let log = Arc::clone(server.state.staff_log());
        let builder = AppState::builder(box_office, Arc::new(Forgetful), log, accounts);
        let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&server.clock);
        server.app = router(builder.clock(clock).build().unwrap());
        Self { server, token }
    }

    async fn send(&self, path: &str, key: &str, body: &Value) -> Answered {
        let request = signed(json_request(Method::POST, path, body), &self.token);
        self.server.send(with_header(request, "idempotency-key", key)).await
    }

    /// Sends a request twice, then other content under the same key. Returns the object that the first request
    /// created.
    async fn makes_once(&self, path: &str, body: &Value, other: &Value, what: &str) -> Value {
        let key = format!("key-{what}");
        let first = self.send(path, &key, body).await;
        assert_eq!(first.status, 201, "{what}: {}", first.json());
        // A repetition has another time.
        self.server.clock.advance(std::time::Duration::from_secs(3));
        let again = self.send(path, &key, body).await;
        assert_eq!((again.status.as_u16(), again.json()), (201, first.json()), "{what}");
        let other = self.send(path, &key, other).await;
        let told = (other.status.as_u16(), other.code());
        assert_eq!(told, (422, "IDEMPOTENCY_KEY_REUSED".to_owned()), "{what}");
        first.json()[what].clone()
    }

    async fn total(&self, path: &str, list: &str) -> usize {
        let request = signed(json_request(Method::GET, path, &Value::Null), &self.token);
        self.server.send(request).await.json()[list].as_array().unwrap().len()
    }
}

fn event(title: &str) -> Value {
    // Without `saleStart` the sale opens at the time of the request.
    json!({"title": title, "eventDate": "2026-12-24T19:00:00Z"})
}

fn layout(name: &str) -> Value {
    let rows = json!([{"label": "A", "seats": 10}]);
    json!({
        "venue": "Harbour Hall", "name": name, "currency": "KRW",
        "sections": [{"name": "VIP", "price": 150_000, "rows": rows}],
    })
}

/// Fails if the key is used only for the stored answers: a repetition then creates a second object.
#[tokio::test]
async fn what_is_made_under_a_key_is_made_once_even_if_its_answer_is_lost() {
    let shop = Shop::open().await;
    let made = shop.makes_once("/api/admin/events", &event("Paper Boats"), &event("Kites"), "event").await;
    assert_eq!(shop.total("/api/admin/events", "data").await, 1);
    let tickets = format!("/api/admin/events/{}/tickets", made["id"].as_str().unwrap());
    let ticket = |capacity: u32| json!({"name": "Standing", "price": 88_000, "capacity": capacity});
    shop.makes_once(&tickets, &ticket(5), &ticket(6), "ticketType").await;
    shop.makes_once("/api/admin/layouts", &layout("Great hall"), &layout("Small hall"), "layout").await;
}

#[tokio::test]
async fn a_repetition_after_what_it_made_was_removed_makes_nothing() {
    let shop = Shop::open().await;
    let made = shop.send("/api/admin/events", "key", &event("Paper Boats")).await.json();
    let path = format!("/api/admin/events/{}", made["event"]["id"].as_str().unwrap());
    let request = signed(json_request(Method::DELETE, &path, &Value::Null), &shop.token);
    assert_eq!(shop.server.send(request).await.status, 204);
    let again = shop.send("/api/admin/events", "key", &event("Paper Boats")).await;
    assert_eq!((again.status.as_u16(), again.code()), (409, "REMOVED_SINCE".to_owned()));
    assert_eq!(shop.total("/api/admin/events", "data").await, 0);
}
