//! Crowds of one: places by account and network.

use axum::http::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tiketi_core::account::Role;
use tiketi_core::memory::MemoryRateLimits;
use tiketi_core::rate_limit::RateLimit;
use tiketi_core::waiting_room::{JoinLimits, SourceLimits};

use super::{Shop, text};
use crate::client_address::TrustedProxies;
use crate::test_support::{Server, from_peer, json_request, signed, with_header};

impl Shop {
    /// Opens a shop with a waiting room that gives an account 3 places in an hour and an IPv4 network 4, behind proxies.
    async fn limited() -> Self {
        let of = |burst| RateLimit::new(burst, Duration::from_hours(1)).unwrap();
        let limits = JoinLimits::default().account(of(3)).ipv4(of(4));
        let guard = Arc::new(SourceLimits::new(limits, Arc::new(MemoryRateLimits::default())));
        let proxies = TrustedProxies::new(["10.0.0.0/8"]).unwrap();
        let server =
            Server::with_state(|shop| shop.join_guard(guard), |state| state.trusted_proxies(proxies));
        let shop = Self::over(server).await;
        let path = format!("/api/admin/events/{}/waiting-room", shop.event);
        shop.ok(Method::PUT, &path, &shop.admin, &json!({"mode": "on", "maxActive": 1})).await;
        shop
    }

    /// Joins from a peer, and returns the letter of the place's class.
    async fn class_from(&self, token: &str, peer: &str, forwarded: &str) -> String {
        let request = json_request(Method::POST, "/api/queue", &json!({"eventId": self.event}));
        let request = with_header(from_peer(signed(request, token), peer), "x-forwarded-for", forwarded);
        let answer = self.server.send(request).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        let id = text(&answer.json()["queueId"]);
        id.split_once('.').unwrap().1[..1].to_owned()
    }

    async fn leave(&self, token: &str) {
        let path = format!("/api/queue/leave/{}", self.event);
        self.ok(Method::POST, &path, token, &Value::Null).await;
    }

    async fn classes_of_new_buyers(&self, count: usize, peer: &str, forwarded: &str) -> String {
        let mut classes = String::new();
        for at in 0..count {
            let email = format!("{at}-{}@example.com", forwarded.len() + peer.len());
            let token = self.server.token_of(&email, Role::Buyer).await;
            classes += &self.class_from(&token, peer, forwarded).await;
        }
        classes
    }
}

/// Seen to fail with the address not passed to the guards.
#[tokio::test]
async fn a_network_that_joins_too_often_goes_to_the_back() {
    let shop = Shop::limited().await;
    // What the peer says of itself is not read: it is no trusted proxy.
    assert_eq!(shop.classes_of_new_buyers(5, "192.0.2.1", "203.0.113.7").await, "ssssd");
    assert_eq!(shop.class_from(&shop.buyer, "198.51.100.1", "").await, "s");
}

#[tokio::test]
async fn behind_a_proxy_the_address_that_it_appended_counts() {
    let shop = Shop::limited().await;
    assert_eq!(shop.classes_of_new_buyers(5, "10.0.0.1", "203.0.113.7, 192.0.2.1").await, "ssssd");
    assert_eq!(shop.class_from(&shop.buyer, "10.0.0.2", "203.0.113.7, 192.0.2.9").await, "d");
    assert_eq!(shop.class_from(&shop.other, "10.0.0.2", "192.0.2.1, 203.0.113.7").await, "s");
}

#[tokio::test]
async fn an_account_that_joins_again_and_again_goes_to_the_back() {
    let shop = Shop::limited().await;
    let mut classes = String::new();
    for _ in 0..4 {
        classes += &shop.class_from(&shop.buyer, "192.0.2.1", "").await;
        // Asking again keeps the place, and is not counted.
        shop.class_from(&shop.buyer, "192.0.2.1", "").await;
        shop.leave(&shop.buyer).await;
    }
    assert_eq!(classes, "sssd");
}
