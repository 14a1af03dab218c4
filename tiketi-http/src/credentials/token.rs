//! Tokens of signed-in clients, signed with HS256.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use tiketi_core::{
    Clock, Timestamp,
    account::{Account, Role, Session, SignedIn},
    id::SessionId,
};

use crate::authenticator::AuthenticationError;
use crate::credentials::TokenSecret;
use crate::limits::HttpLimits;

/// Longest token that is parsed, in bytes; issued tokens have about 500.
pub(crate) const MAX_TOKEN_BYTES: usize = 4_096;

/// Signs tokens of accounts, and reads the refresh tokens among them.
pub(crate) struct TokenIssuer {
    key: EncodingKey,
    reading: DecodingKey,
    clock: Arc<dyn Clock>,
    access_ttl: Duration,
    refresh_ttl: Duration,
}

/// The claims of a token.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Claims {
    pub(super) user_id: String,
    email: String,
    pub(super) role: String,
    iat: i64,
    pub(super) exp: i64,
    /// From when the token is valid; absent in tokens of the shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    /// Where the account is signed in. Absent in tokens that another service of the operator signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) session_id: Option<String>,
    /// Which refresh token of the session it is; absent in access tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generation: Option<u32>,
    /// Absent in access tokens: a token of another kind is never accepted as one.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<String>,
}

/// The `type` of refresh tokens.
const REFRESH: &str = "refresh";

/// What a refresh token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PresentedToken {
    pub(crate) session: SessionId,
    pub(crate) generation: u32,
}

/// The tokens of a session.
#[derive(Debug)]
pub(crate) struct IssuedTokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl TokenIssuer {
    /// Prepares the keys.
    pub(super) fn new(secret: &TokenSecret, clock: Arc<dyn Clock>, limits: &HttpLimits) -> Self {
        Self {
            key: EncodingKey::from_secret(secret.expose_bytes()),
            reading: DecodingKey::from_secret(secret.expose_bytes()),
            clock,
            access_ttl: limits.access_token_ttl,
            refresh_ttl: limits.refresh_token_ttl,
        }
    }

    /// Returns how long a session lasts after a refresh.
    pub(crate) fn session_length(&self) -> Duration {
        self.refresh_ttl
    }

    /// Signs the tokens of a session in its generation: one that lets its bearer act as the account, and one that can
    /// only be exchanged for the next ones. The same session has the same refresh token.
    pub(crate) fn issue(&self, signed_in: &SignedIn) -> Result<IssuedTokens, jsonwebtoken::errors::Error> {
        let SignedIn { session, account } = signed_in;
        let now = self.clock.now();
        let access = Self::claims(account, session, (now, now.after(self.access_ttl)));
        let times = (session.refreshed_at, session.ends_at);
        let (kind, generation) = (Some(REFRESH.to_owned()), Some(session.generation));
        let refresh = Claims { generation, kind, ..Self::claims(account, session, times) };
        Ok(IssuedTokens { access: self.sign(&access)?, refresh: self.sign(&refresh)? })
    }

    /// Reads a refresh token.
    ///
    /// # Errors
    ///
    /// [`AuthenticationError::Invalid`] or [`AuthenticationError::Expired`].
    pub(crate) fn read_refresh(&self, token: &str) -> Result<PresentedToken, AuthenticationError> {
        let invalid = || AuthenticationError::Invalid;
        if token.len() > MAX_TOKEN_BYTES {
            return Err(invalid());
        }
        let claims = verified(token, &self.reading, &validation(), self.clock.now()).ok_or_else(invalid)?;
        let session = claims.session_id.as_deref().and_then(|id| id.parse().ok());
        let (Some(REFRESH), Some(session), Some(generation)) =
            (claims.kind.as_deref(), session, claims.generation)
        else {
            return Err(invalid());
        };
        if claims.exp <= seconds(self.clock.now()) {
            return Err(AuthenticationError::Expired);
        }
        Ok(PresentedToken { session, generation })
    }

    fn claims(account: &Account, session: &Session, (iat, exp): (Timestamp, Timestamp)) -> Claims {
        Claims {
            user_id: account.id.to_string(),
            email: account.email.to_string(),
            role: role_name(account.role).to_owned(),
            iat: seconds(iat),
            exp: seconds(exp),
            nbf: None,
            session_id: Some(session.id.to_string()),
            generation: None,
            kind: None,
        }
    }

    fn sign(&self, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.key)
    }
}

impl fmt::Debug for TokenIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenIssuer").finish_non_exhaustive()
    }
}

/// Returns the claims of a token that is signed with a key and valid already; its expiry is not compared.
pub(super) fn verified(
    token: &str,
    key: &DecodingKey,
    validation: &Validation,
    now: Timestamp,
) -> Option<Claims> {
    let read = jsonwebtoken::decode::<Claims>(token, key, validation).ok()?;
    let is_valid_yet = read.claims.nbf.is_none_or(|from| from <= seconds(now));
    (is_understood(&read.header) && is_valid_yet).then_some(read.claims)
}

/// Returns whether a token needs no extension: none is known here (source: RFC 7515, 4.1.11).
pub(super) fn is_understood(header: &Header) -> bool {
    header.crit.is_none()
}

/// Returns what every token must have: HS256. Its expiry is compared with the clock that its reader was given, while the
/// library would use the system's time.
pub(super) fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    validation
}

/// Returns the seconds since the epoch; times in tokens have whole seconds.
pub(super) fn seconds(time: Timestamp) -> i64 {
    time.as_micros().div_euclid(1_000_000)
}

/// Returns a role's word on the wire.
pub(crate) const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Buyer => "user",
        staff => staff.word(),
    }
}

/// Returns the role that a word names.
pub(crate) fn role_from(name: &str) -> Option<Role> {
    Role::ALL.into_iter().find(|role| role_name(*role) == name)
}
