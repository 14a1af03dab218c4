//! The state that handlers share.

use std::fmt;
use std::sync::Arc;

use tiketi_core::{
    BoxOffice, Clock, EventId, IdSource, StoreError, Timestamp,
    clock::{SystemClock, TimeOrderedIds},
    memory::MemoryRateLimits,
    rate_limit::RateLimits,
    store::{AccountStore, AnswerStore, NoticeStore, StaffLog},
};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::allowed_origins::AllowedOrigins;
use crate::authenticator::{Authenticator, CredentialScheme};
use crate::channels::{SocketLimits, Sockets};
use crate::client_address::TrustedProxies;
use crate::credentials::{Accounts, SessionAuthenticator, SignInLimits, TokenSecret};
use crate::images::{ImageStore, Images};
use crate::limits::HttpLimits;
use crate::live::LiveEvents;
use crate::notice_views::NoticeViews;
use crate::proof_of_work::{PURPOSE, Proofs};
use crate::readiness::{DependencyCheck, Readiness};
use crate::request_limits::{RequestCounts, RequestLimits};
use crate::serving_cache::ServingCache;

/// The state that handlers share; cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    box_office: BoxOffice,
    answers: Arc<dyn AnswerStore>,
    staff_log: Arc<dyn StaffLog>,
    authenticator: Arc<dyn Authenticator>,
    credential_scheme: CredentialScheme,
    accounts: Option<Arc<Accounts>>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    limits: HttpLimits,
    trusted_proxies: TrustedProxies,
    proofs: Proofs,
    proof_secret: ProofSecret,
    live: LiveEvents,
    serving: ServingCache,
    notices: Option<Arc<dyn NoticeStore>>,
    notice_views: NoticeViews,
    images: Option<Images>,
    allowed_origins: AllowedOrigins,
    sockets: Sockets,
    readiness: Readiness,
    request_counts: RequestCounts,
    redis: Option<Arc<dyn DependencyCheck>>,
    tasks: TaskTracker,
}

/// The secret that signs challenges; it is not shown.
struct ProofSecret([u8; 32]);

impl fmt::Debug for ProofSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProofSecret(…)")
    }
}

/// Where users sign in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SignIn {
    /// With accounts of the shop: the routes below `/api/auth` are served, and tokens are JWTs.
    ///
    /// A token is valid until its session ends: by signing out, or because a refresh token was used twice. Its holder has
    /// the role that the account has now. A token without a session, signed by another service with the same secret, is
    /// valid until it expires, as with a [`JwtAuthenticator`](crate::JwtAuthenticator).
    Accounts {
        /// Stores the accounts.
        store: Arc<dyn AccountStore>,
        /// Signs the tokens; the same on every server.
        secret: TokenSecret,
    },
    /// Users sign in at the host, which authenticates each request.
    ///
    /// The routes below `/api/auth` are neither served nor in the OpenAPI document.
    Host(Arc<dyn Authenticator>),
}

/// Collects the parts of an [`AppState`].
#[derive(Debug)]
#[must_use]
pub struct AppStateBuilder {
    box_office: BoxOffice,
    answers: Arc<dyn AnswerStore>,
    staff_log: Arc<dyn StaffLog>,
    sign_in: SignIn,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    limits: HttpLimits,
    trusted_proxies: TrustedProxies,
    sign_in_limits: SignInLimits,
    rate_limits: Option<Arc<dyn RateLimits>>,
    notices: Option<Arc<dyn NoticeStore>>,
    images: Option<Images>,
    allowed_origins: AllowedOrigins,
    socket_limits: SocketLimits,
    redis: Option<Arc<dyn DependencyCheck>>,
    request_limits: RequestLimits,
}

/// Why a state cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// A limit of zero would refuse every request.
    #[error("the limit {name} must be more than zero")]
    ZeroLimit {
        /// The name of the limit.
        name: &'static str,
    },
}

