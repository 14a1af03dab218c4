//! How large bodies may be.

use std::error::Error;

use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::error::{ApiError, Code};
use crate::limits::HttpLimits;
use crate::state::AppState;

/// The one route that takes whole seat layouts.
const LAYOUTS: &str = "/api/admin/layouts";
/// The routes that take lists of seats.
const SEAT_LISTS: [&str; 5] = [
    "/api/seats/reserve",
    "/api/seats/release",
    "/api/reservations",
    "/api/admin/events/{id}/seats/block",
    "/api/admin/events/{id}/seats/unblock",
];

/// Refuses bodies that say they are too large, and cuts those that do not say.
pub(super) async fn limit(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let limits = state.limits();
    let route = request.extensions().get::<MatchedPath>();
    let limit = limit_for(route.map_or("", MatchedPath::as_str), &limits);
    let said = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if said.is_some_and(|bytes: u64| bytes > limit as u64) {
        return too_large(limit).into_response();
    }
    let (parts, body) = request.into_parts();
    let body = Body::new(Limited::new(body, limit).map_err(move |error| Cut::from(error, limit)));
    next.run(Request::from_parts(parts, body)).await
}

/// Returns how large a body a route takes; a host may have nested the routes below a path of its own.
fn limit_for(route: &str, limits: &HttpLimits) -> usize {
    if route.ends_with(LAYOUTS) {
        limits.layout_bytes
    } else if SEAT_LISTS.iter().any(|list| route.ends_with(list)) {
        limits.seat_list_bytes
    } else {
        limits.body_bytes
    }
}

/// Reads a whole body.
pub(crate) async fn read_body(body: Body) -> Result<Bytes, ApiError> {
    match body.collect().await {
        Ok(read) => Ok(read.to_bytes()),
        Err(error) => Err(limit_of(&error).map_or_else(
            // The client stopped sending; whoever still listens learns that nothing was understood.
            || ApiError::new(Code::MalformedJson),
            too_large,
        )),
    }
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(Code::BodyTooLarge).detail("limit", limit)
}

/// Why a body ended before its end.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("the body is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the body could not be read")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
}

impl Cut {
    fn from(error: Box<dyn Error + Send + Sync>, limit: usize) -> Self {
        if error.is::<LengthLimitError>() { Self::TooLarge { limit } } else { Self::Broken(error) }
    }
}

/// Finds the limit a body ran into, however deep the error is wrapped.
fn limit_of(error: &(dyn Error + 'static)) -> Option<usize> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(Cut::TooLarge { limit }) = error.downcast_ref::<Cut>() {
            return Some(*limit);
        }
        next = error.source();
    }
    None
}
