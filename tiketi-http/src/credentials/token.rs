//! Tokens of signed-in clients, signed with HS256.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tiketi_core::{
    AccountId, Clock,
    account::{Account, Role},
};

use crate::credentials::CurrentUser;
use crate::limits::HttpLimits;

/// Longest token that is parsed, in bytes; issued tokens have about 400.
const MAX_TOKEN_BYTES: usize = 4_096;

/// Signs and reads tokens.
pub(crate) struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    clock: Arc<dyn Clock>,
    access_ttl: Duration,
    refresh_ttl: Duration,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenError {
    /// The token is malformed, has a wrong signature, or is not an access token.
    Invalid,
    /// The token has expired.
    Expired,
}

/// The claims of a token.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claims {
    user_id: String,
    email: String,
    role: String,
    iat: i64,
    exp: i64,
    /// Absent in access tokens: a token of another kind is never accepted as one.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
}

/// The `type` of refresh tokens.
const REFRESH: &str = "refresh";

impl Tokens {
    /// Prepares the keys.
    pub(crate) fn new(secret: &SecretString, clock: Arc<dyn Clock>, limits: &HttpLimits) -> Self {
        let secret = secret.expose_secret().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        // The library would use the system's time; `read_access` uses the clock it was given.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
            clock,
            access_ttl: limits.access_token_ttl,
            refresh_ttl: limits.refresh_token_ttl,
        }
    }

    /// Signs a token that lets its bearer act as the account.
    pub(crate) fn access(&self, account: &Account) -> Result<String, jsonwebtoken::errors::Error> {
        self.sign(account, None, self.access_ttl)
    }

    /// Signs a token that can only be exchanged for another access token.
    pub(crate) fn refresh(&self, account: &Account) -> Result<String, jsonwebtoken::errors::Error> {
        self.sign(account, Some(REFRESH.to_owned()), self.refresh_ttl)
    }

    /// Returns the user that an access token names.
    pub(crate) fn read_access(&self, token: &str) -> Result<CurrentUser, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Invalid);
        }
        let read = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation);
        let claims = read.map_err(|_| TokenError::Invalid)?.claims;
        if claims.kind.is_some() {
            return Err(TokenError::Invalid);
        }
        if claims.exp <= self.now() {
            return Err(TokenError::Expired);
        }
        let account = AccountId::from_str(&claims.user_id).map_err(|_| TokenError::Invalid)?;
        let role = role_from(&claims.role).ok_or(TokenError::Invalid)?;
        Ok(CurrentUser { account, role })
    }

    fn sign(
        &self,
        account: &Account,
        kind: Option<String>,
        ttl: Duration,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let iat = self.now();
        let claims = Claims {
            user_id: account.id.to_string(),
            email: account.email.to_string(),
            role: role_name(account.role).to_owned(),
            iat,
            exp: iat.saturating_add(i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX)),
            kind,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
    }

    /// Returns the seconds since the epoch; times in tokens have whole seconds.
    fn now(&self) -> i64 {
        self.clock.now().as_micros().div_euclid(1_000_000)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

/// Returns a role's word on the wire.
pub(crate) const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Buyer => "user",
        Role::Admin => "admin",
    }
}

fn role_from(name: &str) -> Option<Role> {
    match name {
        "user" => Some(Role::Buyer),
        "admin" => Some(Role::Admin),
        _ => None,
    }
}
