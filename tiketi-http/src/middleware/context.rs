//! Who a request is: its id, and the language its sender reads.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::Next;
use axum::response::Response;

use crate::error::render;
use crate::language::Language;
use crate::request_context::RequestContext;
use crate::state::AppState;

/// The header a request's id travels in, both ways.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id taken from a client, in bytes.
const MAX_ID_BYTES: usize = 64;

/// Names a request, and puts what became of it into words.
pub(super) async fn context(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let id = given.filter(|id| is_sane(id)).map_or_else(|| state.new_id().to_string(), ToOwned::to_owned);
    let context = RequestContext { id: Arc::from(id), language: Language::preferred(request.headers()) };
    request.extensions_mut().insert(context.clone());
    let mut response = render(next.run(request).await, &context);
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&context.id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Tokens, reservations and errors are nobody else's; a handler whose answer may be kept says so itself.
    let defaults =
        [("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("x-frame-options", "DENY")];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Tells whether an id may go into headers and logs as it is.
fn is_sane(id: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
