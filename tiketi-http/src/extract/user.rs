//! The signed-in user.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tiketi_core::{BuyerId, account::Role};

use crate::authenticator::AuthenticatedUser;
use crate::error::{ApiError, Code};
use crate::state::AppState;

/// Extracts the user who sent the request; refuses a request without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CurrentUser(AuthenticatedUser);

/// Extracts the signed-in user, who must have a proved address if the shop demands it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VerifiedUser(pub(crate) CurrentUser);

/// The authenticator's answer about a request.
///
/// The first extractor that needs it puts it into the request, so that the authenticator is called once a request: the
/// layer of idempotency keys, the key and the user of the handler all read it.
#[derive(Debug, Clone)]
struct Authenticated(Result<Option<AuthenticatedUser>, ApiError>);

impl CurrentUser {
    /// Returns the user's id, to which reservations and payments belong.
    pub(crate) fn buyer(&self) -> BuyerId {
        self.0.id
    }

    /// Returns the user.
    pub(crate) fn user(&self) -> AuthenticatedUser {
        self.0
    }

    /// Returns the user's role.
    pub(crate) fn role(&self) -> Role {
        self.0.role
    }
}

impl FromRequestParts<AppState> for CurrentUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Authenticated(answer) = if let Some(known) = parts.extensions.get::<Authenticated>() {
            known.clone()
        } else {
            let answer = state.authenticator().authenticate(parts).await;
            let answer = Authenticated(answer.map_err(ApiError::from));
            parts.extensions.insert(answer.clone());
            answer
        };
        answer?.map(Self).ok_or_else(|| ApiError::new(Code::AuthenticationRequired))
    }
}

impl FromRequestParts<AppState> for VerifiedUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let user = CurrentUser::from_request_parts(parts, state).await?;
        if user.0.is_verified || !state.demands_verified_address() {
            Ok(Self(user))
        } else {
            Err(ApiError::new(Code::EmailNotVerified))
        }
    }
}
