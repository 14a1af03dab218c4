//! The OpenAPI document, compared with the routes.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::Value;
use tiketi_core::account::{Permission, Role};
use tiketi_core::store::LogQuery;

use super::pages::PAGES;
use crate::credentials::role_name;
use crate::error::Code;
use crate::router::openapi;
use crate::test_support::{Answered, Server, signed, with_header};
use crate::ws::ROUTES;

/// A route as the document describes it.
struct Described {
    method: Method,
    path: String,
    operation: Value,
}

impl Described {
    fn is_secured(&self) -> bool {
        self.operation["security"].as_array().is_some_and(|ways| !ways.is_empty())
    }

    fn has_body(&self) -> bool {
        !self.operation["requestBody"].is_null()
    }

    /// Returns the roles that may call it; `None` if it is not for staff.
    fn roles(&self) -> Option<Vec<&str>> {
        Some(self.operation["x-roles"].as_array()?.iter().map(|role| role.as_str().unwrap()).collect())
    }

    /// Builds a request, with `id` for every path parameter.
    fn request(&self, id: &str, content_type: &str, body: &'static str) -> Request<Body> {
        let mut segments: Vec<_> = self.path.split('/').collect();
        for segment in &mut segments {
            if segment.starts_with('{') {
                *segment = id;
            }
        }
        let request = Request::builder().method(&self.method).uri(segments.join("/"));
        request.header("content-type", content_type).body(Body::from(body)).unwrap()
    }

    fn plain(&self) -> Request<Body> {
        self.request("01890a5d-ac96-774b-bcce-b302099a8057", "application/json", "{}")
    }
}

fn document() -> Value {
    serde_json::to_value(openapi()).unwrap()
}

fn described() -> Vec<Described> {
    let mut all = Vec::new();
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            if operation["responses"].is_object() {
                all.push(Described { method, path: path.clone(), operation: operation.clone() });
            }
        }
    }
    assert!(!all.is_empty());
    all
}

/// Checks that a described route answered, in one of the two formats.
fn check_answer(route: &Described, answer: &Answered) {
    let name = format!("{} {}", route.method, route.path);
    let described = &route.operation["responses"][answer.status.as_str()];
    assert!(
        described.is_object() || answer.status.is_server_error(),
        "{name}: {} is not described",
        answer.status
    );
    if answer.status.is_success() && answer.status != StatusCode::ACCEPTED {
        return;
    }
    let code = answer.code();
    assert!(code != "NOT_FOUND" && code != "METHOD_NOT_ALLOWED" && code != "INTERNAL", "{name}: {code}");
}

#[tokio::test]
async fn every_described_route_exists_and_secured_ones_ask_for_a_token() {
    let server = Server::new();
    for route in described() {
        let answer = server.send(route.plain()).await;
        check_answer(&route, &answer);
        if route.is_secured() {
            assert_eq!(answer.code(), "AUTHENTICATION_REQUIRED", "{} {}", route.method, route.path);
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
            let garbage = server.send(signed(route.plain(), "garbage")).await;
            assert_eq!(garbage.code(), "INVALID_TOKEN", "{} {}", route.method, route.path);
        }
        let secured = route.is_secured();
        assert!(secured || answer.status != StatusCode::UNAUTHORIZED || route.path.contains("/auth/"));
    }
}

#[tokio::test]
async fn routes_for_staff_refuse_every_role_that_the_document_does_not_name() {
    let server = Server::new();
    for role in Role::ALL {
        let token = server.token_of(&format!("{}@example.com", role.word()), role).await;
        for route in described() {
            let Some(roles) = route.roles() else { continue };
            let name = format!("{} {} as {role:?}", route.method, route.path);
            assert!(route.is_secured(), "{name}");
            let answer = server.send(signed(route.plain(), &token)).await;
            let is_named = roles.contains(&role_name(role));
            let is_refused = answer.status == StatusCode::FORBIDDEN;
            assert_eq!(is_refused, !is_named, "{name}: {}", answer.status);
            assert!(!is_refused || answer.code() == "FORBIDDEN", "{name}");
        }
    }
}

