//! Signing in with Google, over keys that the test publishes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use async_trait::async_trait;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use tiketi_core::account::Account;

use super::*;
use crate::credentials::SessionsOf;
use crate::{FetchedKeys, GoogleSignIn, KeySource, KeySourceError};

const CLIENT: &str = "1234.apps.googleusercontent.com";
const ADDRESS: &str = "new.buyer@example.com";

/// A key that signs, with its public half.
struct Signer {
    key: EncodingKey,
    public: Jwk,
}

static ONE: LazyLock<Signer> = LazyLock::new(|| Signer::named("one"));
static TWO: LazyLock<Signer> = LazyLock::new(|| Signer::named("two"));

impl Signer {
    fn named(kid: &str) -> Self {
        let pair =
            rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
        // The key of RFC 8017 follows a head of fixed length in that of RFC 5958.
        let key = EncodingKey::from_rsa_der(&pair.serialize_der()[26..]);
        let mut public = Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
        public.common.key_id = Some(kid.to_owned());
        Self { key, public }
    }

    fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: self.public.common.key_id.clone(), ..Header::new(Algorithm::RS256) };
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

/// Publishes keys, and counts how often they are fetched.
#[derive(Debug, Default)]
struct Keys {
    served: Mutex<Vec<Jwk>>,
    is_down: std::sync::atomic::AtomicBool,
    fetches: AtomicUsize,
}

#[async_trait]
impl KeySource for Keys {
    async fn fetch(&self) -> Result<FetchedKeys, KeySourceError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        if self.is_down.load(Ordering::SeqCst) {
            return Err(KeySourceError::new("down"));
        }
        let set = JwkSet { keys: self.served.lock().unwrap().clone() };
        Ok(FetchedKeys { jwks: serde_json::to_vec(&set).unwrap(), fresh_for: Duration::from_hours(6) })
    }
}

impl Keys {
    fn serve(&self, signers: &[&Signer]) {
        *self.served.lock().unwrap() = signers.iter().map(|signer| signer.public.clone()).collect();
    }

    fn count(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

fn open() -> (Server, Arc<Keys>) {
    let keys = Arc::new(Keys::default());
    keys.serve(&[&ONE]);
    let google = GoogleSignIn::new(CLIENT, keys.clone());
    (Server::with_state(|builder| builder, |builder| builder.google(google)), keys)
}

/// The claims of a token that was signed now, at 2026-01-05T10:00:00Z.
fn claims() -> Value {
    json!({
        "iss": "https://accounts.google.com", "aud": CLIENT, "azp": CLIENT, "sub": "100000000000000000007",
        "iat": 1_767_607_200, "exp": 1_767_610_800, "email": "New.Buyer@example.com", "email_verified": true,
        "name": "Ada Example",
    })
}

async fn present(server: &Server, token: &str) -> Answered {
    server.post("/api/auth/google", &json!({"credential": token})).await
}

async fn refused(server: &Server, token: &str, what: &str) {
    let answer = present(server, token).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "GOOGLE_TOKEN_REFUSED"), "{what}");
}

#[tokio::test]
async fn a_token_of_google_signs_in_and_creates_an_account_without_a_password() {
    let (server, _) = open();
    let first = present(&server, &ONE.sign(&claims())).await;
    assert_eq!(first.status, StatusCode::OK);
    let user = &first.json()["user"];
    assert_eq!((&user["email"], &user["emailVerified"]), (&json!(ADDRESS), &json!(true)));
    assert_eq!(user["name"], "Ada Example");
    let again = present(&server, &ONE.sign(&claims())).await;
    assert_eq!(again.json()["user"], *user);
    let me = me_with(&server, again.json()["token"].as_str().unwrap()).await;
    assert_eq!(me.json()["user"], *user);
    for password in [PASSWORD, "", "x"] {
        let login = json!({"email": ADDRESS, "password": password});
        assert_eq!(server.post("/api/auth/login", &login).await.code(), "INVALID_CREDENTIALS");
    }
}

