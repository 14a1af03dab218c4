//! The state that handlers share.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tiketi_core::{
    BoxOffice, Clock, IdSource, Timestamp,
    clock::{SystemClock, TimeOrderedIds},
    store::{AccountStore, AnswerStore},
};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::credentials::{Passwords, Tokens};
use crate::limits::HttpLimits;
use crate::seat_map::SeatMaps;

/// The state that handlers share; cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    box_office: BoxOffice,
    accounts: Arc<dyn AccountStore>,
    answers: Arc<dyn AnswerStore>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    limits: HttpLimits,
    tokens: Tokens,
    passwords: Passwords,
    seat_maps: SeatMaps,
    tasks: TaskTracker,
}

/// Collects the parts of an [`AppState`].
#[derive(Debug)]
#[must_use]
pub struct AppStateBuilder {
    box_office: BoxOffice,
    accounts: Arc<dyn AccountStore>,
    answers: Arc<dyn AnswerStore>,
    jwt_secret: SecretString,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    limits: HttpLimits,
}

/// Why a state cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The secret that signs tokens could be guessed.
    #[error("the token secret has {bytes} bytes, at least {least} are needed")]
    SecretTooShort {
        /// Its length.
        bytes: usize,
        /// The least length.
        least: usize,
    },
    /// A limit of zero would refuse every request.
    #[error("the limit {name} must be more than zero")]
    ZeroLimit {
        /// The name of the limit.
        name: &'static str,
    },
}

/// Least bytes of the secret that signs tokens (source: RFC 7518, 3.2, for HS256).
pub const MIN_SECRET_BYTES: usize = 32;

impl AppState {
    /// Starts building a state; tokens are signed with `jwt_secret`, of at least [`MIN_SECRET_BYTES`].
    pub fn builder(
        box_office: BoxOffice,
        accounts: Arc<dyn AccountStore>,
        answers: Arc<dyn AnswerStore>,
        jwt_secret: SecretString,
    ) -> AppStateBuilder {
        AppStateBuilder {
            box_office,
            accounts,
            answers,
            jwt_secret,
            clock: Arc::new(SystemClock),
            ids: Arc::new(TimeOrderedIds),
            limits: HttpLimits::default(),
        }
    }

    /// Returns the box office.
    pub fn box_office(&self) -> &BoxOffice {
        &self.inner.box_office
    }

    /// Returns the tasks that outlive their requests; wait for them on shutdown.
    ///
    /// Close the tracker first: [`TaskTracker::close`], then [`TaskTracker::wait`].
    pub fn tasks(&self) -> &TaskTracker {
        &self.inner.tasks
    }

    /// Returns the limits of requests.
    pub fn limits(&self) -> HttpLimits {
        self.inner.limits
    }

    /// Returns the current time of the server's clock.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    pub(crate) fn accounts(&self) -> &Arc<dyn AccountStore> {
        &self.inner.accounts
    }

    pub(crate) fn answers(&self) -> &Arc<dyn AnswerStore> {
        &self.inner.answers
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.inner.tokens
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.inner.passwords
    }

    pub(crate) fn seat_maps(&self) -> &SeatMaps {
        &self.inner.seat_maps
    }

    pub(crate) fn new_id(&self) -> Uuid {
        self.inner.ids.next()
    }
}

impl AppStateBuilder {
    /// Takes the time from a clock; [`SystemClock`] by default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Takes new ids from a source; [`TimeOrderedIds`] by default.
    pub fn ids(mut self, ids: Arc<dyn IdSource>) -> Self {
        self.ids = ids;
        self
    }

    /// Sets the limits of requests; [`HttpLimits::default`] by default.
    pub fn limits(mut self, limits: HttpLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Builds the state.
    ///
    /// # Errors
    ///
    /// [`StateError::SecretTooShort`], [`StateError::ZeroLimit`].
    pub fn build(self) -> Result<AppState, StateError> {
        let bytes = self.jwt_secret.expose_secret().len();
        if bytes < MIN_SECRET_BYTES {
            return Err(StateError::SecretTooShort { bytes, least: MIN_SECRET_BYTES });
        }
        check_limits(&self.limits)?;
        let inner = Inner {
            box_office: self.box_office,
            accounts: self.accounts,
            answers: self.answers,
            tokens: Tokens::new(&self.jwt_secret, Arc::clone(&self.clock), &self.limits),
            passwords: Passwords::new(&self.limits),
            clock: self.clock,
            ids: self.ids,
            limits: self.limits,
            seat_maps: SeatMaps::default(),
            tasks: TaskTracker::new(),
        };
        Ok(AppState { inner: Arc::new(inner) })
    }
}

fn check_limits(limits: &HttpLimits) -> Result<(), StateError> {
    let zeros = [
        ("body_bytes", limits.body_bytes == 0),
        ("seat_list_bytes", limits.seat_list_bytes == 0),
        ("layout_bytes", limits.layout_bytes == 0),
        ("request_timeout", limits.request_timeout.is_zero()),
        ("health_patience", limits.health_patience.is_zero()),
        ("max_password_hashes", limits.max_password_hashes == 0),
        ("max_waiting_sign_ins", limits.max_waiting_sign_ins == 0),
        ("access_token_ttl", limits.access_token_ttl.is_zero()),
        ("refresh_token_ttl", limits.refresh_token_ttl.is_zero()),
    ];
    match zeros.into_iter().find(|(_, zero)| *zero) {
        Some((name, _)) => Err(StateError::ZeroLimit { name }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use tiketi_core::memory::MemoryStore;

    use super::*;

    fn builder(secret: &str) -> AppStateBuilder {
        let store = Arc::new(MemoryStore::default());
        let box_office = BoxOffice::builder().store(Arc::clone(&store)).build().unwrap();
        AppState::builder(box_office, store.clone(), store, secret.to_owned().into())
    }

    #[test]
    fn a_secret_that_could_be_guessed_is_refused() {
        let error = builder(&"x".repeat(31)).build().unwrap_err();
        assert_eq!(error, StateError::SecretTooShort { bytes: 31, least: 32 });
        assert!(builder(&"x".repeat(32)).build().is_ok());
    }

    #[test]
    fn a_limit_that_would_refuse_everything_is_refused() {
        let limits = HttpLimits { body_bytes: 0, ..HttpLimits::default() };
        let error = builder(&"x".repeat(32)).limits(limits).build().unwrap_err();
        assert_eq!(error, StateError::ZeroLimit { name: "body_bytes" });
    }

    #[test]
    fn the_secret_is_never_shown() {
        let secret = "x".repeat(32);
        let builder = builder(&secret);
        assert!(!format!("{builder:?}").contains(&secret));
        assert!(!format!("{:?}", builder.build().unwrap()).contains(&secret));
    }
}
