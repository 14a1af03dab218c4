//! Accounts, and the routes to register and sign in.

mod accounts;
mod google;
mod handlers;
mod input;
mod register;
mod reset;
mod roles;
mod session;
mod wire;

pub use accounts::{EnsureAccountError, NewAccount};
pub(crate) use input::MAX_PHONE_CHARS;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// Collects the routes that need a shop with accounts.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    handlers::routes().merge(roles::routes())
}

#[cfg(test)]
mod tests;
