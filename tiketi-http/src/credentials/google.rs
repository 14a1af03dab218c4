//! Signing in with Google: ID tokens, checked against the keys that Google publishes.

use std::error::Error;
use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jsonwebtoken::jwk::{AlgorithmParameters, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use tiketi_core::account::Email;
use tiketi_core::limits::MAX_NAME_CHARS;
use tiketi_core::text::check_line;
use tiketi_core::{Clock, Timestamp};
use tokio::sync::Mutex;

use crate::credentials::token::{is_understood, seconds};
use crate::error::{ApiError, Code};

/// The names by which Google signs (source: "Verify the Google ID token on your server side", Google Identity).
const ISSUERS: [&str; 2] = ["https://accounts.google.com", "accounts.google.com"];
/// Longest token that is parsed, in bytes; Google's have about 1,200.
pub(crate) const MAX_CREDENTIAL_BYTES: usize = 8_192;
/// How far the clocks of Google and the server may differ.
const SKEW: i64 = 60;
/// Shortest time between two fetches because of an unknown key: a client can invent names of keys.
const REFETCH_EVERY: Duration = Duration::from_mins(1);
/// How long keys are used whose time is over, while new ones cannot be fetched.
const STALE: Duration = Duration::from_hours(1);
/// Longest time for which an answer's keys are kept, whatever it says.
const LONGEST_FRESH: Duration = Duration::from_hours(24);
/// Longest id of a user, in characters (source: "sub", OpenID Connect).
const MAX_SUBJECT: usize = 255;

/// Fetches the keys with which an identity provider signs; the host has the HTTP client.
///
/// # Contract
///
/// It MUST end within some seconds, bound the size of the answer, and use TLS unless the source is this machine.
#[async_trait]
pub trait KeySource: Debug + Send + Sync + 'static {
    /// Fetches the keys.
    ///
    /// # Errors
    ///
    /// [`KeySourceError`] if they cannot be fetched now.
    async fn fetch(&self) -> Result<FetchedKeys, KeySourceError>;
}

/// Keys as they were fetched.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "a source makes it, and gives every part")]
pub struct FetchedKeys {
    /// A JSON Web Key Set (source: RFC 7517).
    pub jwks: Vec<u8>,
    /// How long they may be kept: the answer's `max-age`, less its `Age`.
    pub fresh_for: Duration,
}

/// Keys that cannot be fetched now.
#[derive(Debug, thiserror::Error)]
#[error("the keys of the identity provider cannot be fetched")]
#[non_exhaustive]
pub struct KeySourceError {
    #[source]
    source: Box<dyn Error + Send + Sync>,
}

impl KeySourceError {
    /// Makes the error with its cause.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: source.into() }
    }
}

/// Accepts ID tokens that Google signed for this shop.
pub struct GoogleSignIn {
    client_id: String,
    issuers: Vec<String>,
    keys: Arc<dyn KeySource>,
    known: Mutex<Option<KnownKeys>>,
}

/// Keys that were fetched, and until when they are used.
struct KnownKeys {
    set: JwkSet,
    fetched_at: Timestamp,
    fresh_until: Timestamp,
    /// When they were last fetched because a token named an unknown one.
    refetched_at: Option<Timestamp>,
}

/// What a token says about its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GoogleUser {
    /// Google's id of the user; it never changes.
    pub(crate) subject: String,
    /// The address, which Google has verified.
    pub(crate) email: Email,
    pub(crate) name: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    sub: String,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    email: Option<String>,
    email_verified: Option<Flag>,
    name: Option<String>,
}

/// For whom a token is; some issuers write a list of one (source: RFC 7519, 4.1.3).
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Listed(Vec<String>),
}

impl Audience {
    /// Returns whether a token is for this client only.
    fn is(&self, client: &str) -> bool {
        match self {
            Self::One(name) => name == client,
            Self::Listed(names) => matches!(names.as_slice(), [name] if name == client),
        }
    }
}

/// Yes or no, which some issuers write as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Flag {
    Plain(bool),
    Text(String),
}

impl Flag {
    fn is_set(&self) -> bool {
        match self {
            Self::Plain(yes) => *yes,
            Self::Text(word) => word == "true",
        }
    }
}

impl GoogleSignIn {
    /// Accepts tokens for a client id, signed by keys of a source.
    pub fn new(client_id: impl Into<String>, keys: Arc<dyn KeySource>) -> Self {
        let issuers = ISSUERS.map(str::to_owned).to_vec();
        Self { client_id: client_id.into(), issuers, keys, known: Mutex::new(None) }
    }

    /// Accepts tokens of other issuers than Google, such as another provider of OpenID Connect.
    #[must_use]
    pub fn issuers(mut self, issuers: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.issuers = issuers.into_iter().map(Into::into).collect();
        self
    }

