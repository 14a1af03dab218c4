//! Gives each request its id and language, and renders its errors.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::Next;
use axum::response::Response;

use crate::error::render;
use crate::language::Language;
use crate::request_context::RequestContext;
use crate::state::AppState;

/// The header of a request's id, in requests and answers.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id accepted from a client, in bytes.
const MAX_ID_BYTES: usize = 64;

/// Adds the request's context, and renders the error if there is one.
pub(super) async fn context(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let id = given.filter(|id| is_safe(id)).map_or_else(|| state.new_id().to_string(), ToOwned::to_owned);
    let context = RequestContext {
        id: Arc::from(id),
        language: Language::preferred(request.headers()),
        challenge: state.credential_scheme().challenge(),
    };
    request.extensions_mut().insert(context.clone());
    let mut response = render(next.run(request).await, &context);
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&context.id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Answers contain tokens and reservations, so caches must not store them. A handler whose answer may be cached sets
    // its own header.
    let defaults =
        [("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("x-frame-options", "DENY")];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Returns whether an id is safe in headers and logs.
fn is_safe(id: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
