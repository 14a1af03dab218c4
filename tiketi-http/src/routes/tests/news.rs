//! News: who writes them, their order and pages, edits, and views.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use super::{Shop, assert_refused, text};
use crate::test_support::{from_peer, json_request, signed, with_header};

fn notice(title: &str) -> Value {
    json!({"title": title, "body": "The doors open at 18:30.\nBring a coat."})
}

async fn publish(shop: &Shop, notice: &Value) -> String {
    text(&shop.ok(Method::POST, "/api/news", &shop.admin, notice).await["notice"]["id"])
}

/// Reads a notice from an address, and returns its views.
async fn views(shop: &Shop, id: &str, address: &str) -> u64 {
    let request = Request::get(format!("/api/news/{id}")).body(Body::empty()).unwrap();
    shop.server.send(from_peer(request, address)).await.json()["notice"]["views"].as_u64().unwrap()
}

#[tokio::test]
async fn only_staff_write_news_and_everyone_reads_them() {
    let shop = Shop::open().await;
    let id = publish(&shop, &notice("Doors open early")).await;
    let path = format!("/api/news/{id}");
    for (method, path) in [(Method::POST, "/api/news"), (Method::PUT, &path), (Method::DELETE, &path)] {
        let answer = shop.call(method.clone(), path, &shop.buyer, &notice("Mine")).await;
        assert_refused(&answer, 403, "FORBIDDEN", &method);
        let answer = shop.call(method.clone(), path, "", &notice("Mine")).await;
        assert_refused(&answer, 401, "AUTHENTICATION_REQUIRED", &method);
    }
    let read = shop.read(&path, "").await["notice"].clone();
    assert_eq!((&read["title"], &read["language"]), (&json!("Doors open early"), &json!("ko")));
    assert_eq!(shop.read("/api/news", "").await["news"], json!([read]));
    shop.ok(Method::DELETE, &path, &shop.admin, &Value::Null).await;
    assert_refused(&shop.get(&path, "").await, 404, "NOTICE_NOT_FOUND", "removed");
    let again = shop.call(Method::DELETE, &path, &shop.admin, &Value::Null).await;
    assert_refused(&again, 404, "NOTICE_NOT_FOUND", "removed twice");
}

#[tokio::test]
async fn pinned_news_come_first_and_pages_follow_each_other() {
    let mut shop = Shop::open().await;
    for number in 0..5 {
        let mut notice = notice(&format!("No. {number}"));
        (notice["pinned"], notice["language"]) =
            (json!(number == 1), json!(if number < 3 { "en" } else { "ko" }));
        publish(&shop, &notice).await;
        shop.wait(Duration::from_secs(1)).await;
    }
    let titles = |page: &Value| -> Vec<String> {
        page["news"].as_array().unwrap().iter().map(|notice| text(&notice["title"])).collect()
    };
    let first = shop.read("/api/news?limit=2", "").await;
    assert_eq!(titles(&first), ["No. 1", "No. 4"]);
    let second = shop.read(&format!("/api/news?limit=3&after={}", text(&first["next"])), "").await;
    assert_eq!(
        (titles(&second), &second["next"]),
        (vec!["No. 3".into(), "No. 2".into(), "No. 0".into()], &Value::Null)
    );
    let english = shop.read("/api/news?language=en", "").await;
    assert_eq!(titles(&english), ["No. 1", "No. 2", "No. 0"]);
    for wrong in ["limit=0", "limit=101", "after=x", "language=english-speaking"] {
        assert_refused(&shop.get(&format!("/api/news?{wrong}"), "").await, 400, "INVALID_QUERY", wrong);
    }
}

#[tokio::test]
async fn an_edit_of_an_old_version_is_refused() {
    let mut shop = Shop::open().await;
    let id = publish(&shop, &notice("Doors open early")).await;
    shop.wait(Duration::from_mins(1)).await;
    let path = format!("/api/news/{id}");
    let mut edit = notice("Doors open late");
    (edit["pinned"], edit["version"]) = (json!(true), json!(1));
    let edited = shop.ok(Method::PUT, &path, &shop.admin, &edit).await["notice"].clone();
    assert_eq!((&edited["version"], &edited["createdAt"]), (&json!(2), &json!("2026-01-05T10:00:00Z")));
    assert_eq!((&edited["pinned"], &edited["updatedAt"]), (&json!(true), &json!("2026-01-05T10:01:00Z")));
    let late = shop.call(Method::PUT, &path, &shop.admin, &edit).await;
    assert_refused(&late, 409, "VERSION_MISMATCH", "an old version");
    for (field, value) in
        [("title", json!("")), ("body", json!("x".repeat(10_001))), ("language", json!("korean"))]
    {
        let mut wrong = notice("Wrong");
        wrong[field] = value;
        let refused = shop.call(Method::PUT, &path, &shop.admin, &wrong).await;
        assert_refused(&refused, 422, "INVALID_BODY", field);
        assert_eq!(refused.json()["details"]["field"], field);
    }
    assert_eq!(shop.read(&path, "").await["notice"]["title"], "Doors open late");
}

#[tokio::test]
async fn a_repeated_key_publishes_one_notice() {
    let shop = Shop::open().await;
    let request = || {
        let request = json_request(Method::POST, "/api/news", &notice("Once"));
        signed(with_header(request, "idempotency-key", "notice-1"), &shop.admin)
    };
    let first = shop.server.send(request()).await;
    assert_eq!(first.status.as_u16(), 201);
    assert_eq!(shop.server.send(request()).await.bytes, first.bytes);
    assert_eq!(shop.read("/api/news", "").await["news"].as_array().unwrap().len(), 1);
}

/// Fails if one viewer counts more than once an hour, or if views are lost when they are saved.
#[tokio::test]
async fn a_viewer_counts_once_an_hour_and_views_are_saved() {
    let mut shop = Shop::open().await;
    let id = publish(&shop, &notice("Doors open early")).await;
    for last in 1..20 {
        assert_eq!(views(&shop, &id, &format!("203.0.113.{last}")).await, 1);
    }
    assert_eq!(views(&shop, &id, "198.51.100.7").await, 2);
    assert_eq!(shop.server.state.save_views_once().await.unwrap(), 1);
    assert_eq!(shop.server.state.save_views_once().await.unwrap(), 0);
    assert_eq!(shop.read("/api/news", "").await["news"][0]["views"], 2);
    assert_eq!(views(&shop, &id, "203.0.113.7").await, 2);
    shop.wait(Duration::from_hours(1)).await;
    assert_eq!(views(&shop, &id, "203.0.113.7").await, 3);
}
