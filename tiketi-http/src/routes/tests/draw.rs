//! The draw of a lobby: committed to before, revealed after, and fixed in between.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use tiketi_core::Timestamp;
use tiketi_core::waiting_room::{BeaconChain, BeaconSignature, BeaconVerifier};

use super::{Shop, assert_refused, event_on, text};
use crate::limits::HttpLimits;
use crate::test_support::Server;

#[tokio::test]
async fn the_seed_of_a_draw_is_public_after_the_opening_only() {
    let shop = Shop::open().await;
    let policy = json!({"mode": "on", "maxActive": 1, "fairness": "draw", "opensAt": "2026-01-05T10:10:00Z"});
    shop.set_room(&policy).await;
    assert!(shop.join(&shop.buyer).await["number"].is_null(), "the order is not drawn yet");
    shop.join(&shop.other).await;
    let before = shop.serving().await.json();
    let commitment = text(&before["draw"]["commitment"]);
    assert_eq!((commitment.len(), &before["draw"]["seed"]), (64, &Value::Null));

    shop.set_room(&policy).await;
    shop.server.clock.advance(Duration::from_mins(10));
    shop.tick().await;
    shop.server.clock.advance(Duration::from_secs(1));
    let after = shop.serving().await.json();
    assert_eq!(after["draw"]["commitment"], commitment.as_str(), "setting the policy again keeps the seed");
    assert_eq!(
        (text(&after["draw"]["seed"]).len(), &after["draw"]["lobby"]["standard"]),
        (64, &json!({"drawn": 2, "cleared": 0}))
    );
    let mut numbers = [shop.place(&shop.buyer).await, shop.place(&shop.other).await]
        .map(|standing| standing["number"].as_u64().unwrap());
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2]);
}

/// A policy that opens ten minutes after the start of the tests.
fn drawn() -> Value {
    json!({"mode": "on", "maxActive": 1, "fairness": "draw", "opensAt": "2026-01-05T10:10:00Z"})
}

fn with(mut policy: Value, field: &str, value: Value) -> Value {
    policy[field] = value;
    policy
}

#[tokio::test]
async fn a_draw_whose_hash_is_public_cannot_change() {
    let shop = Shop::open().await;
    shop.set_room(&drawn()).await;
    let before = shop.read(&shop.room_path(), &shop.admin).await;
    for (policy, field) in [
        (json!({"mode": "on"}), "fairness"),
        (with(drawn(), "opensAt", json!("2026-01-05T10:11:00Z")), "opensAt"),
        (with(drawn(), "opensAt", Value::Null), "opensAt"),
    ] {
        let answer = shop.call(Method::PUT, &shop.room_path(), &shop.admin, &policy).await;
        assert_refused(&answer, 409, "DRAW_FIXED", &policy);
        assert_eq!(answer.json()["details"]["field"], field, "{policy}");
    }
    assert_eq!(shop.read(&shop.room_path(), &shop.admin).await, before);
    let commitment = shop.serving().await.json()["draw"]["commitment"].clone();
    shop.set_room(&with(drawn(), "maxActive", json!(9))).await;
    shop.server.clock.advance(Duration::from_secs(2));
    assert_eq!(shop.serving().await.json()["draw"]["commitment"], commitment);
}

#[tokio::test]
async fn the_opening_of_a_drawn_lobby_does_not_move_with_the_sale() {
    let shop = Shop::open().await;
    shop.set_room(&json!({"mode": "on", "fairness": "draw"})).await;
    let path = format!("/api/admin/events/{}", shop.event);
    let answer =
        shop.call(Method::PUT, &path, &shop.admin, &json!({"saleStart": "2026-01-05T12:00:00Z"})).await;
    assert_refused(&answer, 409, "DRAW_FIXED", "the sale moves");
    assert_eq!(answer.json()["details"]["field"], "opensAt");
}

#[tokio::test]
async fn the_draw_of_a_draft_may_change() {
    let mut shop = Shop::open().await;
    let layout = shop.create_layout().await;
    let made = shop.ok(Method::POST, "/api/admin/events", &shop.admin, &event_on(&layout)).await;
    shop.event = text(&made["event"]["id"]);
    shop.set_room(&drawn()).await;
    shop.set_room(&json!({"mode": "on"})).await;
}

/// Rounds that are published every second from the year 2026 on; a genuine signature consists of the round's last byte.
#[derive(Debug)]
struct Ticker;

const CHAIN: &str = "0505050505050505050505050505050505050505050505050505050505050505";
/// 2026-01-05T10:10:10Z.
const ROUND: u64 = 4 * 86_400 + 10 * 3_600 + 610;

impl BeaconVerifier for Ticker {
    fn published_at(&self, chain: BeaconChain, round: u64) -> Option<Timestamp> {
        let first: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        (chain.to_string() == CHAIN).then(|| first.after(Duration::from_secs(round)))
    }

    fn is_genuine(&self, chain: BeaconChain, round: u64, signature: &BeaconSignature) -> bool {
        chain.to_string() == CHAIN && signature.as_bytes() == &[round.to_le_bytes()[0]; 48]
    }
}

