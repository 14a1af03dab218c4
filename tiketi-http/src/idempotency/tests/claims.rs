//! Claims of requests that run for long, or whose server died.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;
use tokio::time::advance;

use super::Counting;
use crate::idempotency::{CLAIM_LENGTH, RENEW_EVERY};
use crate::test_support::answered;

/// Time passes for the clock and the runtime.
async fn pass(shop: &Counting, time: Duration) {
    shop.server.clock.advance(time);
    advance(time).await;
    // The tasks whose time has come run before the next step.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// Seen to fail without the renewal.
#[tokio::test(start_paused = true)]
async fn a_request_that_still_runs_keeps_its_key() {
    let shop = Counting::new().await;
    let request = shop.request("/api/gated", "k1", &json!({}));
    tokio::spawn(answered(shop.server.app.clone(), request));
    shop.wait_until_ran(1).await;
    for _ in 0..8 {
        pass(&shop, RENEW_EVERY).await;
        let again = shop.send("/api/gated", "k1", &json!({})).await;
        assert_eq!((again.status, again.code()), (StatusCode::CONFLICT, "REQUEST_IN_PROGRESS".to_owned()));
    }
    shop.gate.add_permits(1);
    shop.server.state.tasks().close();
    shop.server.state.tasks().wait().await;
    assert_eq!(shop.send("/api/gated", "k1", &json!({})).await.json()["run"], 1);
}

/// Seen to fail with a claim of five minutes.
#[tokio::test(start_paused = true)]
async fn a_key_whose_server_died_is_free_after_ten_seconds() {
    let shop = Counting::new().await;
    let request = shop.request("/api/gated", "k1", &json!({}));
    let dying = tokio::spawn(answered(shop.server.app.clone(), request));
    shop.wait_until_ran(1).await;
    // The clock alone: the work renews nothing, as in a process that is gone.
    let last = Duration::from_micros(1);
    shop.server.clock.advance(CLAIM_LENGTH.saturating_sub(last));
    assert_eq!(shop.send("/api/gated", "k1", &json!({})).await.code(), "REQUEST_IN_PROGRESS");
    shop.server.clock.advance(last);
    // For both: the work of the first one is still there.
    shop.gate.add_permits(2);
    let again = shop.send("/api/gated", "k1", &json!({})).await;
    assert_eq!((again.status, shop.ran()), (StatusCode::CREATED, 2));
    dying.abort();
}