/// Fails without the check of each claim in turn.
#[tokio::test]
async fn a_token_for_another_shop_or_time_or_of_another_issuer_is_refused() {
    let (server, _) = open();
    for (claim, value) in [
        ("aud", json!("other.apps.googleusercontent.com")),
        ("aud", json!([CLIENT, "other.apps.googleusercontent.com"])),
        ("aud", json!([])),
        ("azp", json!("other.apps.googleusercontent.com")),
        ("iss", json!("https://accounts.google.com.example")),
        ("iss", json!("http://accounts.google.com")),
        ("exp", json!(1_767_607_200 - 60)),
        ("exp", json!(null)),
        ("iat", json!(1_767_607_200 + 61)),
        ("nbf", json!(1_767_607_200 + 61)),
        ("email_verified", json!(false)),
        ("email_verified", json!(null)),
        ("email_verified", json!("false")),
        ("email", json!(null)),
        ("email", json!("no address")),
        ("sub", json!("")),
        ("sub", json!(null)),
    ] {
        let mut claims = claims();
        claims[claim] = value;
        refused(&server, &ONE.sign(&claims), &format!("{claim}: {}", claims[claim])).await;
    }
    // Clocks may differ by a minute.
    let mut late = claims();
    late["exp"] = json!(1_767_607_200 - 59);
    assert_eq!(present(&server, &ONE.sign(&late)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_of_another_key_or_algorithm_is_refused() {
    let (server, keys) = open();
    keys.serve(&[&ONE, &TWO]);
    let good = ONE.sign(&claims());
    let (head, rest) = good.split_once('.').unwrap();
    let (payload, signature) = rest.split_once('.').unwrap();
    // The heads are {"alg":"none","kid":"one"}.
    let none = "eyJhbGciOiJub25lIiwia2lkIjoib25lIn0";
    let with = |algorithm, key: &EncodingKey| {
        let header = Header { kid: Some("one".to_owned()), ..Header::new(algorithm) };
        jsonwebtoken::encode(&header, &claims(), key).unwrap()
    };
    let public = serde_json::to_vec(&ONE.public).unwrap();
    let without_kid = jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims(), &ONE.key).unwrap();
    for (what, token) in [
        ("another key under the name", with(Algorithm::RS256, &TWO.key)),
        ("another algorithm", with(Algorithm::RS512, &ONE.key)),
        ("the public key as a secret", with(Algorithm::HS256, &EncodingKey::from_secret(&public))),
        ("no algorithm", format!("{none}.{payload}.")),
        ("no algorithm, a signature", format!("{none}.{payload}.{signature}")),
        ("no name of a key", without_kid),
        ("another payload", format!("{head}.{}.{signature}", payload.replacen('e', "f", 1))),
        ("no token", "x".to_owned()),
        ("nothing", String::new()),
        ("too long", "x".repeat(9_000)),
    ] {
        refused(&server, &token, what).await;
    }
}

/// Fails with keys that are fetched each time, and with keys that are never fetched again.
#[tokio::test]
async fn keys_are_kept_for_their_time_and_replaced_when_they_change() {
    let (server, keys) = open();
    for _ in 0..3 {
        assert_eq!(present(&server, &ONE.sign(&claims())).await.status, StatusCode::OK);
    }
    assert_eq!(keys.count(), 1);
    keys.serve(&[&TWO]);
    refused(&server, &TWO.sign(&claims()), "unknown within a minute").await;
    assert_eq!(keys.count(), 1);
    server.clock.advance(Duration::from_mins(1));
    assert_eq!(present(&server, &TWO.sign(&claims())).await.status, StatusCode::OK);
    refused(&server, &ONE.sign(&claims()), "a key that was taken back").await;
    assert_eq!(keys.count(), 2);
}

#[tokio::test]
async fn invented_names_of_keys_fetch_them_at_most_once_a_minute() {
    let (server, keys) = open();
    for round in 1..=2 {
        for invented in 0..20 {
            let header = Header { kid: Some(format!("kid {invented}")), ..Header::new(Algorithm::RS256) };
            let token = jsonwebtoken::encode(&header, &claims(), &ONE.key).unwrap();
            refused(&server, &token, "an invented name").await;
        }
        assert_eq!(keys.count(), round);
        server.clock.advance(Duration::from_mins(1));
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_tolerated_for_an_hour() {
    let (server, keys) = open();
    assert_eq!(present(&server, &ONE.sign(&claims())).await.status, StatusCode::OK);
    keys.is_down.store(true, Ordering::SeqCst);
    let mut later = claims();
    later["exp"] = json!(1_767_607_200 + 8 * 3_600);
    let later = ONE.sign(&later);
    server.clock.advance(Duration::from_hours(6) + Duration::from_mins(59));
    assert_eq!(present(&server, &later).await.status, StatusCode::OK);
    server.clock.advance(Duration::from_mins(2));
    let answer = present(&server, &later).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "SERVICE_UNAVAILABLE"));
}

async fn account(server: &Server) -> Account {
    let accounts = server.state.accounts().unwrap();
    accounts.store.account_by_email(&ADDRESS.parse().unwrap()).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_account_with_a_proved_address_is_linked_and_keeps_its_password() {
    let (server, _) = open();
    let token = server.token_of(ADDRESS, Role::Buyer).await;
    assert_eq!(present(&server, &ONE.sign(&claims())).await.status, StatusCode::OK);
    assert_eq!(account(&server).await.google.as_deref(), Some("100000000000000000007"));
    assert_eq!(me_with(&server, &token).await.status, StatusCode::OK);
    let login = json!({"email": ADDRESS, "password": PASSWORD});
    assert_eq!(server.post("/api/auth/login", &login).await.status, StatusCode::OK);
}

/// Fails with the password left.
#[tokio::test]
async fn who_registered_an_address_without_proving_it_loses_the_account_to_its_owner() {
    let (server, _) = open();
    let token = server.token_of(ADDRESS, Role::Buyer).await;
    let unproved = |account: &mut Account| account.verified_at = None;
    let id = account(&server).await.id;
    server.state.accounts().unwrap().edit(id, SessionsOf::Kept, unproved).await.unwrap();
    assert_eq!(present(&server, &ONE.sign(&claims())).await.status, StatusCode::OK);
    assert_eq!(me_with(&server, &token).await.code(), "INVALID_TOKEN");
    let login = json!({"email": ADDRESS, "password": PASSWORD});
    assert_eq!(server.post("/api/auth/login", &login).await.code(), "INVALID_CREDENTIALS");
}

#[tokio::test]
async fn an_address_that_has_another_owner_at_google_is_refused() {
    let (server, _) = open();
    assert_eq!(present(&server, &ONE.sign(&claims())).await.status, StatusCode::OK);
    let mut other = claims();
    other["sub"] = json!("100000000000000000008");
    refused(&server, &ONE.sign(&other), "another owner").await;
}

#[tokio::test]
async fn a_shop_without_google_has_no_such_route() {
    let answer = present(&Server::new(), &ONE.sign(&claims())).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "GOOGLE_NOT_OFFERED"));
}
