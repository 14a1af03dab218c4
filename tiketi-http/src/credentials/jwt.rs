//! Authentication by a JWT in the `Authorization` header.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use jsonwebtoken::{DecodingKey, Validation};
use tiketi_core::{AccountId, Clock, clock::SystemClock, id::SessionId};

use crate::authenticator::{AuthenticatedUser, AuthenticationError, Authenticator, CredentialScheme};
use crate::credentials::TokenSecret;
use crate::credentials::token::{MAX_TOKEN_BYTES, role_from, seconds, validation, verified};

/// Accepts JWTs in `Authorization: Bearer`, signed with HS256.
///
/// A host that issues such tokens itself passes it as [`SignIn::Host`](crate::SignIn::Host); then there is no account
/// store. The claims are `userId` (any UUID), `email`, `role` (`user`, `read_only`, `box_office`, `finance` or `admin`), `iat` and `exp`, and perhaps `nbf`; a token
/// that names a critical extension is refused, and one with a claim `type` is not an access token and is refused. [`SignIn::Accounts`](crate::SignIn::Accounts) accepts the same tokens,
/// and also checks the session that a token of the shop names.
pub struct JwtAuthenticator {
    key: DecodingKey,
    validation: Validation,
    clock: Arc<dyn Clock>,
}

impl JwtAuthenticator {
    /// Accepts tokens that are signed with a secret.
    pub fn new(secret: &TokenSecret) -> Self {
        let key = DecodingKey::from_secret(secret.expose_bytes());
        Self { key, validation: validation(), clock: Arc::new(SystemClock) }
    }

    /// Judges the expiry of tokens by a clock; [`SystemClock`] by default.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Returns what the token of a request says; `None` without a token.
    pub(super) fn token(&self, request: &Parts) -> Result<Option<AccessToken>, AuthenticationError> {
        let mut values = request.headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(AuthenticationError::Invalid);
        }
        let parts = value.to_str().ok().and_then(|text| text.split_once(' '));
        match parts {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                self.read(token.trim()).map(Some)
            }
            _ => Err(AuthenticationError::Invalid),
        }
    }

    fn read(&self, token: &str) -> Result<AccessToken, AuthenticationError> {
        let invalid = || AuthenticationError::Invalid;
        if token.len() > MAX_TOKEN_BYTES {
            return Err(invalid());
        }
        let now = self.clock.now();
        let claims = verified(token, &self.key, &self.validation, now).ok_or_else(invalid)?;
        if claims.kind.is_some() {
            return Err(invalid());
        }
        if claims.exp <= seconds(now) {
            return Err(AuthenticationError::Expired);
        }
        let account = AccountId::from_str(&claims.user_id).map_err(|_| invalid())?;
        let role = role_from(&claims.role).ok_or_else(invalid)?;
        let session = claims.session_id.map(|id| id.parse().map_err(|_| invalid())).transpose()?;
        Ok(AccessToken { user: AuthenticatedUser::new(account.into(), role), session })
    }
}

/// What an access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AccessToken {
    /// The user, with the role of when the token was signed.
    pub(crate) user: AuthenticatedUser,
    /// Where the user is signed in; `None` in a token of another service.
    pub(crate) session: Option<SessionId>,
}

#[async_trait]
impl Authenticator for JwtAuthenticator {
    async fn authenticate(&self, request: &Parts) -> Result<Option<AuthenticatedUser>, AuthenticationError> {
        Ok(self.token(request)?.map(|token| token.user))
    }

    fn scheme(&self) -> CredentialScheme {
        CredentialScheme::Bearer
    }
}

impl fmt::Debug for JwtAuthenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtAuthenticator").finish_non_exhaustive()
    }
}
