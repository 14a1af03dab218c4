//! A shop whose users sign in at its host.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tiketi_core::account::Role;
use tiketi_core::clock::ManualClock;
use tiketi_core::memory::MemoryStore;
use tiketi_core::{Clock, Timestamp};

use super::{AuthenticatedUser, AuthenticationError, Authenticator, CredentialScheme};
use crate::auth::{EnsureAccountError, NewAccount};
use crate::credentials::{JwtAuthenticator, TokenSecret};
use crate::router::router;
use crate::state::{AppState, SignIn};
use crate::test_support::{Answered, PASSWORD, SECRET, Server, json_request, signed, with_header};

const ADA: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const BEN: &str = "01890a5d-ac96-774b-bcce-b302099a8058";

/// A host whose sessions are the header `x-session`: a user's id, `admin`, or the reason for a refusal.
#[derive(Debug, Default)]
struct HostSessions {
    asked: AtomicU32,
}

#[async_trait]
impl Authenticator for HostSessions {
    async fn authenticate(&self, request: &Parts) -> Result<Option<AuthenticatedUser>, AuthenticationError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let Some(session) = request.headers.get("x-session") else { return Ok(None) };
        match session.to_str().unwrap() {
            "invalid" => Err(AuthenticationError::Invalid),
            "expired" => Err(AuthenticationError::Expired),
            "forbidden" => Err(AuthenticationError::Forbidden),
            "unavailable" => Err(AuthenticationError::Unavailable("sessions at 10.0.0.7 are down".into())),
            "panic" => panic!("a defect of the host"),
            "admin" => Ok(Some(AuthenticatedUser::admin(ADA.parse().unwrap()))),
            id => Ok(Some(AuthenticatedUser::buyer(id.parse().unwrap()))),
        }
    }

    fn scheme(&self) -> CredentialScheme {
        CredentialScheme::Cookie { name: "sid".to_owned() }
    }
}

/// A shop that uses an authenticator.
fn shop_of(authenticator: Arc<dyn Authenticator>) -> Server {
    let mut server = Server::new();
    let (box_office, answers) = (server.state.box_office().clone(), Arc::new(MemoryStore::default()));
    let log = Arc::clone(server.state.staff_log());
    let builder = AppState::builder(box_office, answers, log, SignIn::Host(authenticator));
    let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&server.clock);
    server.state = builder.clock(clock).build().unwrap();
    server.app = router(server.state.clone());
    server
}

fn shop() -> (Server, Arc<HostSessions>) {
    let sessions = Arc::new(HostSessions::default());
    (shop_of(Arc::<HostSessions>::clone(&sessions)), sessions)
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

async fn read_as(server: &Server, session: &str, path: &str) -> Answered {
    server.send(with_header(get(path), "x-session", session)).await
}

async fn post_as(server: &Server, session: &str, key: &str, path: &str, body: &Value) -> Answered {
    let request = with_header(json_request(Method::POST, path, body), "x-session", session);
    server.send(with_header(request, "idempotency-key", key)).await
}

/// Opens a sale of general admission; returns the body of a hold of one ticket.
async fn order_for_one(server: &Server) -> Value {
    let tickets = json!([{"name": "Standing", "price": 88_000, "capacity": 10}]);
    let event = json!({
        "title": "Paper Boats", "eventDate": "2026-12-24T19:00:00Z", "currency": "KRW", "ticketTypes": tickets,
    });
    let made = post_as(server, "admin", "event", "/api/admin/events", &event).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.json());
    let made = made.json()["event"].clone();
    let path = format!("/api/admin/events/{}/publish", made["id"].as_str().unwrap());
    assert_eq!(post_as(server, "admin", "publish", &path, &json!({})).await.status, StatusCode::OK);
    let ticket_type = &made["ticketTypes"][0]["id"];
    json!({"eventId": made["id"], "items": [{"ticketTypeId": ticket_type, "quantity": 1}]})
}

#[tokio::test]
async fn a_host_authenticator_is_asked_once_a_request() {
    let (server, sessions) = shop();
    let order = order_for_one(&server).await;
    let asked = || sessions.asked.swap(0, Ordering::SeqCst);
    asked();
    // The layer of idempotency keys, the key itself and the handler all need the user.
    let held = post_as(&server, ADA, "k1", "/api/reservations", &order).await;
    assert_eq!((held.status, asked()), (StatusCode::CREATED, 1), "{}", held.json());
    let refused = post_as(&server, "invalid", "k1", "/api/reservations", &order).await;
    assert_eq!((refused.status, asked()), (StatusCode::UNAUTHORIZED, 1));
    let mine = read_as(&server, ADA, "/api/reservations/my").await;
    assert_eq!((mine.status, asked()), (StatusCode::OK, 1));
}

