//! Assembles the routes.

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::authenticator::CredentialScheme;
use crate::error::{ApiError, Code};
use crate::middleware::wrap;
#[cfg(feature = "socketio")]
use crate::middleware::wrap_sockets;
use crate::openapi::{complete, pages};
use crate::state::AppState;
use crate::{auth, health, routes, ws};

/// Builds the routes: everything below `/api` and `/health`, and `/ws`, to serve or to nest in a host's app.
///
/// `/api/auth` is served only with [`SignIn::Accounts`](crate::SignIn::Accounts).
///
/// Every error has the same shape, also for unknown paths and methods.
pub fn router(state: AppState) -> Router {
    let routes = match state.accounts() {
        Some(_) => auth::routes().merge(shop_routes()),
        None => shop_routes(),
    };
    let (routes, document) = routes.split_for_parts();
    let document = complete(document, state.credential_scheme());
    let routes = routes.merge(pages(document)).merge(ws::routes());
    #[cfg(feature = "socketio")]
    let sockets = wrap_sockets(crate::socketio::routes(&state), &state);
    let routes = serve(routes, state);
    #[cfg(feature = "socketio")]
    let routes = routes.merge(sockets);
    routes
}

/// Returns the OpenAPI 3.1 document of a shop with accounts, which describes every route.
///
/// `/api/openapi.json` of a [`router`] describes only the routes that it serves, and how its users authenticate.
///
/// ```
/// assert_eq!(tiketi_http::openapi().info.title, "Tiketi");
/// ```
pub fn openapi() -> OpenApi {
    complete(auth::routes().merge(shop_routes()).into_openapi(), &CredentialScheme::Bearer)
}

/// Collects the routes that every shop has, with their OpenAPI descriptions.
fn shop_routes() -> OpenApiRouter<AppState> {
    health::routes().merge(routes::routes())
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