impl AppState {
    /// Starts building a state over a box office.
    ///
    /// `answers` stores the answers of writes with an `Idempotency-Key`, and `staff_log` what staff do; a write of staff is
    /// refused while it fails. `sign_in` says who the users are.
    pub fn builder(
        box_office: BoxOffice,
        answers: Arc<dyn AnswerStore>,
        staff_log: Arc<dyn StaffLog>,
        sign_in: SignIn,
    ) -> AppStateBuilder {
        AppStateBuilder {
            box_office,
            answers,
            staff_log,
            sign_in,
            clock: Arc::new(SystemClock),
            ids: Arc::new(TimeOrderedIds),
            limits: HttpLimits::default(),
            trusted_proxies: TrustedProxies::default(),
            sign_in_limits: SignInLimits::default(),
            rate_limits: None,
            notices: None,
            images: None,
            allowed_origins: AllowedOrigins::default(),
            socket_limits: SocketLimits::default(),
            redis: None,
            request_limits: RequestLimits::default(),
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

    /// Makes `/health/ready` answer 503 from now on; everything else is served as before.
    ///
    /// Call it first on shutdown, and give load balancers the time to notice.
    pub fn stop_being_ready(&self) {
        self.inner.readiness.stop();
    }

    pub(crate) fn request_counts(&self) -> &RequestCounts {
        &self.inner.request_counts
    }

    pub(crate) fn readiness(&self) -> &Readiness {
        &self.inner.readiness
    }

    /// Returns the check of Redis, if the host uses it.
    pub(crate) fn redis(&self) -> Option<&Arc<dyn DependencyCheck>> {
        self.inner.redis.as_ref()
    }

    /// Ends every socket with the code 1012 and a random time after which the client connects again, accepts none from now
    /// on, and waits until all have ended: at most two seconds, and longer only if the machine is busy.
    ///
    /// Call it on shutdown, when no request is accepted any more.
    pub async fn close_sockets(&self) {
        self.inner.sockets.close().await;
    }

    /// Returns the limits of sockets.
    pub fn socket_limits(&self) -> SocketLimits {
        self.inner.sockets.limits
    }

    /// Returns how many sockets are open.
    pub fn socket_count(&self) -> usize {
        self.inner.sockets.counter.count()
    }

    pub(crate) fn sockets(&self) -> &Sockets {
        &self.inner.sockets
    }

    pub(crate) fn allowed_origins(&self) -> &AllowedOrigins {
        &self.inner.allowed_origins
    }

    /// Returns the limits of requests.
    pub fn limits(&self) -> HttpLimits {
        self.inner.limits
    }

    pub(crate) fn proofs(&self) -> &Proofs {
        &self.inner.proofs
    }

    /// Returns the secret that signs challenges of proofs of work.
    pub(crate) fn proof_secret(&self) -> &[u8; 32] {
        &self.inner.proof_secret.0
    }

    pub(crate) fn trusted_proxies(&self) -> &TrustedProxies {
        &self.inner.trusted_proxies
    }

    /// Returns the current time of the server's clock.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Returns the accounts of the shop; `None` if users sign in at the host.
    pub(crate) fn accounts(&self) -> Option<&Arc<Accounts>> {
        self.inner.accounts.as_ref()
    }

    pub(crate) fn authenticator(&self) -> &dyn Authenticator {
        self.inner.authenticator.as_ref()
    }

    pub(crate) fn credential_scheme(&self) -> &CredentialScheme {
        &self.inner.credential_scheme
    }

    pub(crate) fn answers(&self) -> &Arc<dyn AnswerStore> {
        &self.inner.answers
    }

    /// Returns the log of what staff do.
    pub(crate) fn staff_log(&self) -> &Arc<dyn StaffLog> {
        &self.inner.staff_log
    }

    /// Returns the server's clock.
    pub(crate) fn clock(&self) -> &dyn Clock {
        self.inner.clock.as_ref()
    }

    /// Returns the events that are kept in memory.
    pub(crate) fn live(&self) -> &LiveEvents {
        &self.inner.live
    }

    /// Makes the next reader of an event see what a handler changed.
    pub(crate) fn event_was_edited(&self, event: EventId) {
        self.inner.live.was_edited(event);
    }

    pub(crate) fn serving(&self) -> &ServingCache {
        &self.inner.serving
    }

    /// Returns the notices of the organiser, if the shop publishes any.
    pub(crate) fn notices(&self) -> Option<&dyn NoticeStore> {
        self.inner.notices.as_deref()
    }

    /// Returns where images are stored, if the shop stores any.
    pub(crate) fn images(&self) -> Option<&Images> {
        self.inner.images.as_ref()
    }

    pub(crate) fn notice_views(&self) -> &NoticeViews {
        &self.inner.notice_views
    }

    /// Saves how often notices were read since the last call, and returns of how many notices.
    ///
    /// Call it about every minute, and when the process ends; what is not saved then is lost. If it fails, the next call
    /// saves what this one did not.
    pub async fn save_views_once(&self) -> Result<u64, StoreError> {
        let Some(notices) = self.notices() else { return Ok(0) };
        let views = self.notice_views().take();
        if views.is_empty() {
            return Ok(0);
        }
        let saved = notices.add_views(&views).await;
        if let Err(error) = saved {
            // With an unknown outcome they may count twice, which is better than never.
            self.notice_views().put_back(views);
            return Err(error);
        }
        Ok(views.len() as u64)
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

    /// Trusts proxies to name their clients; none by default.
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.trusted_proxies = proxies;
        self
    }

    /// Sets the limits of sign-ins by account and network; [`SignInLimits::default`] by default.
    ///
    /// They need the client's address: serve the router with
    /// [`into_make_service_with_connect_info`](axum::Router::into_make_service_with_connect_info).
    pub fn sign_in_limits(mut self, limits: SignInLimits) -> Self {
        self.sign_in_limits = limits;
        self
    }

    /// Sets the limits of requests by user, network and class of route; [`RequestLimits::default`] by default.
    ///
    /// Those of networks need the client's address, as [`AppStateBuilder::sign_in_limits`] does.
    pub fn request_limits(mut self, limits: &RequestLimits) -> Self {
        self.request_limits = *limits;
        self
    }

    /// Counts sign-ins, and requests other than reads, in a store, which several servers may share; [`MemoryRateLimits`] by default.
    pub fn rate_limits(mut self, store: Arc<dyn RateLimits>) -> Self {
        self.rate_limits = Some(store);
        self
    }

    /// Publishes news from this store; without it, `/api/news` answers `NEWS_NOT_KEPT`.
    pub fn notices(mut self, store: Arc<dyn NoticeStore>) -> Self {
        self.notices = Some(store);
        self
    }

    /// Stores uploaded images, and serves them from `/images`; without it, these routes answer `IMAGES_NOT_KEPT`.
    pub fn images(mut self, store: Arc<dyn ImageStore>) -> Self {
        self.images = Some(Images::new(store));
        self
    }

    /// Says which pages may open a socket; those of the same host by default.
    pub fn allowed_origins(mut self, origins: AllowedOrigins) -> Self {
        self.allowed_origins = origins;
        self
    }

    /// Sets the limits of sockets; [`SocketLimits::default`] by default.
    ///
    /// Those of networks need the client's address, as [`AppStateBuilder::sign_in_limits`] does.
    pub fn socket_limits(mut self, limits: SocketLimits) -> Self {
        self.socket_limits = limits;
        self
    }

    /// Shows at `/health/redis` and `/health/all` whether Redis answers; without it, it is not configured.
    ///
    /// A server without its Redis stays ready: sales do not depend on it.
    pub fn redis_check(mut self, check: Arc<dyn DependencyCheck>) -> Self {
        self.redis = Some(check);
        self
    }

    /// Builds the state.
    ///
    /// # Errors
    ///
    /// [`StateError::ZeroLimit`].
    pub fn build(self) -> Result<AppState, StateError> {
        check_limits(&self.limits)?;
        if let Some(name) = self.socket_limits.zero() {
            return Err(StateError::ZeroLimit { name });
        }
        let clock = || Arc::clone(&self.clock);
        let counts = self.rate_limits.unwrap_or_else(|| Arc::new(MemoryRateLimits::default()));
        let request_counts = RequestCounts::new(&self.request_limits, Arc::clone(&counts), clock());
        let proofs = Proofs::new(&self.limits, Arc::clone(&counts));
        let proof_secret = ProofSecret(self.box_office.waiting_room().derived_secret(PURPOSE));
        let (authenticator, accounts): (Arc<dyn Authenticator>, _) = match self.sign_in {
            SignIn::Accounts { store, secret } => {
                let accounts =
                    Accounts::new(store, &secret, clock(), &self.limits, (self.sign_in_limits, counts));
                let authenticator = Arc::<SessionAuthenticator>::clone(&accounts.authenticator);
                (authenticator, Some(Arc::new(accounts)))
            }
            SignIn::Host(authenticator) => (authenticator, None),
        };
        let inner = Inner {
            box_office: self.box_office,
            answers: self.answers,
            staff_log: self.staff_log,
            credential_scheme: authenticator.scheme(),
            authenticator,
            accounts,
            clock: self.clock,
            ids: self.ids,
            limits: self.limits,
            trusted_proxies: self.trusted_proxies,
            proofs,
            proof_secret,
            live: LiveEvents::default(),
            serving: ServingCache::default(),
            notices: self.notices,
            notice_views: NoticeViews::default(),
            images: self.images,
            allowed_origins: self.allowed_origins,
            sockets: Sockets::new(self.socket_limits),
            readiness: Readiness::default(),
            request_counts,
            redis: self.redis,
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
        ("max_proof_checks", limits.max_proof_checks == 0),
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
        let secret = TokenSecret::new(secret).unwrap();
        AppState::builder(box_office, store.clone(), store.clone(), SignIn::Accounts { store, secret })
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
