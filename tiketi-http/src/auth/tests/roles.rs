//! Accounts for staff, and their roles.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tiketi_core::account::Role;

use crate::test_support::{Answered, Server, json_request, signed};

async fn get(server: &Server, token: &str, path: &str) -> Answered {
    server.send(signed(Request::get(path).body(Body::empty()).unwrap(), token)).await
}

async fn id_of(server: &Server, email: &str) -> String {
    let found = server.state.accounts().unwrap().store.account_by_email(&email.parse().unwrap()).await;
    found.unwrap().unwrap().id.to_string()
}

async fn change(server: &Server, token: &str, email: &str, body: &Value) -> Answered {
    let path = format!("/api/admin/accounts/{}", id_of(server, email).await);
    server.send(signed(json_request(Method::PATCH, &path, body), token)).await
}

#[tokio::test]
async fn a_change_of_role_counts_at_once_for_tokens_that_exist() {
    let server = Server::new();
    let other = server.beside();
    let owner = server.token_of("owner@example.com", Role::Admin).await;
    let clerk = server.token_of("clerk@example.com", Role::Buyer).await;
    let layouts = async |server: &Server| get(server, &clerk, "/api/admin/layouts").await.status;
    assert_eq!(
        (layouts(&server).await, layouts(&other).await),
        (StatusCode::FORBIDDEN, StatusCode::FORBIDDEN)
    );
    let body = json!({"role": "read_only", "reason": "New at the desk"});
    let changed = change(&server, &owner, "clerk@example.com", &body).await;
    assert_eq!((changed.status, &changed.json()["account"]["role"]), (StatusCode::OK, &json!("read_only")));
    assert_eq!(layouts(&server).await, StatusCode::OK);
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(layouts(&other).await, StatusCode::OK);
    change(&server, &owner, "clerk@example.com", &json!({"role": "user"})).await;
    assert_eq!(layouts(&server).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_last_administrator_is_not_demoted_not_even_by_themselves() {
    let server = Server::new();
    let owner = server.token_of("owner@example.com", Role::Admin).await;
    let refused = change(&server, &owner, "owner@example.com", &json!({"role": "user"})).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (409, "LAST_ADMIN"));
    server.token_of("second@example.com", Role::Admin).await;
    let changed = change(&server, &owner, "owner@example.com", &json!({"role": "finance"})).await;
    assert_eq!(changed.status, StatusCode::OK);
    let refused = change(&server, &owner, "second@example.com", &json!({"role": "finance"})).await;
    assert_eq!(refused.json()["details"], json!({"permission": "people"}));
}

#[tokio::test]
async fn unknown_roles_and_accounts_are_refused() {
    let server = Server::new();
    let owner = server.token_of("owner@example.com", Role::Admin).await;
    for role in ["root", "buyer", "Admin", ""] {
        let refused = change(&server, &owner, "owner@example.com", &json!({"role": role})).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["details"]["field"]),
            (422, &json!("role")),
            "{role}"
        );
    }
    let reason = json!({"role": "admin", "reason": "x".repeat(201)});
    let refused = change(&server, &owner, "owner@example.com", &reason).await;
    assert_eq!(refused.json()["details"]["field"], "reason");
    let path = "/api/admin/accounts/01890a5d-ac96-774b-bcce-b302099a8057";
    let unknown = json_request(Method::PATCH, path, &json!({"role": "admin"}));
    assert_eq!(server.send(signed(unknown, &owner)).await.code(), "ACCOUNT_NOT_FOUND");
}

#[tokio::test]
async fn accounts_are_found_by_the_start_of_their_address() {
    let server = Server::new();
    let owner = server.token_of("owner@example.com", Role::Admin).await;
    for name in ["han", "hanbyul", "haneul", "seo"] {
        server.token_of(&format!("{name}@example.com"), Role::Buyer).await;
    }
    server.token_of("handler@example.com", Role::Finance).await;
    let listed = async |query: &str| -> (Vec<String>, Value) {
        let answer = get(&server, &owner, &format!("/api/admin/accounts?{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}");
        let found = answer.json()["data"].as_array().unwrap().clone();
        let found = found.iter().map(|account| account["email"].as_str().unwrap().to_owned()).collect();
        (found, answer.json()["next"].clone())
    };
    let (first, next) = listed("search=HAN&limit=2").await;
    assert_eq!(first, ["han@example.com", "hanbyul@example.com"]);
    let (second, end) = listed(&format!("search=han&limit=2&after={}", next.as_str().unwrap())).await;
    assert_eq!(
        (second, end),
        (vec!["handler@example.com".to_owned(), "haneul@example.com".into()], Value::Null)
    );
    assert_eq!(listed("role=finance").await.0, ["handler@example.com"]);
    assert_eq!(listed("role=user&search=s").await.0, ["seo@example.com"]);
    for wrong in ["role=root", "after=nothing", "limit=0", "limit=101"] {
        let answer = get(&server, &owner, &format!("/api/admin/accounts?{wrong}")).await;
        assert_eq!(answer.code(), "INVALID_QUERY", "{wrong}");
    }
    let shown = get(&server, &owner, "/api/admin/accounts").await.json().to_string();
    assert!(!shown.contains("password") && !shown.contains("argon2"), "{shown}");
}