#[tokio::test]
async fn every_write_of_staff_is_recorded_under_the_id_of_its_operation() {
    let server = Server::new();
    let admin = server.token_of("admin@example.com", Role::Admin).await;
    let buyer = server.token_of("buyer@example.com", Role::Buyer).await;
    let recorded = async || server.state.staff_log().log_entries(LogQuery::newest(1_000)).await.unwrap();
    let mut writes = 0;
    for route in described().into_iter().filter(|route| route.roles().is_some()) {
        let name = format!("{} {}", route.method, route.path);
        let before = recorded().await.len();
        assert_eq!(server.send(signed(route.plain(), &buyer)).await.status, StatusCode::FORBIDDEN, "{name}");
        assert_eq!(recorded().await.len(), before, "{name}: a buyer's request is recorded");
        let answer = server.send(signed(route.plain(), &admin)).await;
        let entries = recorded().await;
        // It has a body, and changes nothing.
        let asks = route.path == "/api/admin/layouts/check";
        if route.method == Method::GET || asks {
            assert_eq!(entries.len(), before, "{name}: a read is recorded");
            continue;
        }
        writes += 1;
        assert_eq!(entries.len(), before + 1, "{name}");
        assert_eq!(entries[0].action, route.operation["operationId"].as_str().unwrap(), "{name}");
        assert_eq!(entries[0].request.as_deref(), Some(answer.header("x-request-id")), "{name}");
        let named = entries[0].subject.as_ref().map(|subject| subject.id.to_string());
        let has_id = route.path.contains('{');
        assert_eq!(named.as_deref(), has_id.then_some("01890a5d-ac96-774b-bcce-b302099a8057"), "{name}");
        let result = entries[0].outcome.as_ref().map(|outcome| outcome.result.code().is_none());
        assert_eq!(result, Some(answer.status.is_success()), "{name}");
    }
    assert!(writes > 15, "{writes}");
}

/// Collects the types that each part of an `allOf` demands, where they stand in the document.
fn joined_types(at: &str, value: &Value, found: &mut Vec<(String, BTreeSet<String>)>) {
    if let Some(parts) = value.get("allOf").and_then(Value::as_array) {
        let types = parts.iter().filter_map(|part| part["type"].as_str()).map(str::to_owned);
        found.push((at.to_owned(), types.collect()));
    }
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| joined_types(&format!("{at}/{name}"), field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| joined_types(at, item, found)),
        _ => {}
    }
}

#[test]
fn no_schema_demands_two_types_at_once() {
    let mut found = Vec::new();
    joined_types("", &document(), &mut found);
    assert!(!found.is_empty());
    for (at, types) in found {
        assert!(types.len() <= 1, "{at} can be no value: {types:?}");
    }
}

#[test]
fn every_route_of_the_shops_staff_names_a_permission_that_the_table_knows() {
    for route in described() {
        let name = format!("{} {}", route.method, route.path);
        let is_staffs = ["/api/admin/", "/api/stats"].iter().any(|start| route.path.starts_with(start));
        assert!(!is_staffs || route.roles().is_some(), "{name}");
        let Some(roles) = route.roles() else { continue };
        let permission = Permission::from_word(route.operation["x-permission"].as_str().unwrap()).unwrap();
        assert!(roles.into_iter().eq(permission.roles().map(role_name)), "{name}");
        assert_eq!(route.operation["security"], serde_json::json!([{"bearer": []}]), "{name}");
    }
}

#[tokio::test]
async fn no_route_breaks_on_garbage() {
    let server = Server::new();
    let token = server.token_of("admin@example.com", Role::Admin).await;
    let bodies = [
        ("application/json", "{\"half\":"),
        ("application/json", "[]"),
        ("application/json", "null"),
        ("application/json", ""),
        ("application/json", "{\"a\":1}trailing"),
        ("text/plain", "{}"),
        ("application/x-www-form-urlencoded", "a=b"),
    ];
    for route in described() {
        for id in ["01890a5d-ac96-774b-bcce-b302099a8057", "no-id", "%00", "%F0%9F%8E%AB"] {
            for (content_type, body) in bodies {
                let answer = server.send(signed(route.request(id, content_type, body), &token)).await;
                check_answer(&route, &answer);
            }
        }
    }
}

#[tokio::test]
async fn routes_with_a_body_refuse_what_is_no_json() {
    let server = Server::new();
    let token = server.token_of("admin@example.com", Role::Admin).await;
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    for route in described() {
        let is_json = route.operation["requestBody"]["content"]["application/json"].is_object();
        if !route.has_body() || !is_json {
            continue;
        }
        let name = format!("{} {}", route.method, route.path);
        // The body ends within a field name: routes that refuse unknown fields have not read a field yet.
        let malformed = server.send(signed(route.request(id, "application/json", "{\"x"), &token)).await;
        assert_eq!(malformed.code(), "MALFORMED_JSON", "{name}");
        let text = server.send(signed(route.request(id, "text/plain", "{}"), &token)).await;
        assert_eq!(text.code(), "UNSUPPORTED_MEDIA_TYPE", "{name}");
    }
}

