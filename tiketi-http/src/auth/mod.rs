//! Signing in: accounts, passwords and tokens.

mod accounts;
mod handlers;
mod password;
mod token;

pub use accounts::{EnsureAccountError, NewAccount};
pub(crate) use handlers::routes;
pub(crate) use password::Passwords;
pub(crate) use token::{TokenError, Tokens};

#[cfg(test)]
mod tests;
