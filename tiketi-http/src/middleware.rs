//! What every request passes.
//!
//! It is one layer, and one future, so that a read from memory costs little more than what it sends.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::HttpBody;
use axum::extract::{MatchedPath, OriginalUri, Request};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::Route;
use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt};
use tracing::{Instrument, Span};

use crate::body::{cut_at, too_large};
use crate::error::{ApiError, Code, Failure, render};
use crate::idempotency::idempotency;
use crate::images::MOST_BYTES;
use crate::limited::limited;
use crate::limits::HttpLimits;
use crate::panics::caught;
use crate::request_context::{REQUEST_ID, RequestContext};
use crate::state::AppState;

/// Most characters of a path that are logged: more than any route has with its ids.
const MAX_PATH_CHARS: usize = 200;

/// The routes that take whole seat layouts.
const LAYOUTS: [&str; 2] = ["/api/admin/layouts", "/api/admin/layouts/check"];
/// The route that takes images, and what a form adds to one.
const IMAGES: (&str, usize) = ("/api/image/upload", 64 << 10);
/// The routes that take lists of seats.
const SEAT_LISTS: [&str; 5] = [
    "/api/seats/reserve",
    "/api/seats/release",
    "/api/reservations",
    "/api/admin/events/{id}/seats/block",
    "/api/admin/events/{id}/seats/unblock",
];

/// Puts the layer around routes.
pub(crate) fn wrap(routes: Router<AppState>, state: &AppState) -> Router<AppState> {
    routes.layer(Around { state: state.clone(), kind: Kind::Request })
}

/// Puts the layer around routes that wait for news, and bound their own times and bodies.
#[cfg(feature = "socketio")]
pub(crate) fn wrap_sockets(routes: Router, state: &AppState) -> Router {
    routes.layer(Around { state: state.clone(), kind: Kind::Socket })
}

/// What the layer does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Bounds it, and runs it once per `Idempotency-Key`.
    Request,
    /// Only runs it.
    Socket,
}

/// The layer.
#[derive(Debug, Clone)]
struct Around {
    state: AppState,
    kind: Kind,
}

impl Layer<Route> for Around {
    type Service = Wrapped;

    fn layer(&self, route: Route) -> Wrapped {
        Wrapped { around: self.clone(), route }
    }
}

/// A route with the layer around it.
#[derive(Debug, Clone)]
struct Wrapped {
    around: Around,
    route: Route,
}

impl Service<Request> for Wrapped {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // A route is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Self { around, route } = self.clone();
        Box::pin(async move { Ok(around.answer(request, route).await) })
    }
}

impl Around {
    async fn answer(self, mut request: Request, route: Route) -> Response {
        let (proxies, challenge) = (self.state.trusted_proxies(), self.state.credential_scheme().challenge());
        let context = RequestContext::of(&request, || self.state.new_id(), proxies, challenge);
        let span = span(&request, &context);
        let line = Line::begin(self.kind, &span);
        request.extensions_mut().insert(context.clone());
        let work = async {
            match self.kind {
                Kind::Request => bounded(&self.state, request, route).await,
                Kind::Socket => run(request, route).await,
            }
        };
        let response = caught(work).instrument(span.clone()).await;
        let mut response = span.in_scope(|| render(response, &context));
        line.end(&mut response);
        add_headers(response.headers_mut(), &context);
        response
    }
}

/// Runs the handler.
async fn run(request: Request, route: Route) -> Response {
    let Ok(response) = route.oneshot(request).await;
    response
}

/// Runs a request of bounded size within the time that it may take.
async fn bounded(state: &AppState, request: Request, route: Route) -> Response {
    let limits = state.limits();
    let work = async {
        match cut(request, &limits) {
            Ok(request) => match limited(state, request).await {
                Ok(request) => idempotency(state, request, route).await,
                Err(error) => error.into_response(),
            },
            Err(error) => error.into_response(),
        }
    };
    let answer = tokio::time::timeout(limits.request_timeout, work).await;
    answer.unwrap_or_else(|_| ApiError::new(Code::TimedOut).into_response())
}

/// Refuses a body whose `Content-Length` is too large, and cuts any body at the limit.
fn cut(request: Request, limits: &HttpLimits) -> Result<Request, ApiError> {
    if request.body().is_end_stream() {
        return Ok(request);
    }
    let route = request.extensions().get::<MatchedPath>();
    let limit = limit_for(route.map_or("", MatchedPath::as_str), limits);
    let said = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if said.is_some_and(|bytes: u64| bytes > limit as u64) {
        return Err(too_large(limit));
    }
    Ok(request.map(|body| cut_at(limit, body)))
}

/// Returns the limit of a route's body; a host may have nested the routes below its own path.
fn limit_for(route: &str, limits: &HttpLimits) -> usize {
    if LAYOUTS.iter().any(|layouts| route.ends_with(layouts)) {
        limits.layout_bytes
    } else if route.ends_with(IMAGES.0) {
        MOST_BYTES + IMAGES.1
    } else if SEAT_LISTS.iter().any(|list| route.ends_with(list)) {
        limits.seat_list_bytes
    } else {
        limits.body_bytes
    }
}

/// Opens the span of a request: with its path as sent, and never its query, body or tokens.
fn span(request: &Request, context: &RequestContext) -> Span {
    tracing::info_span!(
        "request",
        method = %request.method(),
        path = path(request),
        client = context.client.map(tracing::field::display),
        request_id = context.id.as_str(),
    )
}

fn path(request: &Request) -> String {
    let original = request.extensions().get::<OriginalUri>().map(|uri| uri.path());
    original.unwrap_or(request.uri().path()).chars().take(MAX_PATH_CHARS).collect()
}

/// The line of a request in the log: one, whether it is answered, fails, or its client leaves.
struct Line {
    kind: Kind,
    began: Instant,
    span: Span,
    is_written: bool,
}

impl Line {
    fn begin(kind: Kind, span: &Span) -> Self {
        Self { kind, began: Instant::now(), span: span.clone(), is_written: false }
    }

    /// Writes the line, with the cause of a failure in it.
    fn end(mut self, response: &mut Response) {
        self.is_written = true;
        let (status, took) = (response.status().as_u16(), self.began.elapsed());
        let failure = response.extensions_mut().remove::<Failure>();
        let _entered = self.span.enter();
        match failure.as_ref().map(Failure::tell) {
            Some((true, code, cause)) => tracing::error!(status, ?took, code, cause, "answered"),
            Some((false, code, cause)) => tracing::warn!(status, ?took, code, cause, "answered"),
            None if response.status().is_server_error() => tracing::warn!(status, ?took, "answered"),
            // A client polls without end, so that its requests are not worth a line each.
            None if self.kind == Kind::Socket => tracing::debug!(status, ?took, "answered"),
            None => tracing::info!(status, ?took, "answered"),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.is_written {
            let (_entered, took) = (self.span.enter(), self.began.elapsed());
            tracing::info!(?took, "the client left before the answer");
        }
    }
}

fn add_headers(headers: &mut HeaderMap, context: &RequestContext) {
    headers.insert(REQUEST_ID, context.id.header());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Answers contain tokens and reservations, so caches must not store them. A handler whose answer may be cached sets
    // its own header.
    let defaults = [(CACHE_CONTROL, "no-store"), (REFERRER_POLICY, "no-referrer"), (X_FRAME_OPTIONS, "DENY")];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