#[tokio::test]
async fn secured_writes_refuse_a_bad_idempotency_key() {
    let server = Server::new();
    let token = server.token_of("admin@example.com", Role::Admin).await;
    let is_keyed = |route: &Described| {
        route.is_secured() && route.method != Method::GET && !route.path.starts_with("/api/auth/")
    };
    for route in described().into_iter().filter(is_keyed) {
        let request = with_header(signed(route.plain(), &token), "idempotency-key", "two words");
        let answer = server.send(request).await;
        assert_eq!(answer.code(), "INVALID_IDEMPOTENCY_KEY", "{} {}", route.method, route.path);
    }
}

#[tokio::test]
async fn every_route_there_is_is_described() {
    // Axum lists its routes only in its debug output.
    let shown = format!("{:?}", Server::new().app);
    let served: BTreeSet<_> = shown.split('"').filter(|text| text.starts_with('/')).collect();
    assert!(served.contains("/api/auth/login"), "{shown}");
    let document = document();
    let described = document["paths"].as_object().unwrap();
    for route in served {
        // Axum stores the fallback as two more routes.
        let is_fallback = route == "/" || route.contains("__private__axum_fallback");
        // The protocol of Socket.IO is described at its own site.
        let is_socket_io = cfg!(feature = "socketio") && route.starts_with("/socket.io");
        let known =
            described.contains_key(route) || PAGES.contains(&route) || is_fallback || ROUTES.contains(&route);
        assert!(known || is_socket_io, "{route} is served and not described");
    }
}

#[tokio::test]
async fn methods_that_are_not_described_are_not_allowed() {
    let server = Server::new();
    let described = described();
    for route in &described {
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            if described.iter().any(|other| other.path == route.path && other.method == method) {
                continue;
            }
            let mut request = route.plain();
            *request.method_mut() = method.clone();
            let answer = server.send(request).await;
            assert_eq!(answer.code(), "METHOD_NOT_ALLOWED", "{method} {}", route.path);
        }
    }
}

#[test]
fn every_operation_is_listed_under_a_tag_that_says_what_it_is_about() {
    let document = document();
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    for route in described() {
        let named = &route.operation["tags"][0];
        assert!(tags.contains(&named), "{} {} is under {named}", route.method, route.path);
    }
}

#[test]
fn operations_are_named_once() {
    let mut ids = BTreeSet::new();
    for route in described() {
        let id = route.operation["operationId"].as_str().unwrap().to_owned();
        assert!(ids.insert(id.clone()), "{id} twice");
    }
    assert!(ids.contains("postAuthLogin") && ids.contains("getEventsById"), "{ids:?}");
}

#[test]
fn every_operation_says_what_it_does_and_describes_its_answers() {
    for route in described() {
        let name = format!("{} {}", route.method, route.path);
        assert!(!route.operation["summary"].as_str().unwrap_or_default().is_empty(), "{name} has no summary");
        let responses = route.operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name} never succeeds");
        assert!(responses.contains_key("default"), "{name}");
        for (status, response) in responses {
            assert!(!response["description"].as_str().unwrap_or_default().is_empty(), "{name} {status}");
        }
    }
}

#[test]
fn the_document_lists_every_code_and_its_remedy() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let listed = document["components"]["schemas"]["ErrorCode"]["enum"].as_array().unwrap();
    assert_eq!(listed.len(), Code::ALL.len());
    let description = document["info"]["description"].as_str().unwrap();
    for code in Code::ALL {
        assert!(description.contains(&format!("| `{}` | {} |", code.wire(), code.status().as_u16())));
    }
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    let document = document();
    let text = document.to_string();
    for rest in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = rest.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name} is missing");
    }
}

#[tokio::test]
async fn the_served_document_is_the_described_one() {
    let answer = Server::new().get("/api/openapi.json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    let mut served = answer.json();
    // A file has no server; the served document names its own.
    let servers = served.as_object_mut().unwrap().remove("servers").unwrap();
    assert_eq!(servers[0]["url"], "..");
    assert_eq!(served, document());
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let server = Server::new();
    assert_eq!(server.get("/api/docs").await.header("location"), "docs/");
    let page = server.get("/api/docs/").await;
    assert_eq!(page.status, StatusCode::OK);
    let page = String::from_utf8(page.bytes).unwrap();
    assert!(page.contains("swagger-ui-bundle.js") && !page.contains("src=\"http"), "{page}");
    for file in ["swagger-initializer.js", "swagger-ui-bundle.js", "swagger-ui.css"] {
        assert_eq!(server.get(&format!("/api/docs/{file}")).await.status, StatusCode::OK, "{file}");
    }
    let set_up = String::from_utf8(server.get("/api/docs/swagger-initializer.js").await.bytes).unwrap();
    assert!(set_up.contains("../openapi.json") && !set_up.contains("https://"), "{set_up}");
    assert_eq!(server.get("/api/docs/nothing.js").await.code(), "NOT_FOUND");
}
