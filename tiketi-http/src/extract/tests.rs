//! Everything that can be wrong with the input of a handler.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;
use tiketi_core::{EventId, account::Role};

use crate::extract::{ApiJson, ApiPath, ApiQuery, CurrentUser, Staff, may};
use crate::state::AppState;
use crate::test_support::{Answered, Server, answered, signed};

const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Order {
    event_id: String,
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    quantity: u32,
}

#[derive(Debug, Deserialize)]
struct Listing {
    page: Option<u32>,
}

fn routes() -> Router<AppState> {
    Router::new()
        .route(
            "/api/orders",
            post(async |ApiJson(order): ApiJson<Order>| {
                format!("{} {}", order.event_id, order.items.iter().map(|item| item.quantity).sum::<u32>())
            }),
        )
        .route("/api/events/{id}", get(async |ApiPath(id): ApiPath<EventId>| id.to_string()))
        .route("/api/list", get(async |ApiQuery(list): ApiQuery<Listing>| format!("{:?}", list.page)))
        .route("/api/mine", get(async |user: CurrentUser| user.buyer().to_string()))
        .route("/api/admin/x", get(async |staff: Staff<may::Money>| staff.id().to_string()))
}

async fn post_order(body: &str) -> Answered {
    let request = Request::post("/api/orders").header("content-type", "application/json");
    Server::serving(routes()).send(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn a_body_of_the_right_shape_is_taken() {
    let answer = post_order(r#"{"eventId":"e","items":[{"quantity":2},{"quantity":3}]}"#).await;
    assert_eq!(answer.bytes, b"e 5");
}

#[tokio::test]
async fn malformed_json_is_refused_with_its_position() {
    for (body, line, column) in
        [("", 1, 0), ("{", 1, 1), ("{\"eventId\":\n \"e\",}", 2, 6), ("{\"eventId\":\"e\"} x", 1, 17)]
    {
        let answer = post_order(body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.code(), "MALFORMED_JSON", "{body}");
        assert_eq!(answer.json()["details"], json!({"line": line, "column": column}), "{body}");
    }
}

#[tokio::test]
async fn a_body_of_another_shape_is_refused_with_its_field() {
    let cases = [
        ("{}", "eventId"),
        ("[]", ""),
        (r#"["e",[]]"#, ""),
        (r#"{"eventId":"e","items":[[2]]}"#, "items[0]"),
        (r#"{"eventId":7}"#, "eventId"),
        (r#"{"eventId":"e","items":[{"quantity":1},{"quantity":-1}]}"#, "items[1].quantity"),
        (r#"{"eventId":"e","items":[{}]}"#, "items[0].quantity"),
        (r#"{"eventId":"e","colour":1}"#, "colour"),
        (r#"{"eventId":"e","eventId":"f"}"#, "eventId"),
        ("null", ""),
    ];
    for (body, field) in cases {
        let answer = post_order(body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(answer.code(), "INVALID_BODY", "{body}");
        let details = &answer.json()["details"];
        let told = details["field"].as_str().unwrap();
        assert_eq!(told, field, "{body}: {details}");
        let reason = details["reason"].as_str().unwrap();
        assert!(reason.starts_with("must be ") || reason.starts_with("is "), "{body}: {details}");
    }
}

#[tokio::test]
async fn only_json_content_types_are_accepted() {
    let server = Server::serving(routes());
    for (content_type, status) in [
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("application/vnd.shop+json", 200),
        ("text/plain", 415),
        ("application/jsonp", 415),
        ("", 415),
    ] {
        let request = Request::post("/api/orders").header("content-type", content_type);
        let answer = server.send(request.body(Body::from(r#"{"eventId":"e"}"#)).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{content_type}");
    }
}

#[tokio::test]
async fn an_invalid_id_is_named() {
    let server = Server::serving(routes());
    assert_eq!(server.get(&format!("/api/events/{ID}")).await.bytes, ID.as_bytes());
    let answer = server.get("/api/events/7").await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "INVALID_ID"));
    assert_eq!(answer.json()["details"]["parameter"], "id");
    assert_eq!(server.get("/api/events/%FF").await.code(), "INVALID_ID");
}

#[tokio::test]
async fn ids_are_found_below_a_host_with_names_of_its_own() {
    let host = Router::new().nest("/shops/{shop}", Server::serving(routes()).app);
    let path = format!("/shops/7/api/events/{ID}");
    let answer = answered(host, Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(String::from_utf8(answer.bytes).unwrap(), ID);
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let server = Server::serving(routes());
    assert_eq!(server.get("/api/list?page=2").await.bytes, b"Some(2)");
    for query in ["page=x", "page=-1", "page=1&page=2", "page=99999999999"] {
        let answer = server.get(&format!("/api/list?{query}")).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "INVALID_QUERY"), "{query}");
        assert!(answer.json()["details"]["reason"].as_str().unwrap().contains("page"), "{query}");
    }
}

#[tokio::test]
async fn a_route_of_a_user_needs_a_valid_token() {
    let server = Server::serving(routes());
    let request = || Request::get("/api/mine").body(Body::empty()).unwrap();
    assert_eq!(server.send(request()).await.code(), "AUTHENTICATION_REQUIRED");
    assert_eq!(server.send(signed(request(), "broken")).await.code(), "INVALID_TOKEN");
    let token = server.token_of("buyer@example.com", Role::Buyer).await;
    assert_eq!(server.send(signed(request(), &token)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_route_for_staff_refuses_who_has_not_its_permission() {
    let server = Server::serving(routes());
    let request = || Request::get("/api/admin/x").body(Body::empty()).unwrap();
    assert_eq!(server.send(request()).await.code(), "AUTHENTICATION_REQUIRED");
    let buyer = server.token_of("buyer@example.com", Role::Buyer).await;
    let refused = server.send(signed(request(), &buyer)).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "FORBIDDEN"));
    assert_eq!(refused.json()["details"], json!({}));
    let seller = server.token_of("seller@example.com", Role::BoxOffice).await;
    let refused = server.send(signed(request(), &seller)).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["details"]), (403, &json!({"permission": "money"})));
    let admin = server.token_of("admin@example.com", Role::Admin).await;
    assert_eq!(server.send(signed(request(), &admin)).await.status, StatusCode::OK);
}
