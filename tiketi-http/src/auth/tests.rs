//! Registration, sign-in, and tokens that must be refused.

mod google;
mod limits;
mod mailed;
mod roles;
mod sessions;

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures::future::join_all;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tiketi_core::account::Role;

use crate::auth::{EnsureAccountError, NewAccount};
use crate::limits::HttpLimits;
use crate::test_support::{Answered, PASSWORD, SECRET, Server, signed, with_header};

fn registration() -> Value {
    json!({"email": " New.Buyer@Example.com", "password": PASSWORD, "name": " Ada Example ", "phone": "010-0000-0000"})
}

fn me() -> Request<Body> {
    Request::get("/api/auth/me").body(Body::empty()).unwrap()
}

async fn me_with(server: &Server, token: &str) -> Answered {
    server.send(signed(me(), token)).await
}

fn claims() -> Value {
    json!({
        "userId": "01890a5d-ac96-774b-bcce-b302099a8057", "email": "a@example.com", "role": "admin",
        "iat": 1, "exp": 9_999_999_999_u64,
    })
}

fn forged(header: &Header, claims: &Value, secret: &str) -> String {
    jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

#[tokio::test]
async fn a_new_account_is_signed_in_and_can_read_itself() {
    let server = Server::new();
    let answer = server.post("/api/auth/register", &registration()).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let body = answer.json();
    assert_eq!(body["user"]["email"], "new.buyer@example.com");
    assert_eq!(body["user"]["name"], "Ada Example");
    assert_eq!(body["user"]["role"], "user");
    assert_eq!(body["user"]["createdAt"], "2026-01-05T10:00:00Z");
    let me = me_with(&server, body["token"].as_str().unwrap()).await;
    assert_eq!(me.json()["user"], body["user"]);
    let text = String::from_utf8(answer.bytes).unwrap();
    assert!(!text.contains("argon2") && !text.contains(PASSWORD), "{text}");
}

#[tokio::test]
async fn a_token_says_what_clients_may_read() {
    let server = Server::new();
    let token = server.token_of("buyer@example.com", Role::Admin).await;
    let read = jsonwebtoken::dangerous::insecure_decode::<Value>(&token).unwrap();
    let keys: Vec<_> = read.claims.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["email", "exp", "iat", "role", "sessionId", "userId"]);
    assert_eq!((&read.claims["role"], read.header.alg), (&json!("admin"), Algorithm::HS256));
    assert_eq!(read.claims["exp"].as_i64().unwrap() - read.claims["iat"].as_i64().unwrap(), 3_600);
}

#[tokio::test]
async fn an_address_has_one_account_however_it_is_written() {
    let server = Server::new();
    server.post("/api/auth/register", &registration()).await;
    let mut again = registration();
    again["email"] = json!("NEW.buyer@example.com");
    let answer = server.post("/api/auth/register", &again).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "EMAIL_TAKEN"));
}

#[tokio::test]
async fn of_two_registrations_at_once_one_wins() {
    let server = Server::new();
    let body = registration();
    let answers = join_all((0..3).map(|_| server.post("/api/auth/register", &body))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
}

#[tokio::test]
async fn an_invalid_registration_names_the_wrong_field() {
    let server = Server::new();
    let cases = [
        ("email", json!("nobody")),
        ("email", json!(format!("{}@example.com", "a".repeat(255)))),
        ("password", json!("1234567")),
        ("password", json!("x".repeat(129))),
        ("password", json!("Password123")),
        ("password", json!("new.buyer@example.com")),
        ("name", json!("  ")),
        ("name", json!("a\nb")),
        ("name", json!("x".repeat(10_000))),
        ("phone", json!("call me")),
        ("phone", json!("0".repeat(33))),
        ("email", json!(null)),
        ("password", json!(12_345_678)),
    ];
    for (field, value) in cases {
        let mut body = registration();
        body[field] = value;
        let answer = server.post("/api/auth/register", &body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "INVALID_BODY"), "{body}");
        assert_eq!(answer.json()["details"]["field"], field);
    }
}

