//! Tokens of signed-in clients, signed with HS256.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};
use tiketi_core::{
    Clock, Timestamp,
    account::{Account, Role},
};

use crate::credentials::TokenSecret;
use crate::limits::HttpLimits;

/// Signs tokens of accounts.
pub(crate) struct TokenIssuer {
    key: EncodingKey,
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
    /// Absent in access tokens: a token of another kind is never accepted as one.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<String>,
}

/// The `type` of refresh tokens.
const REFRESH: &str = "refresh";

impl TokenIssuer {
    /// Prepares the key.
    pub(super) fn new(secret: &TokenSecret, clock: Arc<dyn Clock>, limits: &HttpLimits) -> Self {
        Self {
            key: EncodingKey::from_secret(secret.expose_bytes()),
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

    fn sign(
        &self,
        account: &Account,
        kind: Option<String>,
        ttl: Duration,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let iat = seconds(self.clock.now());
        let claims = Claims {
            user_id: account.id.to_string(),
            email: account.email.to_string(),
            role: role_name(account.role).to_owned(),
            iat,
            exp: iat.saturating_add(i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX)),
            kind,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.key)
    }
}

impl fmt::Debug for TokenIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenIssuer").finish_non_exhaustive()
    }
}

/// Returns the seconds since the epoch; times in tokens have whole seconds.
pub(super) fn seconds(time: Timestamp) -> i64 {
    time.as_micros().div_euclid(1_000_000)
}

/// Returns a role's word on the wire.
pub(crate) const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Buyer => "user",
        Role::Admin => "admin",
    }
}

/// Returns the role that a word names.
pub(super) fn role_from(name: &str) -> Option<Role> {
    match name {
        "user" => Some(Role::Buyer),
        "admin" => Some(Role::Admin),
        _ => None,
    }
}
