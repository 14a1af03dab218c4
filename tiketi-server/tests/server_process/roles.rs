//! Every route of the OpenAPI document, as nobody, as a user, as another user, and in each role.
//!
//! The walk is driven by the document alone: a new route is walked without a line here. `security` says that a route needs a
//! user, and `x-roles` which roles may use it.

use std::collections::{BTreeMap, BTreeSet};

use jsonwebtoken::{EncodingKey, Header, encode};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tiketi_server_harness::{Running, SECRET, ServerShop, token};
use uuid::Uuid;

/// What is sent in place of a path parameter that has no example.
const SOME_ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// An operation of the document.
struct Operation {
    method: Method,
    path: String,
    described: Value,
}

impl Operation {
    fn needs_user(&self) -> bool {
        self.described["security"].as_array().is_some_and(|ways| !ways.is_empty())
    }

    /// Returns the roles that may use it; `None` if every user may.
    fn roles(&self) -> Option<BTreeSet<String>> {
        let named = self.described["x-roles"].as_array();
        if let Some(named) = named {
            return Some(named.iter().map(|role| role.as_str().unwrap().to_owned()).collect());
        }
        let is_for_staff = !self.described["responses"]["403"].is_null() && self.needs_user();
        (is_for_staff && self.path.starts_with("/api/admin") || self.path.starts_with("/api/stats"))
            .then(|| BTreeSet::from(["admin".to_owned()]))
    }

    /// Returns the path with a value for each parameter.
    fn filled(&self, value: &dyn Fn(&str) -> String) -> String {
        let parts = self.path.split('/').map(|part| {
            part.strip_prefix('{').and_then(|part| part.strip_suffix('}')).map_or(part.to_owned(), value)
        });
        parts.collect::<Vec<_>>().join("/")
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

async fn operations(server: &Running) -> Vec<Operation> {
    let (_, document) = server.get("/api/openapi.json", None).await;
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, described) in item.as_object().unwrap() {
            if described["responses"].is_object() {
                let method = method.to_uppercase().parse().unwrap();
                all.push(Operation { method, path: path.clone(), described: described.clone() });
            }
        }
    }
    assert!(all.len() > 40, "the document has only {} operations", all.len());
    all
}

