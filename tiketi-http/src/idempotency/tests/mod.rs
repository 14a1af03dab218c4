//! Requests that are repeated with their key.

mod claims;
mod creating;
mod failures;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, Request, StatusCode};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tiketi_core::account::Role;
use tokio::sync::Semaphore;

use crate::error::{ApiError, Code};
use crate::extract::{ApiJson, IdemKey};
use crate::state::AppState;
use crate::test_support::{Answered, Server, json_request, signed, with_header};

/// A server that counts the writes it ran; `/api/gated` waits for `gate`.
struct Counting {
    server: Server,
    ran: Arc<AtomicU64>,
    gate: Arc<Semaphore>,
    token: String,
}

impl Counting {
    async fn new() -> Self {
        let (ran, gate) = (Arc::new(AtomicU64::new(0)), Arc::new(Semaphore::new(0)));
        let count = {
            let ran = Arc::clone(&ran);
            move || ran.fetch_add(1, Ordering::SeqCst) + 1
        };
        let (things, gated, failing, declined, pending) =
            (count.clone(), count.clone(), count.clone(), count.clone(), count);
        let opened = Arc::clone(&gate);
        let answer = |run: u64| (StatusCode::CREATED, axum::Json(json!({"run": run})));
        let routes: Router<AppState> = Router::new()
            .route("/api/things/{id}", post(async move |_: ApiJson<Value>| answer(things())))
            .route(
                "/api/gated",
                post(async move || {
                    let run = gated();
                    opened.acquire().await.unwrap().forget();
                    answer(run)
                }),
            )
            .route(
                "/api/failing",
                post(async move || match failing() {
                    1 => Err(ApiError::new(Code::SeatsTaken)),
                    2 => Err(ApiError::internal("broken")),
                    3 => panic!("broken"),
                    run => Ok(answer(run)),
                }),
            )
            .route(
                "/api/declined",
                post(async move || ApiError::new(Code::PaymentDeclined).detail("run", declined())),
            )
            .route("/api/pending", post(async move || (StatusCode::ACCEPTED, pending().to_string())))
            .route(
                "/api/key",
                get(async |State(_): State<AppState>, IdemKey(key): IdemKey| format!("{key:?}")),
            );
        let server = Server::serving(routes);
        let token = server.token_of("buyer@example.com", Role::Buyer).await;
        Self { server, ran, gate, token }
    }

    async fn send(&self, path: &str, key: &str, body: &Value) -> Answered {
        self.server.send(self.request(path, key, body)).await
    }

    fn request(&self, path: &str, key: &str, body: &Value) -> Request<Body> {
        let request = signed(json_request(Method::POST, path, body), &self.token);
        with_header(request, "idempotency-key", key)
    }

    fn ran(&self) -> u64 {
        self.ran.load(Ordering::SeqCst)
    }

    async fn wait_until_ran(&self, times: u64) {
        let waited = async {
            while self.ran() < times {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), waited).await.expect("the write never started");
    }
}

#[tokio::test]
async fn the_same_request_is_answered_byte_for_byte_as_the_first_time() {
    let shop = Counting::new().await;
    let first = shop.send("/api/things/1", "k1", &json!({"a": 1})).await;
    let again = shop.send("/api/things/1", "k1", &json!({"a": 1})).await;
    assert_eq!((first.status, &first.bytes), (again.status, &again.bytes));
    assert_eq!(first.header("idempotent-replayed"), "");
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.header("content-type"), first.header("content-type"));
    assert_eq!(shop.ran(), 1);
}

#[tokio::test]
async fn without_a_key_each_request_runs() {
    let shop = Counting::new().await;
    for run in 1..=2 {
        let request = signed(json_request(Method::POST, "/api/things/1", &json!({})), &shop.token);
        assert_eq!(shop.server.send(request).await.json()["run"], run);
    }
}

