//! Live updates over `WebSockets`, at `/ws`; `/api/asyncapi.json` describes the messages.
//!
//! One task serves a socket (`connection`). It reads messages, which the state machine of `session` decides about, and takes
//! from the channels what the socket misses whenever its signal says that there is something. It never waits for a reader: while
//! one blocks, nothing more is taken for it, so that it gets the changes of that time merged, or a snapshot.

mod asyncapi;
mod connection;
mod ending;
mod follow;
mod session;
#[cfg(test)]
mod tests;
mod upgrade;
mod wire;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;

use crate::state::AppState;

/// The routes of sockets; the OpenAPI document does not list them.
pub(crate) const ROUTES: [&str; 2] = ["/ws", "/api/asyncapi.json"];

/// Serves sockets, and the document of their messages.
pub(crate) fn routes() -> Router<AppState> {
    let document = Bytes::from(asyncapi::document().to_string());
    let [socket, description] = ROUTES;
    Router::new()
        .route(socket, get(upgrade::open))
        .route(description, get(async move || ([(CONTENT_TYPE, "application/json")], document)))
}
