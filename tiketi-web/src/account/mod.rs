//! Signing in and out, registering, and one's own account.

mod sign_in;

use axum::Router;
use axum::routing::{get, post};

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/session/refresh", post(sign_in::refresh))
}
