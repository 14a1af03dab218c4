//! Putting the routes together.

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::error::{ApiError, Code};
use crate::middleware::wrap;
use crate::openapi::{complete, pages};
use crate::state::AppState;
use crate::{auth, health, routes};

/// Builds the routes: everything below `/api` and `/health`, to serve or to nest in a host's app.
///
/// Every route, and whatever is no route, answers in the one shape of errors.
pub fn router(state: AppState) -> Router {
    let (routes, document) = gathered().split_for_parts();
    serve(routes.merge(pages(complete(document))), state)
}

/// Returns the OpenAPI 3.1 document that describes the routes.
///
/// ```
/// assert_eq!(tiketi_http::openapi().info.title, "Tiketi");
/// ```
pub fn openapi() -> OpenApi {
    complete(gathered().into_openapi())
}

/// Gathers the routes with what they say about themselves.
fn gathered() -> OpenApiRouter<AppState> {
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
