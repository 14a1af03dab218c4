//! Accounts of the shop: passwords, tokens, and the authenticator that reads them.

mod accounts;
mod fair_queue;
mod google;
mod jwt;
mod mailed_codes;
mod password;
mod password_rules;
mod secret;
mod sessions;
mod sign_in_limits;
mod token;

pub(crate) use accounts::{AccountParts, Accounts, SessionsOf};
pub use google::{FetchedKeys, GoogleSignIn, KeySource, KeySourceError};
pub(crate) use google::{GoogleUser, MAX_CREDENTIAL_BYTES};
pub use jwt::JwtAuthenticator;
pub(crate) use mailed_codes::{MailedCodes, Sought};
pub(crate) use password::{Lane, PasswordError};
pub(crate) use password_rules::{MAX_PASSWORD_BYTES, MAX_PASSWORD_CHARS, Password, PasswordProblem};
pub use secret::{SecretTooShort, TokenSecret};
pub(crate) use sessions::SessionAuthenticator;
pub use sign_in_limits::SignInLimits;
pub(crate) use token::{IssuedTokens, MAX_TOKEN_BYTES, role_from, role_name};
