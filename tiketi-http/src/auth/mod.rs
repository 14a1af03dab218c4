//! Signing in: accounts and the routes to make and use them.

mod accounts;
mod handlers;

pub use accounts::{EnsureAccountError, NewAccount};
pub(crate) use handlers::routes;

#[cfg(test)]
mod tests;
