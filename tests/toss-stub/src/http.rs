//! The routes of the API and of the stub itself.

mod api;
mod control;
mod request_handler;

use std::sync::Arc;

use axum::Router;
use axum::response::Html;
use axum::routing::get;

pub(crate) use request_handler::RequestHandler;

/// Creates the router with all routes of the stub.
pub(crate) fn router(handler: Arc<RequestHandler>) -> Router {
    let page = get(async || Html(include_str!("../assets/payment_window.html")));
    Router::new().route("/", page).merge(api::routes()).nest("/stub", control::routes()).with_state(handler)
}
