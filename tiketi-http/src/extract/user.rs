//! The signed-in user.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use tiketi_core::account::Role;

use crate::credentials::{CurrentUser, TokenError};
use crate::error::{ApiError, Code};
use crate::state::AppState;

/// Extracts the signed-in user, who must be an administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AdminUser(pub(crate) CurrentUser);

impl FromRequestParts<AppState> for CurrentUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        signed_in(parts, state)
    }
}

impl FromRequestParts<AppState> for AdminUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let user = <CurrentUser as FromRequestParts<_>>::from_request_parts(parts, state).await?;
        match user.role {
            Role::Admin => Ok(Self(user)),
            Role::Buyer => Err(ApiError::new(Code::Forbidden)),
        }
    }
}

fn signed_in(parts: &Parts, state: &AppState) -> Result<CurrentUser, ApiError> {
    let mut values = parts.headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or_else(|| ApiError::new(Code::AuthenticationRequired))?;
    let broken = || ApiError::new(Code::InvalidToken);
    if values.next().is_some() {
        return Err(broken());
    }
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(broken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(broken());
    }
    match state.tokens().read_access(token.trim()) {
        Ok(user) => Ok(user),
        Err(TokenError::Invalid) => Err(broken()),
        Err(TokenError::Expired) => Err(ApiError::new(Code::TokenExpired)),
    }
}
