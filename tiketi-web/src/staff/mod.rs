//! The organiser's pages, below `/staff`.

use axum::Router;

pub(crate) fn routes() -> Router {
    Router::new()
}
