//! The API, and beside it what is the stub's own.

mod api;
mod control;
mod desk;

use std::sync::Arc;

use axum::Router;
use axum::response::Html;
use axum::routing::get;

pub(crate) use desk::Desk;

/// Routes everything the stub answers.
pub(crate) fn router(desk: Arc<Desk>) -> Router {
    let page = get(async || Html(include_str!("../assets/payment_window.html")));
    Router::new().route("/", page).merge(api::routes()).nest("/stub", control::routes()).with_state(desk)
}
