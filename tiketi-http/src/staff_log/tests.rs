//! What is recorded about writes of staff, also if they fail halfway.

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tiketi_core::account::Role;
use tiketi_core::memory::MemoryStore;
use tiketi_core::store::{LogQuery, StaffLog};
use tiketi_core::{StoreError, StoreErrorKind};
use tower::ServiceExt;

use super::*;
use crate::extract::{Staff, may};
use crate::router::serve;
use crate::routes::tests::{Shop, text};
use crate::test_support::{Answered, Server, accounts_in, json_request, signed, with_header};

/// Reads the log over HTTP.
async fn log(shop: &Shop, query: &str) -> Vec<Value> {
    let list = shop.read(&format!("/api/admin/log?{query}"), &shop.admin).await;
    list["data"].as_array().unwrap().clone()
}

async fn newest(shop: &Shop) -> Value {
    log(shop, "limit=1").await.remove(0)
}

#[tokio::test]
async fn an_edit_is_recorded_with_what_it_changed_and_nothing_else() {
    let shop = Shop::open().await;
    let path = format!("/api/admin/events/{}", shop.event);
    let edit = json_request(Method::PUT, &path, &json!({"title": "Another night"}));
    let answer = shop.server.send(with_header(signed(edit, &shop.admin), "x-request-id", "req-7")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let entry = newest(&shop).await;
    assert_eq!(entry["before"], json!({"event": {"title": "Night of the Lighthouse", "version": 2}}));
    assert_eq!(entry["after"], json!({"event": {"title": "Another night", "version": 3}}));
    assert_eq!(entry["subject"], json!({"kind": "events", "id": shop.event}));
    assert_eq!((&entry["action"], &entry["requestId"]), (&json!("putAdminEventsById"), &json!("req-7")));
    assert_eq!((&entry["result"], &entry["code"]), (&json!("done"), &Value::Null));
    assert_eq!(entry["actor"]["role"], "admin");
    assert!(entry["at"].as_str() <= entry["endedAt"].as_str(), "{entry}");
}

#[tokio::test]
async fn what_was_created_is_the_subject_and_a_replay_is_not_recorded() {
    let shop = Shop::open().await;
    let body = json!({"title": "Small room", "eventDate": "2026-02-01T10:00:00Z"});
    let create = || {
        let request = signed(json_request(Method::POST, "/api/admin/events", &body), &shop.admin);
        shop.server.send(with_header(request, "idempotency-key", "k1"))
    };
    let made = create().await.json()["event"].clone();
    assert_eq!(create().await.header("idempotent-replayed"), "true");
    let entries = log(&shop, &format!("subject={}", text(&made["id"]))).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (&entries[0]["before"], &entries[0]["after"]["event"]["title"]),
        (&Value::Null, &json!("Small room"))
    );
}

#[tokio::test]
async fn a_refusal_is_recorded_with_its_code() {
    let shop = Shop::open().await;
    let path = format!("/api/admin/events/{}", shop.event);
    let edit = json!({"title": "Late", "version": 1});
    shop.call(Method::PUT, &path, &shop.admin, &edit).await;
    let entry = newest(&shop).await;
    assert_eq!((&entry["result"], &entry["code"]), (&json!("refused"), &json!("VERSION_MISMATCH")));
    assert_eq!(entry["after"], Value::Null);
}

