//! The buyer's pages.

mod events;
mod pager;
mod poster;
mod wire;

use axum::Router;
use axum::routing::get;

pub(crate) fn routes() -> Router {
    Router::new().route("/", get(events::list)).route("/events", get(events::list))
}