/// Signs a token of a user with a role.
fn signed(who: &str, role: &str) -> String {
    let claims = json!({
        "userId": who, "email": "somebody@example.com", "role": role, "iat": 1, "exp": 9_999_999_999_u64,
    });
    encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

/// Sends an operation's request with an empty body, and returns the status and the body.
async fn ask(server: &Running, operation: &Operation, path: &str, token: Option<&str>) -> (u16, Value) {
    let client = Client::builder().no_proxy().build().unwrap();
    let mut request = client.request(operation.method.clone(), format!("http://{}{path}", server.address()));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if !operation.described["requestBody"].is_null() {
        request = request.json(&json!({}));
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn some_id(_: &str) -> String {
    SOME_ID.to_owned()
}

async fn start() -> (tempfile::TempDir, ServerShop, Running) {
    let folder = tempfile::tempdir().unwrap();
    let shop = ServerShop::make(&folder.path().join("shop.db")).await;
    let server = Running::start(&["--store", &shop.store, "--jwt-secret", SECRET]).await;
    (folder, shop, server)
}

/// Fails with `security` taken from a handler that takes a user.
#[tokio::test]
async fn nobody_gets_in_where_a_user_is_needed_and_everyone_elsewhere() {
    let (_folder, _shop, server) = start().await;
    for operation in operations(&server).await {
        for token in [None, Some("nonsense"), Some(&*signed_by_another())] {
            let (status, body) = ask(&server, &operation, &operation.filled(&some_id), token).await;
            let name = operation.name();
            if operation.needs_user() {
                assert_eq!(status, 401, "{name}: {body}");
                assert!(body["requestId"].is_string() && body["code"].is_string(), "{name}: {body}");
            } else {
                assert!(!matches!(status, 401 | 403 | 500..), "{name} is open, and answers {status}: {body}");
            }
        }
    }
}

/// Returns a token that looks right, of an administrator, signed with another secret.
fn signed_by_another() -> String {
    let claims = json!({"userId": SOME_ID, "email": "a@example.com", "role": "admin", "iat": 1, "exp": 9_999_999_999_u64});
    let key = EncodingKey::from_secret(b"another secret that is also long enough");
    encode(&Header::default(), &claims, &key).unwrap()
}

/// Seen to fail with a handler that takes any user in place of staff.
#[tokio::test]
async fn each_role_may_use_the_routes_that_the_document_gives_it_and_no_other() {
    let (_folder, _shop, server) = start().await;
    let all = operations(&server).await;
    let mut roles: BTreeSet<String> = all.iter().filter_map(Operation::roles).flatten().collect();
    assert!(roles.contains("admin"));
    roles.insert("user".to_owned());
    // An account that exists, so that the routes about it answer.
    let new =
        json!({"email": "walker@example.com", "password": "correct horse battery", "name": "Ada Example"});
    let (status, registered) = server.post("/api/auth/register", None, &new).await;
    assert_eq!(status, 201, "{registered}");
    let mut refused = BTreeMap::<_, usize>::new();
    for role in &roles {
        let token = signed(registered["user"]["id"].as_str().unwrap(), role);
        for operation in &all {
            let (status, body) = ask(&server, operation, &operation.filled(&some_id), Some(&token)).await;
            let may = operation.roles().is_none_or(|roles| roles.contains(role));
            let name = format!("{} as {role}", operation.name());
            assert!(status < 500, "{name} answers {status}: {body}");
            if may {
                assert!(!matches!(status, 401 | 403), "{name} is refused: {status} {body}");
            } else {
                assert_eq!((status, body["code"].as_str()), (403, Some("FORBIDDEN")), "{name}: {body}");
                *refused.entry(role.clone()).or_default() += 1;
            }
        }
    }
    assert!(refused["user"] > 10, "{refused:?}");
    assert!(!refused.contains_key("admin"), "an administrator may do everything: {refused:?}");
}

/// What one buyer has: ids by the part of the path that comes before them.
async fn things_of(server: &Running, shop: &ServerShop, buyer: &str) -> BTreeMap<&'static str, String> {
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned();
    let body = json!({"eventId": shop.event, "seatIds": [shop.seats[0], shop.seats[1]]});
    let (status, held) = server.post("/api/reservations", Some(buyer), &body).await;
    assert_eq!(status, 201, "{held}");
    let reservation = text(&held["reservation"]["id"]);
    let body = json!({"reservationId": reservation, "method": "kakao_pay"});
    let (status, prepared) = server.post("/api/payments/prepare", Some(buyer), &body).await;
    assert_eq!(status, 200, "{prepared}");
    let payment = text(&prepared["paymentId"]);
    BTreeMap::from([
        ("reservations", reservation.clone()),
        ("reservation", reservation),
        ("payments", payment),
    ])
}

/// Returns the things whose ids a path has, by the part before each parameter.
fn private_parts(path: &str) -> Vec<&str> {
    let parts: Vec<_> = path.split('/').collect();
    let pairs = parts.iter().zip(parts.iter().skip(1));
    pairs.filter(|(_, parameter)| parameter.starts_with('{')).map(|(before, _)| *before).collect()
}

/// Seen to fail with a read of reservations that does not compare the buyer.
#[tokio::test]
async fn another_user_finds_nothing_of_what_a_user_has() {
    let (_folder, shop, server) = start().await;
    let (owner, other) = (token(Uuid::from_u128(1)), token(Uuid::from_u128(2)));
    let things = things_of(&server, &shop, &owner).await;
    let before = server.get(&format!("/api/reservations/{}", things["reservations"]), Some(&owner)).await;
    assert_eq!(before.0, 200, "{before:?}");
    let mut walked = 0;
    for operation in operations(&server).await {
        let parts = private_parts(&operation.path);
        let Some(thing) = parts.iter().find_map(|part| things.get(part)) else { continue };
        if !operation.needs_user() || operation.roles().is_some() {
            continue;
        }
        let path = operation.filled(&|_| thing.clone());
        let (status, body) = ask(&server, &operation, &path, Some(&other)).await;
        let name = operation.name();
        assert!(matches!(status, 404 | 422), "{name} of another user's: {status} {body}");
        assert!(!body.to_string().contains(&shop.seats[0]), "{name} shows another user's seats: {body}");
        if operation.method == Method::GET {
            assert_eq!(status, 404, "{name}: {body}");
            assert_eq!(ask(&server, &operation, &path, Some(&owner)).await.0, 200, "{name} of the own");
        }
        walked += 1;
    }
    assert!(walked >= 4, "only {walked} operations have something private");
    let after = server.get(&format!("/api/reservations/{}", things["reservations"]), Some(&owner)).await;
    assert_eq!(after, before, "another user has changed it");
    let (_, listed) = server.get("/api/reservations/my", Some(&other)).await;
    assert_eq!(listed["reservations"].as_array().map(Vec::len), Some(0), "{listed}");
}