#[tokio::test]
async fn registering_never_makes_an_administrator() {
    let server = Server::new();
    let mut body = registration();
    body["role"] = json!("admin");
    let answer = server.post("/api/auth/register", &body).await;
    assert_eq!(answer.json()["user"]["role"], "user");
}

#[tokio::test]
async fn signing_in_needs_the_right_password() {
    let server = Server::new();
    server.post("/api/auth/register", &registration()).await;
    let login = json!({"email": "new.buyer@example.com", "password": PASSWORD});
    let answer = server.post("/api/auth/login", &login).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(me_with(&server, answer.json()["token"].as_str().unwrap()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike() {
    let server = Server::new();
    server.token_of("buyer@example.com", Role::Buyer).await;
    let attempts = [
        json!({"email": "buyer@example.com", "password": "not the password"}),
        json!({"email": "nobody@example.com", "password": "not the password"}),
        json!({"email": "no address", "password": "not the password"}),
        json!({"email": "buyer@example.com", "password": "short"}),
        json!({"email": "buyer@example.com", "password": "x".repeat(129)}),
    ];
    for attempt in attempts {
        let answer = server.post("/api/auth/login", &attempt).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "INVALID_CREDENTIALS"));
        assert_eq!(answer.json()["details"], json!({}));
        assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="tiketi""#);
    }
}

#[tokio::test]
async fn a_missing_token_and_a_broken_one_have_different_codes() {
    let server = Server::new();
    let none = server.send(me()).await;
    assert_eq!((none.status.as_u16(), none.code().as_str()), (401, "AUTHENTICATION_REQUIRED"));
    for broken in ["", "garbage", "a.b.c", "e30.e30.e30", &"x".repeat(5_000)] {
        let answer = me_with(&server, broken).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "INVALID_TOKEN"), "{broken}");
        assert!(answer.header("www-authenticate").contains("invalid_token"));
    }
    let basic = server.send(with_header(me(), "authorization", "Basic YTpi")).await;
    assert_eq!(basic.code(), "INVALID_TOKEN");
}

#[tokio::test]
async fn a_token_of_another_algorithm_or_secret_is_refused() {
    let server = Server::new();
    let good = server.token_of("buyer@example.com", Role::Buyer).await;
    let (head, rest) = good.split_once('.').unwrap();
    let (payload, signature) = rest.split_once('.').unwrap();
    assert_eq!(head, "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9");
    // The heads are {"typ":"JWT","alg":"none"} and {"alg":"RS256","typ":"JWT"}.
    let none = "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0";
    let rs256 = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9";
    let tampered = format!("{head}.{}.{signature}", payload.replacen('e', "f", 1));
    for token in [
        format!("{none}.{payload}."),
        format!("{none}.{payload}.{signature}"),
        format!("{rs256}.{payload}.{signature}"),
        tampered,
        forged(&Header::new(Algorithm::HS512), &claims(), SECRET),
        forged(&Header::new(Algorithm::HS256), &claims(), "another secret of more than 32 bytes!"),
    ] {
        assert_eq!(me_with(&server, &token).await.code(), "INVALID_TOKEN", "{token}");
    }
}

/// Seen to fail with `nbf` and `crit` not looked at.
#[tokio::test]
async fn a_token_that_is_not_valid_yet_or_needs_an_extension_is_refused() {
    let server = Server::new();
    let header = Header::new(Algorithm::HS256);
    let from = |seconds: i64| {
        let mut claims = claims();
        let now = tiketi_core::Clock::now(&*server.clock).as_micros() / 1_000_000;
        claims.as_object_mut().unwrap().insert("nbf".to_owned(), json!(now + seconds));
        claims
    };
    let status = async |token: String| {
        let request = Request::get("/api/reservations/my").body(Body::empty()).unwrap();
        server.send(signed(request, &token)).await.status.as_u16()
    };
    assert_eq!(status(forged(&header, &from(1), SECRET)).await, 401);
    assert_eq!(status(forged(&header, &from(0), SECRET)).await, 200);
    assert_eq!(status(forged(&header, &claims(), SECRET)).await, 200);
    for crit in [vec!["exp".to_owned()], Vec::new()] {
        let header = Header { crit: Some(crit), ..header.clone() };
        assert_eq!(status(forged(&header, &claims(), SECRET)).await, 401);
    }
}