fn genuine() -> String {
    format!("{:02x}", ROUND.to_le_bytes()[0]).repeat(48)
}

async fn shop_with_beacon() -> Shop {
    Shop::over(Server::with(HttpLimits::default(), |builder| builder.beacon_verifier(Arc::new(Ticker)))).await
}

fn with_beacon(chain: &str, round: u64) -> Value {
    with(drawn(), "beacon", json!({"chain": chain, "round": round}))
}

#[tokio::test]
async fn a_draw_waits_for_the_round_that_its_policy_names() {
    let shop = shop_with_beacon().await;
    let set = shop.set_room(&with_beacon(CHAIN, ROUND)).await;
    let beacon = json!({"chain": CHAIN, "round": ROUND, "signature": null});
    assert_eq!(set["policy"]["beacon"], beacon);
    for token in [&shop.buyer, &shop.other] {
        shop.join(token).await;
    }
    shop.server.clock.advance(Duration::from_mins(11));
    shop.tick().await;
    assert_eq!(shop.place(&shop.buyer).await["state"], "waiting", "no order without the round");
    let before = shop.serving().await.json();
    assert_eq!((&before["draw"]["beacon"], &before["draw"]["seed"]), (&beacon, &Value::Null));

    let path = format!("{}/beacon", shop.room_path());
    let forged = json!({"round": ROUND, "signature": "00".repeat(48)});
    assert_refused(&shop.post(&path, &shop.admin, &forged).await, 422, "BEACON_REFUSED", "forged");
    let other = json!({"round": ROUND + 256, "signature": genuine()});
    let refused = shop.post(&path, &shop.admin, &other).await;
    assert_refused(&refused, 422, "BEACON_REFUSED", "another round");
    assert_eq!(refused.json()["details"]["round"], ROUND);
    let supplied = json!({"round": ROUND, "signature": genuine()});
    assert_refused(&shop.post(&path, &shop.buyer, &supplied).await, 403, "FORBIDDEN", "a buyer");
    for _ in 0..2 {
        let answer = shop.ok(Method::POST, &path, &shop.admin, &supplied).await;
        assert_eq!(answer["policy"]["beacon"]["signature"], genuine());
    }
    // The policy is set again as it is, and the signature stays.
    shop.set_room(&with_beacon(CHAIN, ROUND)).await;
    shop.tick().await;
    shop.server.clock.advance(Duration::from_secs(1));
    let after = shop.serving().await.json();
    assert_eq!(after["draw"]["commitment"], before["draw"]["commitment"]);
    assert_eq!(text(&after["draw"]["seed"]).len(), 64);
    let numbers = [shop.place(&shop.buyer).await, shop.place(&shop.other).await];
    assert!(numbers.iter().any(|place| place["state"] == "called"), "{numbers:?}");
}

#[tokio::test]
async fn a_beacon_that_cannot_key_the_draw_is_refused() {
    let shop = shop_with_beacon().await;
    let opening = ROUND - 10;
    for (policy, field) in [
        (with_beacon(CHAIN, opening + 1), "beacon.round"),
        (with_beacon(&"06".repeat(32), ROUND), "beacon"),
        (with_beacon("06", ROUND), "beacon.chain"),
        (json!({"mode": "on", "beacon": {"chain": CHAIN, "round": ROUND}}), "beacon"),
    ] {
        let answer = shop.call(Method::PUT, &shop.room_path(), &shop.admin, &policy).await;
        assert_refused(&answer, 422, "INVALID_BODY", &policy);
        assert_eq!(answer.json()["details"]["field"], field, "{policy}");
    }
    shop.set_room(&with_beacon(CHAIN, ROUND)).await;
    for (chain, round) in [(CHAIN, ROUND + 1), (&*"06".repeat(32), ROUND)] {
        let policy = with_beacon(chain, round);
        let answer = shop.call(Method::PUT, &shop.room_path(), &shop.admin, &policy).await;
        assert!(["DRAW_FIXED", "INVALID_BODY"].contains(&&*text(&answer.json()["code"])), "{policy}");
    }
    let dropped = shop.call(Method::PUT, &shop.room_path(), &shop.admin, &drawn()).await;
    assert_refused(&dropped, 409, "DRAW_FIXED", "the draw without its beacon");
    assert_eq!(dropped.json()["details"]["field"], "beacon");
}

#[tokio::test]
async fn a_shop_without_a_verifier_and_a_draw_without_a_beacon_take_no_round() {
    let shop = Shop::open().await;
    let answer = shop.call(Method::PUT, &shop.room_path(), &shop.admin, &with_beacon(CHAIN, ROUND)).await;
    assert_refused(&answer, 422, "INVALID_BODY", "no verifier");
    shop.set_room(&drawn()).await;
    let path = format!("{}/beacon", shop.room_path());
    let supplied = json!({"round": ROUND, "signature": genuine()});
    assert_refused(&shop.post(&path, &shop.admin, &supplied).await, 409, "BEACON_NOT_NAMED", "no beacon");
}