#[tokio::test]
async fn reasons_are_recorded_and_accounts_for_refunds_are_not() {
    let shop = Shop::open().await;
    let held = shop.held(&shop.buyer, &shop.seats().await[..1]).await;
    let paid = shop.paid(&shop.buyer, &held).await;
    let path = format!("/api/admin/payments/{}/refund", text(&paid["payment"]["id"]));
    let account = json!({"bank": "20", "accountNumber": "110123456789", "holderName": "Seo Haneul"});
    let body = json!({"cancelReason": "A pillar in the view", "refundReceiveAccount": account});
    let answer = shop.post(&path, &shop.admin, &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
    let entry = newest(&shop).await;
    assert_eq!(entry["reason"], "A pillar in the view");
    assert_eq!(entry["before"]["payment"]["status"], "completed");
    assert_eq!(entry["after"]["payment"]["status"], "refunded");
    let everything = json!(log(&shop, "limit=100").await).to_string();
    for secret in ["110123456789", "Seo Haneul", "argon2", "correct horse"] {
        assert!(!everything.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn the_log_is_read_page_by_page_and_by_who_did_what() {
    let shop = Shop::open().await;
    let block = format!("/api/admin/events/{}/seats/block", shop.event);
    let clerk = shop.server.token_of("clerk@example.com", Role::BoxOffice).await;
    for seat in &shop.seats().await[..3] {
        let body = json!({"seatIds": [seat], "reason": "camera position"});
        shop.ok(Method::POST, &block, &clerk, &body).await;
    }
    let all = log(&shop, "limit=100").await;
    let (mut paged, mut after) = (Vec::new(), String::new());
    loop {
        let page = shop.read(&format!("/api/admin/log?limit=2{after}"), &shop.admin).await;
        paged.extend(page["data"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(paged, all);
    let blocked = log(&shop, "action=postAdminEventsByIdSeatsBlock").await;
    assert_eq!(blocked.len(), 3);
    assert_eq!(
        (&blocked[0]["actor"]["role"], &blocked[0]["reason"]),
        (&json!("box_office"), &json!("camera position"))
    );
    let actor = text(&blocked[0]["actor"]["id"]);
    assert_eq!(log(&shop, &format!("actor={actor}")).await, blocked);
    assert_eq!(log(&shop, "to=2026-01-05T10:00:00Z").await, [Value::Null; 0]);
    assert_eq!(log(&shop, "from=2026-01-05T10:00:00Z&limit=100").await, all);
    for wrong in ["actor=x", "subject=x", "from=x", "after=x", "after=1_x", "limit=0"] {
        let answer = shop.get(&format!("/api/admin/log?{wrong}"), &shop.admin).await;
        assert_eq!(answer.code(), "INVALID_QUERY", "{wrong}");
    }
    assert_eq!(shop.get("/api/admin/log", &clerk).await.code(), "FORBIDDEN");
}

/// A log that saves nothing, or no outcome.
#[derive(Debug)]
struct Failing {
    begins: bool,
    log: MemoryStore,
}

fn gone() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the log is gone")
}

#[async_trait]
impl StaffLog for Failing {
    async fn begin_action(&self, entry: LogEntry) -> Result<(), StoreError> {
        if self.begins { self.log.begin_action(entry).await } else { Err(gone()) }
    }

    async fn end_action(&self, _: LogEntryId, _: LogOutcome) -> Result<bool, StoreError> {
        Err(gone())
    }

    async fn log_entries(&self, query: LogQuery) -> Result<Vec<LogEntry>, StoreError> {
        self.log.log_entries(query).await
    }
}

/// Sends a write of staff to a server with a failing log; returns its answer and whether the event was created.
async fn create_with(begins: bool) -> (Answered, bool, Arc<Failing>) {
    let mut server = Server::new();
    let admin = server.token_of("admin@example.com", Role::Admin).await;
    let log = Arc::new(Failing { begins, log: MemoryStore::default() });
    let accounts = accounts_in(Arc::clone(&server.state.accounts().unwrap().store));
    let (box_office, answers) = (server.state.box_office().clone(), Arc::clone(server.state.answers()));
    let builder = AppState::builder(box_office, answers, Arc::<Failing>::clone(&log), accounts);
    let clock = Arc::clone(&server.clock);
    server.app = crate::router::router(builder.clock(clock).build().unwrap());
    let body = json!({"title": "Small room", "eventDate": "2026-02-01T10:00:00Z"});
    let request = signed(json_request(Method::POST, "/api/admin/events", &body), &admin);
    let answer = server.send(request).await;
    let list = Request::get("/api/admin/events").body(Body::empty()).unwrap();
    let list = server.send(signed(list, &admin)).await;
    (answer, list.json()["pagination"]["total"] == 1, log)
}

#[tokio::test]
async fn staff_write_nothing_while_their_log_fails() {
    let (answer, created, _) = create_with(false).await;
    assert_eq!((answer.status.as_u16(), created), (503, false));
}

#[tokio::test]
async fn a_record_without_an_outcome_says_that_it_is_unknown() {
    let (answer, created, log) = create_with(true).await;
    assert_eq!((answer.status.as_u16(), created), (201, true));
    let entries = log.log_entries(LogQuery::newest(9)).await.unwrap();
    assert_eq!((entries.len(), entries[0].outcome.is_none()), (1, true));
}

/// Routes that panic and that never answer.
fn broken_routes() -> Router<AppState> {
    Router::new()
        .route("/api/admin/x/panic", post(async |_: Staff<may::Sell>| -> StatusCode { panic!("a defect") }))
        .route(
            "/api/admin/x/silent",
            post(async |_: Staff<may::Sell>| std::future::pending::<StatusCode>().await),
        )
        .route("/api/admin/x/read", get(async |_: Staff<may::Read>| StatusCode::OK))
}

async fn result_at(path: &str) -> LogResult {
    let mut server = Server::new();
    server.app = serve(broken_routes(), server.state.clone());
    let token = server.token_of("clerk@example.com", Role::BoxOffice).await;
    let request = signed(json_request(Method::POST, path, &json!({})), &token);
    let mut answering = Box::pin(server.app.clone().oneshot(request));
    // Creating the clerk's account is an action of the operator; this one is of the clerk.
    let recorded = async || {
        let entries = server.state.staff_log().log_entries(LogQuery::newest(9)).await.unwrap();
        entries.into_iter().find(|entry| entry.actor != Actor::Operator)
    };
    // The client leaves as soon as the handler waits.
    let mut polls_after = 2;
    while polls_after > 0 && futures::poll!(&mut answering).is_pending() {
        polls_after -= u32::from(recorded().await.is_some());
        tokio::task::yield_now().await;
    }
    drop(answering);
    loop {
        if let Some(outcome) = recorded().await.and_then(|entry| entry.outcome) {
            return outcome.result;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_handler_that_panics_is_recorded_as_failed() {
    assert_eq!(result_at("/api/admin/x/panic").await, LogResult::Failed { code: "INTERNAL".into() });
}

#[tokio::test]
async fn a_client_that_leaves_is_recorded_as_interrupted() {
    assert_eq!(result_at("/api/admin/x/silent").await, LogResult::Failed { code: INTERRUPTED.into() });
}

#[test]
fn only_what_differs_is_kept() {
    let before = json!({"a": 1, "b": {"c": 1, "d": 2}, "e": [1], "gone": true});
    let after = json!({"a": 1, "b": {"c": 1, "d": 3}, "e": [2], "new": null});
    let (was, is) = differing(before, after);
    assert_eq!(was, json!({"b": {"d": 2}, "e": [1], "gone": true}));
    assert_eq!(is, json!({"b": {"d": 3}, "e": [2], "new": null}));
}

#[test]
fn what_is_too_long_is_replaced_by_its_length_and_control_characters_are_not_kept() {
    assert_eq!(short(&json!("x".repeat(8_191))), r#"{"omittedCharacters":8193}"#);
    assert_eq!(short(&json!("x".repeat(8_190))).len(), 8_192);
    assert_eq!(short(&json!("a\u{7f}b\nc")), "\"a\u{fffd}b\\nc\"");
}
