//! The session of a browser: the API's tokens in cookies that no script can read.
//!
//! One layer turns the cookie into the `Authorization` header of each request without one, also of those that scripts send to
//! the API and of those that open a socket. What changes something must come from a page of the same origin.

pub(crate) mod origin;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::api::Api;
use crate::claims::Claims;
use crate::cookies::{Cookie, Scheme};
use crate::shop::Shop;
use crate::texts::Text;
use crate::visit::Visit;

/// How long before its end an access token is renewed, in seconds.
const RENEW_BEFORE: i64 = 60;

/// The tokens of a session, as the API answers them.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tokens {
    pub(crate) token: String,
    pub(crate) refresh_token: String,
}

/// What an answer does to the session; a handler puts it into the answer's extensions.
#[derive(Clone)]
pub(crate) enum SessionChange {
    Start(Tokens),
    End,
}

/// Adds the session to a request, and its changes to the answer.
pub(crate) async fn session(State(shop): State<Arc<Shop>>, mut request: Request, next: Next) -> Response {
    let scheme = shop.scheme_of(&request);
    let api = Api::of(&shop, &request);
    let mut session = Found::in_cookies(&request, scheme);
    let mut change = None;
    let is_foreign =
        origin::is_write(request.method(), request.headers()) && !origin::is_same(request.headers());
    if session.is_some() && is_foreign && is_for_programs(request.uri().path()) {
        return foreign_page(&shop, request.headers());
    }
    if is_foreign {
        // The pages' own forms are refused by a page that says so.
        session = None;
    } else if session.is_some() {
        (session, change) = renewed(&shop, &api, session).await;
    }
    let bearer = session.as_ref().and_then(|found| bearer(&found.access));
    if let Some(bearer) = &bearer {
        request.headers_mut().insert(AUTHORIZATION, bearer.clone());
    }
    let claims = session.and_then(|found| found.claims);
    let visit = Visit::new(&shop, api.with_bearer(bearer), &request, scheme, claims);
    request.extensions_mut().insert(visit);
    let mut response = next.run(request).await;
    let change = response.extensions_mut().remove::<SessionChange>().or(change);
    if let Some(change) = change {
        set_cookies(response.headers_mut(), &change, &shop, scheme);
    }
    response
}

/// The tokens that a request has.
struct Found {
    access: String,
    claims: Option<Claims>,
    refresh: Option<String>,
}

impl Found {
    /// Reads the cookies of a request that says in no other way who sent it.
    fn in_cookies(request: &Request, scheme: Scheme) -> Option<Self> {
        let headers = request.headers();
        if headers.contains_key(AUTHORIZATION) {
            return None;
        }
        let access = Cookie::Access.read(headers, scheme).unwrap_or_default().to_owned();
        let refresh = Cookie::Refresh.read(headers, scheme).map(str::to_owned);
        let claims = Claims::of(&access);
        (claims.is_some() || refresh.is_some()).then_some(Self { access, claims, refresh })
    }

    fn is_valid_at(&self, seconds: i64) -> bool {
        self.claims.as_ref().is_some_and(|claims| claims.exp > seconds)
    }
}

/// Renews tokens that are near their end.
///
/// Requests side by side may do so with the same token: the API repeats its answer for ten seconds.
async fn renewed(shop: &Shop, api: &Api, found: Option<Found>) -> (Option<Found>, Option<SessionChange>) {
    let now = shop.seconds();
    let Some(found) = found else { return (None, None) };
    if found.is_valid_at(now + RENEW_BEFORE) {
        return (Some(found), None);
    }
    let still_valid = |found: Found| found.is_valid_at(now).then_some(found);
    let Some(refresh) = &found.refresh else { return (still_valid(found), None) };
    match api.post::<Tokens>("/api/auth/refresh", &json!({"refreshToken": refresh}), None).await {
        Ok(tokens) => {
            let access = tokens.token.clone();
            let claims = Claims::of(&access);
            (Some(Found { access, claims, refresh: None }), Some(SessionChange::Start(tokens)))
        }
        // The session has ended, here or on another device.
        Err(failure) if failure.status == StatusCode::UNAUTHORIZED => (None, Some(SessionChange::End)),
        // The next request tries again.
        Err(_) => (still_valid(found), None),
    }
}

fn bearer(access: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {access}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn set_cookies(headers: &mut HeaderMap, change: &SessionChange, shop: &Shop, scheme: Scheme) {
    let lines = match change {
        SessionChange::Start(tokens) => {
            let ends = Claims::of(&tokens.refresh_token).map_or(0, |claims| claims.exp);
            let seconds = (ends - shop.seconds()).max(0);
            [
                Cookie::Access.set(&tokens.token, seconds, scheme),
                Cookie::Refresh.set(&tokens.refresh_token, seconds, scheme),
            ]
        }
        SessionChange::End => [Cookie::Access.set("", 0, scheme), Cookie::Refresh.set("", 0, scheme)],
    };
    for line in lines.into_iter().flatten() {
        headers.append(SET_COOKIE, line);
    }
}

/// Returns whether a path is that of the API or of a socket.
fn is_for_programs(path: &str) -> bool {
    ["/api/", "/ws", "/socket.io"].iter().any(|begin| path.starts_with(begin))
}

/// Refuses a write that a page elsewhere sent, in the shape of every error of the API.
fn foreign_page(shop: &Shop, headers: &HeaderMap) -> Response {
    let sentence = Text::new(crate::language::preferred(headers), "error-foreign-page").to_string();
    let id = shop.settings.ids.next().to_string();
    tracing::info!(request_id = id, "a page elsewhere sent a write by the cookie; it was refused");
    let body = json!({"error": sentence, "code": "ORIGIN_NOT_ALLOWED", "details": {}, "requestId": id});
    (StatusCode::FORBIDDEN, Json(body)).into_response()
}

impl std::fmt::Debug for SessionChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Start(_) => "Start(…)",
            Self::End => "End",
        })
    }
}
