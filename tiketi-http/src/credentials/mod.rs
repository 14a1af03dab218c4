//! Accounts of the shop: passwords, tokens, and the authenticator that reads them.

mod accounts;
mod jwt;
mod password;
mod secret;
mod sessions;
mod sign_in_limits;
mod token;

pub(crate) use accounts::Accounts;
pub use jwt::JwtAuthenticator;
pub(crate) use password::{Lane, MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, PasswordError};
pub use secret::{SecretTooShort, TokenSecret};
pub(crate) use sessions::SessionAuthenticator;
pub use sign_in_limits::SignInLimits;
pub(crate) use token::{IssuedTokens, role_from, role_name};
