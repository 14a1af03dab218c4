//! The layers around the routes.

use std::any::Any;

use axum::Router;
use axum::extract::{OriginalUri, Request, State};
use axum::http;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::{DefaultOnFailure, DefaultOnRequest, DefaultOnResponse, TraceLayer};
use tracing::{Level, Span};

use crate::error::{ApiError, Code};
use crate::idempotency::idempotency;
use crate::middleware::body::limit;
use crate::middleware::context::context;
use crate::request_context::RequestContext;
use crate::state::AppState;

/// Most characters of a path that are logged: more than any route has with its ids.
const MAX_PATH_CHARS: usize = 200;

/// Adds every layer; the last one added is the outermost.
pub(crate) fn wrap(routes: Router<AppState>, state: &AppState) -> Router<AppState> {
    let trace = TraceLayer::new_for_http()
        .make_span_with(span)
        .on_request(DefaultOnRequest::new().level(Level::DEBUG))
        .on_response(DefaultOnResponse::new().level(Level::INFO))
        .on_failure(DefaultOnFailure::new().level(Level::WARN));
    routes
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(state.clone(), idempotency))
        .layer(from_fn_with_state(state.clone(), limit))
        .layer(from_fn_with_state(state.clone(), timeout))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(trace)
        .layer(from_fn_with_state(state.clone(), context))
}

/// Adds the layers of routes that wait for news, and bound their own times and bodies.
#[cfg(feature = "socketio")]
pub(crate) fn wrap_sockets(routes: Router, state: &AppState) -> Router {
    // A client polls without end, so that its requests are not worth a line each.
    let trace = TraceLayer::new_for_http()
        .make_span_with(span)
        .on_request(DefaultOnRequest::new().level(Level::DEBUG))
        .on_response(DefaultOnResponse::new().level(Level::DEBUG))
        .on_failure(DefaultOnFailure::new().level(Level::WARN));
    routes
        .layer(CatchPanicLayer::custom(panicked))
        .layer(trace)
        .layer(from_fn_with_state(state.clone(), context))
}

async fn timeout(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(state.limits().request_timeout, next.run(request)).await;
    answer.unwrap_or_else(|_| ApiError::new(Code::TimedOut).into_response())
}

/// Answers 500 for a handler that panicked; logs its message.
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said = match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(other) => other.downcast::<&str>().map_or_else(|_| String::new(), |text| (*text).to_owned()),
    };
    ApiError::internal(format!("a handler panicked: {said}")).into_response()
}

/// Opens the span of a request: with its path as sent, and never its query, body or tokens.
fn span(request: &http::Request<axum::body::Body>) -> Span {
    let original = request.extensions().get::<OriginalUri>().map(|uri| uri.path());
    let path: String = original.unwrap_or(request.uri().path()).chars().take(MAX_PATH_CHARS).collect();
    let id = request.extensions().get::<RequestContext>().map_or("", |context| &context.id);
    tracing::info_span!("request", method = %request.method(), path, request_id = id)
}
