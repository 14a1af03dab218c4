//! Finds the user who sent a request: the contract between the routes and the host's users.

use std::error::Error;
use std::fmt::Debug;

use async_trait::async_trait;
use axum::http::request::Parts;
use tiketi_core::{BuyerId, account::Role};

use crate::error::{ApiError, Code};

/// Finds the user who sent a request.
///
/// A host with its own users implements it over its sessions or tokens, and passes it as
/// [`SignIn::Host`](crate::SignIn::Host). A layer of the host may do the work and put its result into the request's
/// extensions, where this trait reads it.
///
/// ```
/// use async_trait::async_trait;
/// use axum::http::request::Parts;
/// use tiketi_core::BuyerId;
/// use tiketi_http::{AuthenticatedUser, AuthenticationError, Authenticator, CredentialScheme};
///
/// /// What the host's session layer puts into a request.
/// #[derive(Debug, Clone)]
/// struct SessionUser(BuyerId);
///
/// #[derive(Debug)]
/// struct HostSessions;
///
/// #[async_trait]
/// impl Authenticator for HostSessions {
///     async fn authenticate(&self, request: &Parts) -> Result<Option<AuthenticatedUser>, AuthenticationError> {
///         Ok(request.extensions.get::<SessionUser>().map(|user| AuthenticatedUser::buyer(user.0)))
///     }
///
///     fn scheme(&self) -> CredentialScheme {
///         CredentialScheme::Cookie { name: "sid".to_owned() }
///     }
/// }
/// ```
///
/// # Contract
///
/// An implementation:
///
/// - MUST return the same id for the same person in every request and on every server. Reservations, payments and
///   idempotency keys belong to that id;
/// - MUST NOT return a user because of a claim that any client can make, such as an id in a header;
/// - MUST answer a request without credentials with `Ok(None)`, and one with credentials that it does not accept with
///   an error;
/// - MUST protect its users from requests of other sites if browsers send the credentials by themselves, as they do
///   with cookies: set `SameSite` on the cookie, or check the `Origin` header in a layer.
///
/// It is called at most once a request, and only for routes that need a user and for writes with an `Idempotency-Key`.
///
/// # Cancel safety
///
/// The future is dropped if the client disconnects or the request takes longer than
/// [`HttpLimits::request_timeout`](crate::HttpLimits::request_timeout).
#[async_trait]
pub trait Authenticator: Debug + Send + Sync + 'static {
    /// Returns the user who sent the request; `None` if it has no credentials.
    ///
    /// # Errors
    ///
    /// [`AuthenticationError`] with the reason; the client gets the error body that all routes share.
    async fn authenticate(&self, request: &Parts) -> Result<Option<AuthenticatedUser>, AuthenticationError>;

    /// Returns how clients send their credentials.
    ///
    /// It is read once, when the [`AppState`](crate::AppState) is built. The OpenAPI document and the
    /// `WWW-Authenticate` header name it.
    fn scheme(&self) -> CredentialScheme;
}

/// The user who sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthenticatedUser {
    /// Who the user is; any stable id of the host.
    pub id: BuyerId,
    /// What the user may do.
    pub role: Role,
    /// Whether the user's e-mail address is proved; `true` unless the authenticator says otherwise.
    ///
    /// A shop that demands it lets only such users hold tickets.
    pub is_verified: bool,
}

impl AuthenticatedUser {
    /// Describes a user with a role.
    pub const fn new(id: BuyerId, role: Role) -> Self {
        Self { id, role, is_verified: true }
    }

    /// Says whether the user's e-mail address is proved.
    #[must_use]
    pub const fn verified(mut self, is_verified: bool) -> Self {
        self.is_verified = is_verified;
        self
    }

    /// Describes a user who buys tickets.
    pub const fn buyer(id: BuyerId) -> Self {
        Self::new(id, Role::Buyer)
    }

    /// Describes a user who runs the shop.
    pub const fn admin(id: BuyerId) -> Self {
        Self::new(id, Role::Admin)
    }
}

/// Why a request has no user although it has credentials.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticationError {
    /// The credentials are malformed, unknown or revoked; answered with 401 and `INVALID_TOKEN`.
    #[error("the credentials are not valid")]
    Invalid,
    /// The credentials have expired; answered with 401 and `TOKEN_EXPIRED`.
    #[error("the credentials have expired")]
    Expired,
    /// The user is known and may not use the shop; answered with 403 and `FORBIDDEN`.
    #[error("the user may not use the shop")]
    Forbidden,
    /// The credentials could not be checked; answered with 503 and `SERVICE_UNAVAILABLE`. The cause is only logged.
    #[error("the credentials could not be checked")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// How clients send their credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialScheme {
    /// A token in the header `Authorization: Bearer`.
    Bearer,
    /// A cookie.
    Cookie {
        /// The cookie's name.
        name: String,
    },
    /// A header other than `Authorization`.
    Header {
        /// The header's name.
        name: String,
    },
}

impl CredentialScheme {
    /// Returns the scheme's name in a `WWW-Authenticate` header.
    ///
    /// Only `Bearer` is registered (RFC 6750). HTTP demands a challenge with every 401 (RFC 9110, 11.6.1), so the others
    /// have an unregistered name.
    pub(crate) const fn challenge(&self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Cookie { .. } => "Cookie",
            Self::Header { .. } => "ApiKey",
        }
    }
}

impl From<AuthenticationError> for ApiError {
    fn from(error: AuthenticationError) -> Self {
        match error {
            AuthenticationError::Invalid => Self::new(Code::InvalidToken),
            AuthenticationError::Expired => Self::new(Code::TokenExpired),
            AuthenticationError::Forbidden => Self::new(Code::Forbidden),
            AuthenticationError::Unavailable(_) => Self::new(Code::ServiceUnavailable).caused_by(error),
        }
    }
}

#[cfg(test)]
mod tests;
