//! Assembles the routes.

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
/// Every error has the same shape, also for unknown paths and methods.
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

/// Collects the routes with their OpenAPI descriptions.
fn gathered() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(auth::routes()).merge(health::routes()).merge(routes::routes())
}

/// Adds the fallbacks and layers that all routes share.
pub(crate) fn serve(routes: Router<AppState>, state: AppState) -> Router {
    let routes = routes
        .method_not_allowed_fallback(async || ApiError::new(Code::MethodNotAllowed))
        .fallback(async || ApiError::new(Code::NotFound));
    wrap(routes, &state).with_state(state)
}

#[cfg(test)]
mod tests;