#[tokio::test]
async fn routes_that_need_no_user_do_not_ask_the_authenticator() {
    let (server, sessions) = shop();
    assert_eq!(read_as(&server, "panic", "/api/events").await.status, StatusCode::OK);
    let webhook = json_request(Method::POST, "/api/payments/webhook/test", &json!({}));
    server.send(with_header(webhook, "x-session", "panic")).await;
    assert_eq!(sessions.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn refusals_of_the_host_have_the_shape_of_all_errors() {
    let (server, _) = shop();
    for (session, status, code) in [
        ("invalid", 401, "INVALID_TOKEN"),
        ("expired", 401, "TOKEN_EXPIRED"),
        ("forbidden", 403, "FORBIDDEN"),
        ("unavailable", 503, "SERVICE_UNAVAILABLE"),
        ("panic", 500, "INTERNAL"),
    ] {
        let keyed = post_as(&server, session, "k1", "/api/reservations", &json!({})).await;
        let read = read_as(&server, session, "/api/reservations/my").await;
        for answer in [keyed, read] {
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{session}");
            assert_eq!(answer.header("www-authenticate").contains("Cookie realm"), status == 401);
            assert_eq!(answer.header("retry-after"), if status == 503 { "1" } else { "" });
            assert!(!String::from_utf8(answer.bytes).unwrap().contains("10.0.0.7"), "{session}");
        }
    }
    let anonymous = server.get("/api/reservations/my").await;
    assert_eq!((anonymous.status.as_u16(), anonymous.code().as_str()), (401, "AUTHENTICATION_REQUIRED"));
    assert_eq!(anonymous.header("www-authenticate"), r#"Cookie realm="tiketi""#);
}

#[tokio::test]
async fn roles_of_the_host_are_respected() {
    let (server, _) = shop();
    assert_eq!(read_as(&server, "admin", "/api/admin/events").await.status, StatusCode::OK);
    let refused = read_as(&server, BEN, "/api/admin/events").await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "FORBIDDEN"));
}

#[tokio::test]
async fn reservations_and_keys_belong_to_the_hosts_users() {
    let (server, _) = shop();
    let order = order_for_one(&server).await;
    let hold = async |user| post_as(&server, user, "k1", "/api/reservations", &order).await;
    let (ada, ben, again) = (hold(ADA).await, hold(BEN).await, hold(ADA).await);
    assert_eq!((ada.status, ben.status), (StatusCode::CREATED, StatusCode::CREATED));
    assert_ne!(ada.json()["reservation"]["id"], ben.json()["reservation"]["id"]);
    assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", ada.json()));
    let path = format!("/api/reservations/{}", ada.json()["reservation"]["id"].as_str().unwrap());
    assert_eq!(read_as(&server, ADA, &path).await.status, StatusCode::OK);
    assert_eq!(read_as(&server, BEN, &path).await.code(), "RESERVATION_NOT_FOUND");
}

#[tokio::test]
async fn without_accounts_there_are_no_sign_in_routes() {
    let (server, _) = shop();
    let body = json!({"email": "a@example.com", "password": PASSWORD, "name": "Ada"});
    for path in ["/api/auth/register", "/api/auth/login"] {
        let answer = server.post(path, &body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "NOT_FOUND"), "{path}");
    }
    assert_eq!(read_as(&server, ADA, "/api/auth/me").await.code(), "NOT_FOUND");
    let new = NewAccount {
        email: "a@example.com".to_owned(),
        password: PASSWORD.to_owned().into(),
        name: "Ada".to_owned(),
        role: Role::Admin,
    };
    let refused = server.state.ensure_account(new).await.unwrap_err();
    assert!(matches!(refused, EnsureAccountError::NoAccounts), "{refused}");
    assert_eq!(server.get("/health/ready").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_document_describes_what_is_served_and_how_users_authenticate() {
    let document = shop().0.get("/api/openapi.json").await.json();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.contains_key("/api/events") && !paths.keys().any(|path| path.contains("/api/auth")));
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    assert!(tags.contains(&&json!("events")) && !tags.contains(&&json!("auth")), "{tags:?}");
    let components = &document["components"];
    assert!(components["schemas"]["SignedIn"].is_null() && components["schemas"]["ErrorBody"].is_object());
    let scheme = json!({"cookie": {"type": "apiKey", "in": "cookie", "name": "sid"}});
    assert_eq!(components["securitySchemes"], scheme);
    assert_eq!(paths["/api/reservations/my"]["get"]["security"], json!([{"cookie": []}]));
    assert!(paths["/api/events"]["get"]["security"].is_null());
}

#[tokio::test]
async fn a_host_that_issues_jwts_needs_no_accounts() {
    let clock = || Arc::new(ManualClock::at("2026-01-05T10:00:00Z".parse::<Timestamp>().unwrap()));
    let accepting = |secret| shop_of(Arc::new(JwtAuthenticator::new(&secret).clock(clock())));
    let token = Server::new().token_of("buyer@example.com", Role::Buyer).await;
    let mine = || signed(get("/api/reservations/my"), &token);
    let same = accepting(TokenSecret::new(SECRET).unwrap());
    assert_eq!(same.send(mine()).await.status, StatusCode::OK);
    assert_eq!(same.send(signed(get("/api/auth/me"), &token)).await.code(), "NOT_FOUND");
    let other = accepting(TokenSecret::new("another secret of more than 32 bytes!").unwrap());
    assert_eq!(other.send(mine()).await.code(), "INVALID_TOKEN");
}
