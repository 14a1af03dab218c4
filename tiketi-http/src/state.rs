//! The state that handlers share.

mod builder;

use std::fmt;
use std::sync::Arc;

use tiketi_core::{
    BoxOffice, Clock, EventId, IdSource, StoreError, Timestamp,
    clock::{SystemClock, TimeOrderedIds},
    rate_limit::RateLimits,
    store::{AccountStore, AnswerStore, CodeStore, MailStore, NoticeStore, StaffLog},
};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::allowed_origins::AllowedOrigins;
use crate::authenticator::{Authenticator, CredentialScheme};
use crate::channels::{SocketLimits, Sockets};
use crate::client_address::TrustedProxies;
use crate::credentials::{Accounts, GoogleSignIn, SignInLimits, TokenSecret};
use crate::images::Images;
use crate::limits::HttpLimits;
use crate::live::LiveEvents;
use crate::notice_views::NoticeViews;
use crate::proof_of_work::Proofs;
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
    mails: Option<Arc<dyn MailStore>>,
    demands_verified_address: bool,
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
    mails: Option<Arc<dyn MailStore>>,
    codes: Option<Arc<dyn CodeStore>>,
    unverified_holds: bool,
    google: Option<GoogleSignIn>,
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
            mails: None,
            codes: None,
            unverified_holds: false,
            google: None,
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

    /// Returns whether only users with a proved address may hold tickets.
    pub(crate) fn demands_verified_address(&self) -> bool {
        self.inner.demands_verified_address
    }

    /// Returns the queue of mail; `None` if the shop sends none.
    pub(crate) fn mails(&self) -> Option<&Arc<dyn MailStore>> {
        self.inner.mails.as_ref()
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

#[cfg(test)]
mod tests;