#[tokio::test]
async fn a_key_used_for_another_body_path_or_query_is_refused() {
    let shop = Counting::new().await;
    shop.send("/api/things/1", "k1", &json!({"a": 1})).await;
    for (path, body) in [
        ("/api/things/1", json!({"a": 2})),
        ("/api/things/2", json!({"a": 1})),
        ("/api/things/1?x=1", json!({"a": 1})),
    ] {
        let answer = shop.send(path, "k1", &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert_eq!(answer.code(), "IDEMPOTENCY_KEY_REUSED");
    }
    assert_eq!(shop.ran(), 1);
}

#[tokio::test]
async fn a_repetition_while_the_first_runs_is_asked_to_wait() {
    let shop = Counting::new().await;
    let first = tokio::spawn({
        let (app, request) = (shop.server.app.clone(), shop.request("/api/gated", "k1", &json!({})));
        crate::test_support::answered(app, request)
    });
    shop.wait_until_ran(1).await;
    let second = shop.send("/api/gated", "k1", &json!({})).await;
    assert_eq!(second.status, StatusCode::CONFLICT);
    assert_eq!(second.code(), "REQUEST_IN_PROGRESS");
    assert_eq!(second.header("retry-after"), "1");
    shop.gate.add_permits(1);
    assert_eq!(first.await.unwrap().json()["run"], 1);
    assert_eq!(shop.send("/api/gated", "k1", &json!({})).await.json()["run"], 1);
}

#[tokio::test]
async fn a_keyed_write_runs_to_its_end_when_the_client_leaves() {
    let shop = Counting::new().await;
    let request = shop.request("/api/gated", "k1", &json!({}));
    let leaving = tokio::spawn(crate::test_support::answered(shop.server.app.clone(), request));
    shop.wait_until_ran(1).await;
    leaving.abort();
    shop.gate.add_permits(1);
    shop.server.state.tasks().close();
    shop.server.state.tasks().wait().await;
    let again = shop.send("/api/gated", "k1", &json!({})).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.json()["run"], 1);
}

#[tokio::test]
async fn refusals_failures_and_panics_are_not_stored() {
    let shop = Counting::new().await;
    for status in [409, 500, 500, 201] {
        let answer = shop.send("/api/failing", "k1", &json!({})).await;
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(answer.header("idempotent-replayed"), "");
    }
    assert_eq!(shop.ran(), 4);
}

#[tokio::test]
async fn a_declined_payment_is_stored_and_an_unknown_outcome_is_not() {
    let shop = Counting::new().await;
    let first = shop.send("/api/declined", "k1", &json!({})).await;
    let again = shop.send("/api/declined", "k1", &json!({})).await;
    assert_eq!((first.status.as_u16(), &first.bytes), (402, &again.bytes));
    assert_eq!(shop.send("/api/pending", "k1", &json!({})).await.bytes, b"2");
    assert_eq!(shop.send("/api/pending", "k1", &json!({})).await.bytes, b"3");
}

#[tokio::test]
async fn equal_keys_of_two_users_or_routes_are_independent() {
    let mut shop = Counting::new().await;
    shop.send("/api/things/1", "k1", &json!({})).await;
    shop.gate.add_permits(1);
    assert_eq!(shop.send("/api/gated", "k1", &json!({})).await.json()["run"], 2);
    shop.token = shop.server.token_of("other@example.com", Role::Buyer).await;
    assert_eq!(shop.send("/api/things/1", "k1", &json!({})).await.json()["run"], 3);
}

#[tokio::test]
async fn an_invalid_key_is_refused() {
    let shop = Counting::new().await;
    for odd in ["", "two words", &"x".repeat(256)] {
        let answer = shop.send("/api/things/1", odd, &json!({})).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{odd:?}");
        assert_eq!(answer.code(), "INVALID_IDEMPOTENCY_KEY");
    }
    let twice = with_header(shop.request("/api/things/1", "a", &json!({})), "idempotency-key", "b");
    assert_eq!(shop.server.send(twice).await.code(), "INVALID_IDEMPOTENCY_KEY");
    assert_eq!(shop.ran(), 0);
}

#[tokio::test]
async fn answers_are_deleted_after_a_day() {
    let mut shop = Counting::new().await;
    shop.send("/api/things/1", "k1", &json!({})).await;
    assert_eq!(shop.server.state.forget_answers_once().await.unwrap(), 0);
    shop.server.clock.advance(Duration::from_hours(25));
    shop.token = shop.server.token_of("buyer@example.com", Role::Buyer).await;
    // Also before it is deleted.
    assert_eq!(shop.send("/api/things/1", "k1", &json!({})).await.json()["run"], 2);
    shop.server.clock.advance(Duration::from_hours(25));
    assert_eq!(shop.server.state.forget_answers_once().await.unwrap(), 1);
}

#[tokio::test]
async fn bodies_that_differ_only_in_trailing_zeros_differ() {
    let parts = Request::post("/x").body(()).unwrap().into_parts().0;
    let digest = |body: &'static [u8]| super::fingerprint(&parts, &axum::body::Bytes::from_static(body));
    assert_ne!(digest(b"a"), digest(b"a\0"));
    assert_eq!(digest(b"ab"), digest(b"ab"));
}