#[tokio::test]
async fn a_token_of_another_shape_is_refused() {
    let server = Server::new();
    for (name, value) in [
        ("role", json!("root")),
        ("userId", json!("7")),
        ("exp", json!("never")),
        ("exp", json!(null)),
        ("type", json!("refresh")),
    ] {
        let mut claims = claims();
        claims[name] = value;
        let token = forged(&Header::new(Algorithm::HS256), &claims, SECRET);
        assert_eq!(me_with(&server, &token).await.code(), "INVALID_TOKEN", "{claims}");
    }
}

#[tokio::test]
async fn a_refresh_token_is_no_access_token() {
    let server = Server::new();
    let answer = server.post("/api/auth/register", &registration()).await;
    let refresh = answer.json()["refreshToken"].as_str().unwrap().to_owned();
    assert_eq!(me_with(&server, &refresh).await.code(), "INVALID_TOKEN");
}

#[tokio::test]
async fn a_token_expires_by_the_servers_clock() {
    let server = Server::new();
    let token = server.token_of("buyer@example.com", Role::Buyer).await;
    server.clock.advance(Duration::from_secs(3_599));
    assert_eq!(me_with(&server, &token).await.status, StatusCode::OK);
    server.clock.advance(Duration::from_secs(1));
    let answer = me_with(&server, &token).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "TOKEN_EXPIRED"));
}

#[tokio::test]
async fn the_token_of_a_deleted_account_is_refused() {
    let server = Server::new();
    let token = forged(&Header::new(Algorithm::HS256), &claims(), SECRET);
    assert_eq!(me_with(&server, &token).await.code(), "INVALID_TOKEN");
}

#[tokio::test]
async fn sign_ins_over_the_limit_are_refused_with_retry_after() {
    let limits = HttpLimits { max_password_hashes: 1, max_waiting_sign_ins: 1, ..HttpLimits::default() };
    let server = Server::with_limits(limits);
    let bodies: Vec<_> = (0..6)
        .map(|n| json!({"email": format!("b{n}@example.com"), "password": PASSWORD, "name": "Ada"}))
        .collect();
    let answers = join_all(bodies.iter().map(|body| server.post("/api/auth/register", body))).await;
    let busy: Vec<_> = answers.iter().filter(|answer| answer.status != StatusCode::CREATED).collect();
    assert_eq!(busy.len(), 4);
    for answer in busy {
        // All of them come from one network, which has its share.
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "TOO_MANY_ATTEMPTS"));
        assert_eq!(answer.header("retry-after"), "1");
    }
}

#[tokio::test]
async fn an_ensured_account_is_made_once_and_never_changed() {
    let server = Server::new();
    let new = |role| NewAccount {
        email: "demo@example.com".to_owned(),
        password: "demo1234".to_owned().into(),
        name: "Demo".to_owned(),
        role,
    };
    assert!(server.state.ensure_account(new(Role::Buyer)).await.unwrap());
    assert!(!server.state.ensure_account(new(Role::Buyer)).await.unwrap());
    let other = server.state.ensure_account(new(Role::Admin)).await.unwrap_err();
    assert!(matches!(other, EnsureAccountError::OtherRole));
    let short = NewAccount { password: "short".to_owned().into(), ..new(Role::Buyer) };
    let refused = server.state.ensure_account(short).await.unwrap_err();
    assert!(matches!(refused, EnsureAccountError::PasswordLength { least: 8 }));
    let common = NewAccount { password: "password123".to_owned().into(), ..new(Role::Buyer) };
    let refused = server.state.ensure_account(common).await.unwrap_err();
    assert!(matches!(refused, EnsureAccountError::PasswordCommon));
}
