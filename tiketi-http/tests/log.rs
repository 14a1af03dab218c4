//! The log lines of requests, in a separate process, because tracing has one global state for each process.

#![expect(clippy::unwrap_used, reason = "the whole file is a test")]

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_core::{BoxOffice, account::Role};
use tiketi_http::{AppState, NewAccount, SignIn, TokenSecret, router};
use tower::ServiceExt;

const EMAIL: &str = "buyer@example.com";
const PASSWORD: &str = "correct horse battery";

/// Collects the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn app() -> Router {
    let store = Arc::new(MemoryStore::default());
    let box_office = BoxOffice::builder().store(Arc::clone(&store)).gateway(Arc::new(TestGateway::default()));
    let secret = TokenSecret::new("a secret of more than thirty-two bytes, for tests").unwrap();
    let sign_in = SignIn::Accounts { store: store.clone(), secret };
    let state = AppState::builder(box_office.build().unwrap(), store.clone(), store, sign_in);
    let state = state.build().unwrap();
    let new = NewAccount::new(EMAIL, PASSWORD.to_owned().into(), "Ada Example", Role::Buyer);
    state.ensure_account(new).await.unwrap();
    router(state)
}

async fn login(app: &Router, password: &str) -> Value {
    let body = json!({"email": EMAIL, "password": password}).to_string();
    let request = Request::post("/api/auth/login").header("content-type", "application/json");
    let response = app.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

#[tokio::test]
async fn each_request_is_logged_without_its_secrets() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing::Level::TRACE);
    tracing::subscriber::set_global_default(subscriber.with_writer(move || writer.clone()).finish()).unwrap();

    let app = app().await;
    let answer = login(&app, PASSWORD).await;
    let token = answer["token"].as_str().unwrap();
    login(&app, "a wrong password").await;
    let request = Request::get("/api/auth/me?token=in-the-query").header("x-request-id", "seen-1");
    let request = request.header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap();

    let nothing = "/api/events/01890a5d-ac96-774b-bcce-b302099a8057";
    app.clone().oneshot(Request::get(nothing).body(Body::empty()).unwrap()).await.unwrap();
    let endless = format!("/{}", "x".repeat(10_000));
    app.oneshot(Request::get(&endless).body(Body::empty()).unwrap()).await.unwrap();

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for told in [
        "method=GET",
        "path=\"/api/auth/me\"",
        nothing,
        "request_id=\"seen-1\"",
        "status=200",
        "status=401",
        "took=",
    ] {
        assert!(text.contains(told), "{told} is not in {text}");
    }
    assert!(!text.contains("Id}") && !text.contains("{id"), "a route stands for a path: {text}");
    assert!(!text.contains(&endless), "a path is logged whole, however long");
    for secret in ["in-the-query", token, "a wrong password", PASSWORD, "argon2"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}
