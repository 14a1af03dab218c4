//! Accounts of the shop: passwords, tokens, and the authenticator that reads them.

mod accounts;
mod jwt;
mod password;
mod secret;
mod token;

pub(crate) use accounts::Accounts;
pub use jwt::JwtAuthenticator;
pub(crate) use password::{MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, PasswordError};
pub use secret::{SecretTooShort, TokenSecret};
pub(crate) use token::role_name;
