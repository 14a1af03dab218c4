//! Authentication by the shop's own accounts: a JWT whose session has not ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use axum::http::request::Parts;
use tiketi_core::account::Role;
use tiketi_core::id::SessionId;
use tiketi_core::store::AccountStore;
use tiketi_core::{AccountId, Clock, Timestamp};

use crate::authenticator::{AuthenticatedUser, AuthenticationError, Authenticator, CredentialScheme};
use crate::credentials::JwtAuthenticator;
use crate::credentials::jwt::AccessToken;

/// How long a session is known without asking the store: 1 second. A sign-out and a change of role take effect on every
/// server within this time, and at once on the server that makes it.
const KNOWN_FOR: Duration = Duration::from_secs(1);

/// Accepts the tokens of sessions that have not ended, with the role that the account has now.
///
/// A token without a session was signed by another service that has the secret; it is valid until it expires.
#[derive(Debug)]
pub(crate) struct SessionAuthenticator {
    tokens: JwtAuthenticator,
    store: Arc<dyn AccountStore>,
    clock: Arc<dyn Clock>,
    known: Mutex<KnownSessions>,
}

/// The sessions that were read in the last one to two times [`KNOWN_FOR`].
///
/// Two tables, so that dropping the old ones costs nothing while 100,000 buyers ask every second.
#[derive(Debug)]
struct KnownSessions {
    since: Timestamp,
    recent: HashMap<SessionId, Known>,
    before: HashMap<SessionId, Known>,
    /// Accounts that this server changed a moment ago, and when.
    changed: HashMap<AccountId, Timestamp>,
}

/// A session that the store had a moment ago.
#[derive(Debug, Clone, Copy)]
struct Known {
    account: AccountId,
    role: Role,
    is_verified: bool,
    read_at: Timestamp,
}

impl SessionAuthenticator {
    /// Reads tokens, and looks up their sessions in a store.
    pub(super) fn new(tokens: JwtAuthenticator, store: Arc<dyn AccountStore>, clock: Arc<dyn Clock>) -> Self {
        Self { tokens, store, clock, known: Mutex::default() }
    }

    /// Returns the session of a request that [`Authenticator::authenticate`] accepts; `None` without a session.
    pub(crate) fn session_of(&self, request: &Parts) -> Result<Option<SessionId>, AuthenticationError> {
        Ok(self.tokens.token(request)?.and_then(|token| token.session))
    }

    /// Makes the next request of a session ask the store.
    pub(crate) fn session_changed(&self, session: SessionId) {
        let mut sessions = self.lock();
        sessions.recent.remove(&session);
        sessions.before.remove(&session);
    }

    /// Makes the next request of every session of an account ask the store.
    pub(crate) fn account_changed(&self, account: AccountId) {
        let now = self.clock.now();
        let mut sessions = self.lock();
        // What was read this long ago is asked for anyway.
        sessions.changed.retain(|_, at| now.since(*at) < 2 * KNOWN_FOR);
        sessions.changed.insert(account, now);
    }

    async fn user(&self, token: AccessToken) -> Result<AuthenticatedUser, AuthenticationError> {
        let Some(session) = token.session else { return Ok(token.user) };
        let now = self.clock.now();
        let known = self.known(session, now);
        let known = match known {
            Some(known) => known,
            None => self.read(session, now).await?,
        };
        let account = known.account.into();
        if account == token.user.id {
            Ok(AuthenticatedUser::new(account, known.role).verified(known.is_verified))
        } else {
            Err(AuthenticationError::Invalid)
        }
    }

    fn known(&self, session: SessionId, now: Timestamp) -> Option<Known> {
        let sessions = self.lock();
        let known = sessions.recent.get(&session).or_else(|| sessions.before.get(&session));
        known.filter(|known| known.is_current(now) && !sessions.has_changed(known)).copied()
    }

    async fn read(&self, session: SessionId, now: Timestamp) -> Result<Known, AuthenticationError> {
        let found = self.store.session(session).await;
        let found = found.map_err(|error| AuthenticationError::Unavailable(error.into()))?;
        let Some(found) = found else {
            self.session_changed(session);
            return Err(AuthenticationError::Invalid);
        };
        if found.session.ends_at <= now {
            return Err(AuthenticationError::Expired);
        }
        let (account, is_verified) = (found.account.id, found.account.verified_at.is_some());
        let known = Known { account, role: found.account.role, is_verified, read_at: now };
        self.lock().insert(session, known);
        Ok(known)
    }

    fn lock(&self) -> MutexGuard<'_, KnownSessions> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for KnownSessions {
    fn default() -> Self {
        Self {
            since: Timestamp::EPOCH,
            recent: HashMap::new(),
            before: HashMap::new(),
            changed: HashMap::new(),
        }
    }
}

impl KnownSessions {
    /// Returns whether the account may have changed since it was read; within one moment, that is not known.
    fn has_changed(&self, known: &Known) -> bool {
        self.changed.get(&known.account).is_some_and(|at| known.read_at <= *at)
    }

    fn insert(&mut self, session: SessionId, known: Known) {
        if known.read_at < self.since || known.read_at.since(self.since) >= KNOWN_FOR {
            self.since = known.read_at;
            self.before = std::mem::take(&mut self.recent);
        }
        self.recent.insert(session, known);
    }
}

impl Known {
    /// Returns whether it was read less than [`KNOWN_FOR`] ago; one of the future shows that the clock was set back.
    fn is_current(&self, now: Timestamp) -> bool {
        self.read_at <= now && now.since(self.read_at) < KNOWN_FOR
    }
}

#[async_trait]
impl Authenticator for SessionAuthenticator {
    async fn authenticate(&self, request: &Parts) -> Result<Option<AuthenticatedUser>, AuthenticationError> {
        match self.tokens.token(request)? {
            Some(token) => self.user(token).await.map(Some),
            None => Ok(None),
        }
    }

    fn scheme(&self) -> CredentialScheme {
        CredentialScheme::Bearer
    }
}
