//! Accounts, and the routes to register and sign in.

mod accounts;
mod handlers;

pub use accounts::{EnsureAccountError, NewAccount};
pub(crate) use handlers::routes;

#[cfg(test)]
mod tests;
