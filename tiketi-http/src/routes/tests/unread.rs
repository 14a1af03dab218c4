//! Commands that took effect, and whose answer cannot be read.

use axum::http::{Method, StatusCode};
use serde_json::Value;

use super::{Shop, event_on, text};
use crate::test_support::Answered;

/// Fails unless the answer says that the outcome is unknown, and where to look.
fn assert_unknown(answer: &Answered, look_at: &str) {
    let body = answer.json();
    assert_eq!(
        (answer.status, body["code"].as_str()),
        (StatusCode::ACCEPTED, Some("OUTCOME_UNKNOWN")),
        "{body}"
    );
    assert_eq!(body["details"]["lookAt"], look_at);
}

#[tokio::test]
async fn a_release_is_not_said_to_have_failed_if_its_event_cannot_be_read_afterwards() {
    let mut shop = Shop::open().await;
    let seats = shop.seats().await;
    let held = shop.held(&shop.buyer, &seats[..1]).await;
    // A server that does not have the event in memory.
    shop.server = shop.server.beside();
    let path = format!("/api/reservations/{}/cancel", text(&held["id"]));
    shop.server.catalog.fail_after(0);
    let answer = shop.post(&path, &shop.buyer, &Value::Null).await;
    shop.server.catalog.fail_after(u64::MAX);
    assert_unknown(&answer, "/api/reservations/my");
    let known = shop.read(&format!("/api/reservations/{}", text(&held["id"])), &shop.buyer).await;
    assert_eq!(known["reservation"]["status"], "cancelled", "{known}");
}

#[tokio::test]
async fn staff_are_told_to_look_at_what_they_changed() {
    let shop = Shop::open().await;
    let layout = shop.create_layout().await;
    let made = shop.ok(Method::POST, "/api/admin/events", &shop.admin, &event_on(&layout)).await;
    let event = format!("/api/admin/events/{}", text(&made["event"]["id"]));
    // The event is read before it is published, and after it.
    shop.server.catalog.fail_after(1);
    let answer = shop.post(&format!("{event}/publish"), &shop.admin, &Value::Null).await;
    shop.server.catalog.fail_after(u64::MAX);
    assert_unknown(&answer, &event);
    assert_eq!(shop.read(&event, &shop.admin).await["event"]["state"], "published");
}
