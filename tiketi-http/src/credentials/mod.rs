//! Passwords, tokens, and the user they identify.

mod password;
mod token;
mod user;

pub(crate) use password::{MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, PasswordError, Passwords};
pub(crate) use token::{TokenError, Tokens, role_name};
pub(crate) use user::CurrentUser;
