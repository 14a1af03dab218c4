//! Failed sign-ins by account and network.

use super::*;
use crate::client_address::TrustedProxies;
use crate::test_support::{from_peer, json_request};
use axum::http::Method;

const EMAIL: &str = "buyer@example.com";

/// Signs in from a peer, and returns the status with the code of a refusal.
async fn sign_in(server: &Server, password: &str, peer: &str, forwarded: &str) -> (u16, String) {
    let body = json!({"email": EMAIL, "password": password});
    let request = from_peer(json_request(Method::POST, "/api/auth/login", &body), peer);
    let answer = server.send(with_header(request, "x-forwarded-for", forwarded)).await;
    let status = answer.status.as_u16();
    if status == 429 {
        assert_eq!(answer.header("retry-after"), "90");
    }
    (status, if status == 200 { String::new() } else { answer.code() })
}

async fn fail(server: &Server, count: usize, peer: &str, forwarded: &str) {
    for _ in 0..count {
        let refused = sign_in(server, "not the password", peer, forwarded).await;
        assert_eq!(refused, (401, "INVALID_CREDENTIALS".to_owned()));
    }
}

/// Seen to fail with the header of any peer read, and with nothing given back to who knows the password.
#[tokio::test]
async fn failed_sign_ins_are_limited_by_account_and_network() {
    let server = Server::new();
    server.token_of(EMAIL, Role::Buyer).await;
    for _ in 0..20 {
        assert_eq!(sign_in(&server, PASSWORD, "192.0.2.1", "").await.0, 200);
    }
    // A header of a peer that is no proxy changes nothing.
    fail(&server, 5, "192.0.2.1", "203.0.113.1").await;
    fail(&server, 5, "192.0.2.2", "203.0.113.2").await;
    let refused = (429, "TOO_MANY_ATTEMPTS".to_owned());
    assert_eq!(sign_in(&server, PASSWORD, "192.0.2.3", "").await, refused);
    // The owner signs in from elsewhere, and later from there too.
    assert_eq!(sign_in(&server, PASSWORD, "198.51.100.1", "").await.0, 200);
    server.clock.advance(Duration::from_secs(90));
    assert_eq!(sign_in(&server, PASSWORD, "192.0.2.3", "").await.0, 200);
}

#[tokio::test]
async fn behind_a_trusted_proxy_its_clients_are_counted() {
    let proxies = TrustedProxies::new(["10.0.0.0/8"]).unwrap();
    let server = Server::with_state(|shop| shop, |state| state.trusted_proxies(proxies));
    server.token_of(EMAIL, Role::Buyer).await;
    fail(&server, 10, "10.0.0.1", "192.0.2.1").await;
    assert_eq!(sign_in(&server, PASSWORD, "10.0.0.2", "198.51.100.1, 192.0.2.1").await.0, 429);
    assert_eq!(sign_in(&server, PASSWORD, "10.0.0.2", "192.0.2.1, 198.51.100.1").await.0, 200);
}

#[tokio::test]
async fn without_a_known_address_no_sign_in_is_limited() {
    let server = Server::new();
    server.token_of(EMAIL, Role::Buyer).await;
    for _ in 0..12 {
        let body = json!({"email": EMAIL, "password": "not the password"});
        assert_eq!(server.post("/api/auth/login", &body).await.status.as_u16(), 401);
    }
}
