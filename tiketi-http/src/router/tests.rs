//! What applies to every route, and to unknown paths.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use serde_json::json;
use tiketi_core::{StoreError, StoreErrorKind};

use crate::error::ApiError;
use crate::limits::HttpLimits;
use crate::router::serve;
use crate::test_support::{Server, answered, with_header};

#[tokio::test]
async fn an_unknown_route_is_not_found_in_the_one_shape() {
    let answer = Server::new().get("/api/nowhere").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.code(), "NOT_FOUND");
}

#[tokio::test]
async fn a_wrong_method_is_answered_with_the_allowed_ones() {
    let server = Server::new();
    let answer = server.send(Request::delete("/api/auth/login").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.code(), "METHOD_NOT_ALLOWED");
    assert_eq!(answer.header("allow"), "POST");
}

#[tokio::test]
async fn the_routes_work_when_nested_in_a_host() {
    let host = Router::new().nest("/shops/{shop}/tickets", Server::new().app);
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    let answer = answered(host.clone(), get("/shops/7/tickets/health")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let answer = answered(host.clone(), get("/shops/7/tickets/api/nowhere")).await;
    assert_eq!(answer.code(), "NOT_FOUND");
    let answer = answered(host, get("/shops/7/tickets/api/docs")).await;
    assert_eq!(answer.header("location"), "docs/");
}

#[tokio::test]
async fn errors_are_in_korean_if_the_client_prefers_it() {
    let request = Request::get("/api/auth/me").body(Body::empty()).unwrap();
    let answer = Server::new().send(with_header(request, "accept-language", "ko-KR,ko;q=0.9")).await;
    assert_eq!(answer.json()["error"], "로그인이 필요합니다.");
    assert_eq!(answer.header("content-language"), "ko");
}

#[tokio::test]
async fn a_safe_request_id_is_used_and_another_replaced() {
    let server = Server::new();
    let request = || Request::get("/health").body(Body::empty()).unwrap();
    let kept = server.send(with_header(request(), "x-request-id", "a-1_b.2")).await;
    assert_eq!(kept.header("x-request-id"), "a-1_b.2");
    for odd in ["", "a b", "<script>", &"x".repeat(65)] {
        let answer = server.send(with_header(request(), "x-request-id", odd)).await;
        assert_eq!(answer.header("x-request-id").len(), 36, "{odd}");
    }
}

#[tokio::test]
async fn every_answer_forbids_sniffing_caching_and_other_origins() {
    let answer = Server::new().get("/health").await;
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_panic_is_an_internal_error_without_its_message() {
    async fn panics() -> StatusCode {
        panic!("the secret is 42")
    }
    let answer = Server::serving(Router::new().route("/api/boom", get(panics))).get("/api/boom").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.code(), "INTERNAL");
    assert!(!String::from_utf8_lossy(&answer.bytes).contains("42"));
}

#[tokio::test]
async fn a_failing_store_is_reported_without_its_message() {
    let failing =
        |kind| StoreError::new(kind, "SELECT secret FROM host").caused_by("postgres://user:pw@host");
    let cases = [
        (StoreErrorKind::Unavailable, 503, "SERVICE_UNAVAILABLE", "1"),
        (StoreErrorKind::Contention, 503, "TOO_BUSY", "1"),
        (StoreErrorKind::OutcomeUnknown, 202, "OUTCOME_UNKNOWN", "1"),
        (StoreErrorKind::Corrupt, 500, "INTERNAL", ""),
        (StoreErrorKind::ClockAhead, 503, "SERVICE_UNAVAILABLE", "1"),
        (StoreErrorKind::InvalidData, 422, "INVALID_BODY", ""),
        (StoreErrorKind::Internal, 500, "INTERNAL", ""),
    ];
    for (kind, status, code, retry_after) in cases {
        let routes = Router::new().route("/api/x", get(async move || ApiError::from(failing(kind))));
        let answer = Server::serving(routes).get("/api/x").await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code));
        assert_eq!(answer.header("retry-after"), retry_after);
        let text = String::from_utf8_lossy(&answer.bytes).into_owned();
        assert!(!text.contains("SELECT") && !text.contains("postgres"), "{text}");
    }
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered() {
    async fn hangs() {
        tokio::time::sleep(Duration::from_hours(1)).await;
    }
    let limits = HttpLimits { request_timeout: Duration::from_millis(20), ..HttpLimits::default() };
    let mut server = Server::with_limits(limits);
    server.app = serve(Router::new().route("/api/slow", get(hangs)), server.state.clone());
    let answer = server.get("/api/slow").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.code(), "TIMED_OUT");
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_it_says_so_or_not() {
    let server = Server::with_limits(HttpLimits { body_bytes: 100, ..HttpLimits::default() });
    let body = json!({"email": "a".repeat(200)}).to_string();
    let post = || Request::post("/api/auth/login").header("content-type", "application/json");
    let said = post().header("content-length", body.len()).body(Body::from(body.clone())).unwrap();
    let chunks = body.into_bytes().chunks(7).map(|c| Ok::<_, std::io::Error>(c.to_vec())).collect::<Vec<_>>();
    let unsaid = post().body(Body::from_stream(futures::stream::iter(chunks))).unwrap();
    for request in [said, unsaid] {
        let answer = server.send(request).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(answer.code(), "BODY_TOO_LARGE");
        assert_eq!(answer.json()["details"]["limit"], 100);
    }
}
