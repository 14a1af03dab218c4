//! Putting the routes together.

use axum::Router;
use utoipa_axum::router::OpenApiRouter;

use crate::error::{ApiError, Code};
use crate::middleware::wrap;
use crate::state::AppState;
use crate::{auth, health, openapi, routes};

/// Builds the routes: everything below `/api` and `/health`, to serve or to nest in a host's app.
///
/// Every route, and whatever is no route, answers in the one shape of errors.
pub fn router(state: AppState) -> Router {
    let (routes, document) = gathered().split_for_parts();
    serve(routes.merge(openapi::pages(openapi::complete(document))), state)
}

/// Gathers the routes with what they say about themselves.
pub(crate) fn gathered() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(auth::routes()).merge(health::routes()).merge(routes::routes())
}

/// Puts around routes what holds for all of them.
pub(crate) fn serve(routes: Router<AppState>, state: AppState) -> Router {
    let routes = routes
        .method_not_allowed_fallback(async || ApiError::new(Code::MethodNotAllowed))
        .fallback(async || ApiError::new(Code::NotFound));
    wrap(routes, &state).with_state(state)
}

#[cfg(test)]
mod tests;
