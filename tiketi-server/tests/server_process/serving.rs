//! A running server: its pages, its demo and its tokens.

use std::path::Path;

use serde_json::{Value, json};
use tiketi_server_harness::{DEADLINE, Running};
use tokio::time::{Duration, sleep, timeout};

use crate::restart::store;

fn titles_and_statuses(events: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let events = events["data"].as_array().unwrap();
    let mut shown: Vec<_> =
        events.iter().map(|event| (text(&event["status"]), text(&event["title"]))).collect();
    shown.sort();
    shown
}

#[tokio::test]
async fn the_first_line_is_the_address_and_the_only_one() {
    let running = Running::start(&[]).await;
    let port: u16 = running.address().strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
    assert_ne!(port, 0);
    assert_eq!(running.get("/health", None).await.0, 200);
    let said = running.stop().await;
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn the_front_page_is_the_shop_and_its_files_are_there() {
    let running = Running::start(&["--demo"]).await;
    let url = format!("http://{}", running.address());
    let page = reqwest::get(&url).await.unwrap();
    let header = |name: &str| page.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(
        (page.status().as_u16(), header("content-type")),
        (200, "text/html; charset=utf-8".to_owned())
    );
    assert!(header("content-security-policy").starts_with("default-src 'none'"));
    let text = page.text().await.unwrap();
    let assets: Vec<_> = text.split('"').filter(|address| address.starts_with("/assets/")).collect();
    for kind in ["css", "js"] {
        let is_of_kind = |name: &&str| Path::new(name).extension().is_some_and(|found| found == kind);
        assert!(assets.iter().any(is_of_kind), "{kind}: {text}");
    }
    for asset in assets {
        let found = reqwest::get(format!("{url}{asset}")).await.unwrap();
        assert_eq!(found.status().as_u16(), 200, "{asset}");
        assert!(found.headers()["cache-control"].to_str().unwrap().contains("immutable"), "{asset}");
    }
    // An unknown path is answered in the usual format, unless it is a person who asks.
    assert_eq!(running.get("/nowhere", None).await.1["code"], "NOT_FOUND");
}

#[tokio::test]
async fn a_server_without_pages_has_the_api_alone() {
    let running = Running::start(&["--pages=off"]).await;
    assert_eq!(running.get("/", None).await.1["code"], "NOT_FOUND");
    assert_eq!(running.get("/api/events", None).await.0, 200);
}

#[tokio::test]
async fn the_metrics_count_requests_and_batches() {
    // The in-memory store makes no batches.
    let (_folder, store) = store();
    let running = Running::start(&["--demo", "--store", &store]).await;
    assert_eq!(running.get("/api/events", None).await.0, 200);
    assert_eq!(running.get("/nowhere/else", None).await.0, 404);
    let page = reqwest::get(format!("http://{}/metrics", running.address())).await.unwrap();
    let media_type = page.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(media_type.starts_with("application/openmetrics-text"), "{media_type}");
    let text = page.text().await.unwrap();
    for line in [
        "http_requests_total{method=\"GET\",path=\"/api/events\",status=\"200\"} 1",
        "http_requests_total{method=\"GET\",path=\"unknown\",status=\"404\"} 1",
        "tiketi_payments_stuck 0",
        "# EOF",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in:\n{text}");
    }
    let batches = text.lines().find_map(|line| line.strip_prefix("tiketi_batch_size_count "));
    assert!(batches.unwrap().parse::<u64>().unwrap() > 0, "the demo was written in batches:\n{text}");
}

#[tokio::test]
async fn a_shop_without_demo_is_empty() {
    let running = Running::start(&["--demo=false"]).await;
    let (status, events) = running.get("/api/events", None).await;
    assert_eq!((status, events["pagination"]["total"].as_i64()), (200, Some(0)));
}

#[tokio::test]
async fn the_demo_shop_has_four_events_with_their_statuses() {
    let running = Running::start(&["--demo"]).await;
    let (_, events) = running.get("/api/events", None).await;
    let shown = titles_and_statuses(&events);
    let statuses: Vec<_> = shown.iter().map(|(status, _)| status.as_str()).collect();
    assert_eq!(statuses, ["on_sale", "on_sale", "sold_out", "upcoming"], "{shown:?}");
    let (_, layouts) = running.get("/api/seats/layouts", None).await;
    assert_eq!(layouts["layouts"].as_array().unwrap().len(), 2);
}

/// Holds the first seat of the demo's concert, and returns the event's id.
async fn hold_a_seat(running: &Running, token: &str) -> String {
    let (_, events) = running.get("/api/events?status=on_sale&search=paper+lighthouse", None).await;
    let event = events["data"][0]["id"].as_str().unwrap();
    let (_, map) = running.get(&format!("/api/seats/{event}"), None).await;
    assert_eq!(map["seats"].as_array().unwrap().len(), 2_000);
    let body = json!({ "eventId": event, "seatIds": [map["seats"][0]["id"]] });
    let (status, held) = running.post("/api/seats/reserve", Some(token), &body).await;
    assert_eq!((status, held["reservation"]["status"].as_str()), (201, Some("pending")), "{held}");
    event.to_owned()
}

async fn tickets_left(running: &Running, event: &str) -> i64 {
    let (_, answer) = running.get(&format!("/api/events/{event}"), None).await;
    let ticket_types = answer["event"]["ticketTypes"].as_array().unwrap().iter();
    ticket_types.map(|ticket_type| ticket_type["available"].as_i64().unwrap()).sum()
}

#[tokio::test]
async fn the_demo_buyer_signs_in_and_holds_a_seat() {
    let running = Running::start(&["--demo"]).await;
    let token = running.sign_in("demo@tiketi.dev", "demo1234").await;
    let event = hold_a_seat(&running, &token).await;
    assert_eq!(tickets_left(&running, &event).await, 1_999);
}

#[tokio::test]
async fn a_hold_that_lapses_is_available_again() {
    let running = Running::start(&["--demo", "--hold-ttl=1s", "--hold-cap=1s"]).await;
    let token = running.sign_in("demo@tiketi.dev", "demo1234").await;
    let event = hold_a_seat(&running, &token).await;
    let comes_back = async {
        while tickets_left(&running, &event).await < 2_000 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(DEADLINE, comes_back).await.expect("nobody kept house");
}

#[tokio::test]
async fn the_administrator_signs_in_with_the_password_given_or_made() {
    let given = ["--admin-email", "Boss@Example.com", "--admin-password", "correct horse"];
    let running = Running::start(&given).await;
    let token = running.sign_in("boss@example.com", "correct horse").await;
    let (_, me) = running.get("/api/auth/me", Some(&token)).await;
    assert_eq!(me["user"]["role"], "admin");
    assert!(!running.stop().await.err.contains("correct horse"));
}

#[tokio::test]
async fn a_made_password_is_printed_once_and_long() {
    let running = Running::start(&["--admin-email", "boss@example.com"]).await;
    let said = running.stop().await;
    let lines: Vec<_> = said.err.lines().filter(|line| line.contains("the password of")).collect();
    assert_eq!(lines.len(), 1, "{}", said.err);
    let password = lines[0].split_whitespace().nth(5).unwrap();
    assert_eq!((password.len(), said.err.matches(password).count()), (20, 1), "{}", said.err);
}

#[tokio::test]
async fn a_token_of_a_given_secret_outlives_the_process() {
    let (_folder, store) = store();
    let arguments = ["--demo", "--store", &store, "--jwt-secret", "0123456789abcdef0123456789abcdef"];
    let first = Running::start(&arguments).await;
    let token = first.sign_in("demo@tiketi.dev", "demo1234").await;
    drop(first);
    let second = Running::start(&arguments).await;
    let (status, _) = second.get("/api/reservations/my", Some(&token)).await;
    assert_eq!(status, 200);
    let other = Running::start(&["--demo"]).await;
    let (status, refused) = other.get("/api/reservations/my", Some(&token)).await;
    assert_eq!((status, refused["code"].as_str()), (401, Some("INVALID_TOKEN")));
}