    /// Checks a token, and returns its user.
    pub(crate) async fn user(&self, token: &str, clock: &dyn Clock) -> Result<GoogleUser, ApiError> {
        let refused = || ApiError::new(Code::GoogleTokenRefused);
        if token.len() > MAX_CREDENTIAL_BYTES {
            return Err(refused());
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| refused())?;
        // The algorithm is ours to choose: a token that names another one is not looked at.
        if header.alg != Algorithm::RS256 || !is_understood(&header) {
            return Err(refused());
        }
        let key = self.key(header.kid.as_deref(), clock.now()).await?.ok_or_else(refused)?;
        let read = jsonwebtoken::decode::<Claims>(token, &key, &validation());
        self.checked(read.map_err(|_| refused())?.claims, clock.now()).ok_or_else(refused)
    }

    fn checked(&self, claims: Claims, now: Timestamp) -> Option<GoogleUser> {
        let now = seconds(now);
        let is_for_us =
            claims.aud.is(&self.client_id) && claims.azp.is_none_or(|party| party == self.client_id);
        let is_in_time = now < claims.exp.saturating_add(SKEW)
            && claims.iat <= now.saturating_add(SKEW)
            && claims.nbf.is_none_or(|from| from <= now.saturating_add(SKEW));
        let is_verified = claims.email_verified.as_ref().is_some_and(Flag::is_set);
        if !self.issuers.contains(&claims.iss) || !is_for_us || !is_in_time || !is_verified {
            return None;
        }
        check_line("sub", &claims.sub, 1..=MAX_SUBJECT).ok()?;
        let email: Email = claims.email?.parse().ok()?;
        let name = claims.name.unwrap_or_default().trim().to_owned();
        let is_name = check_line("name", &name, 1..=MAX_NAME_CHARS).is_ok();
        let before_at = email.as_str().split('@').next().unwrap_or_default().to_owned();
        let name = if is_name { name } else { before_at };
        Some(GoogleUser { subject: claims.sub, email, name })
    }

    /// Returns the key of a name; `None` if the provider does not publish it.
    async fn key(&self, kid: Option<&str>, now: Timestamp) -> Result<Option<DecodingKey>, ApiError> {
        // One fetch at a time: others wait for its keys.
        let mut known = self.known.lock().await;
        if !known.as_ref().is_some_and(|keys| keys.fetched_at <= now && now < keys.fresh_until) {
            match self.fetch(now, None).await {
                Ok(keys) => *known = Some(keys),
                Err(error) => {
                    let is_usable = |keys: &KnownKeys| now < keys.fresh_until.after(STALE);
                    if !known.as_ref().is_some_and(is_usable) {
                        return Err(ApiError::new(Code::ServiceUnavailable).caused_by(error));
                    }
                    tracing::warn!(error = &error as &dyn Error, "the keys of Google are old");
                }
            }
        }
        let Some(keys) = known.as_mut() else { return Ok(None) };
        if let Some(key) = keys.of(kid) {
            return Ok(Some(key));
        }
        // The provider may have changed its keys before their time was over.
        let last = keys.refetched_at.unwrap_or(keys.fetched_at);
        if last <= now && now.since(last) < REFETCH_EVERY {
            return Ok(None);
        }
        keys.refetched_at = Some(now);
        match self.fetch(now, Some(now)).await {
            Ok(fetched) => *keys = fetched,
            Err(error) => tracing::warn!(error = &error as &dyn Error, "the keys of Google were not fetched"),
        }
        Ok(keys.of(kid))
    }

    async fn fetch(
        &self,
        now: Timestamp,
        refetched_at: Option<Timestamp>,
    ) -> Result<KnownKeys, KeySourceError> {
        let fetched = self.keys.fetch().await?;
        let set: JwkSet = serde_json::from_slice(&fetched.jwks).map_err(KeySourceError::new)?;
        let fresh_until = now.after(fetched.fresh_for.min(LONGEST_FRESH));
        Ok(KnownKeys { set, fetched_at: now, fresh_until, refetched_at })
    }
}

impl KnownKeys {
    /// Returns the RSA key of a name; without a name, the only key (source: OpenID Connect Core, 10.1).
    fn of(&self, kid: Option<&str>) -> Option<DecodingKey> {
        let jwk = match (kid, self.set.keys.as_slice()) {
            (Some(kid), _) => self.set.find(kid)?,
            (None, [only]) => only,
            (None, _) => return None,
        };
        match jwk.algorithm {
            AlgorithmParameters::RSA(_) => DecodingKey::from_jwk(jwk).ok(),
            _ => None,
        }
    }
}

impl Debug for GoogleSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoogleSignIn").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// Checks the signature only; the claims are compared with the server's clock by [`GoogleSignIn::checked`].
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    validation
}
