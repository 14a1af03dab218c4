//! Limits the size of request bodies.

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::body::{cut_at, too_large};
use crate::limits::HttpLimits;
use crate::state::AppState;

/// The route that takes whole seat layouts.
const LAYOUTS: &str = "/api/admin/layouts";
/// The routes that take lists of seats.
const SEAT_LISTS: [&str; 5] = [
    "/api/seats/reserve",
    "/api/seats/release",
    "/api/reservations",
    "/api/admin/events/{id}/seats/block",
    "/api/admin/events/{id}/seats/unblock",
];

/// Refuses a body whose `Content-Length` is too large, and cuts any body at the limit.
pub(super) async fn limit(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let limits = state.limits();
    let route = request.extensions().get::<MatchedPath>();
    let limit = limit_for(route.map_or("", MatchedPath::as_str), &limits);
    let said = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if said.is_some_and(|bytes: u64| bytes > limit as u64) {
        return too_large(limit).into_response();
    }
    let (parts, body) = request.into_parts();
    next.run(Request::from_parts(parts, cut_at(limit, body))).await
}

/// Returns the limit of a route's body; a host may have nested the routes below its own path.
fn limit_for(route: &str, limits: &HttpLimits) -> usize {
    if route.ends_with(LAYOUTS) {
        limits.layout_bytes
    } else if SEAT_LISTS.iter().any(|list| route.ends_with(list)) {
        limits.seat_list_bytes
    } else {
        limits.body_bytes
    }
}
