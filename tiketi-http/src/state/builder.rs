//! Sets the parts of a state.

use std::sync::Arc;

use tiketi_core::{
    Clock, IdSource,
    memory::MemoryRateLimits,
    rate_limit::RateLimits,
    store::{CodeStore, MailStore, NoticeStore},
};
use tokio_util::task::TaskTracker;

use super::{AppState, AppStateBuilder, Inner, ProofSecret, SignIn, StateError};
use crate::allowed_origins::AllowedOrigins;
use crate::authenticator::Authenticator;
use crate::channels::{SocketLimits, Sockets};
use crate::client_address::TrustedProxies;
use crate::credentials::{AccountParts, Accounts, GoogleSignIn, SessionAuthenticator, SignInLimits};
use crate::images::{ImageStore, Images};
use crate::limits::HttpLimits;
use crate::live::LiveEvents;
use crate::notice_views::NoticeViews;
use crate::proof_of_work::{PURPOSE, Proofs};
use crate::readiness::{DependencyCheck, Readiness};
use crate::request_limits::{RequestCounts, RequestLimits};
use crate::serving_cache::ServingCache;

impl AppStateBuilder {
    /// Takes the time from a clock; [`SystemClock`](tiketi_core::clock::SystemClock) by default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Takes new ids from a source; [`TimeOrderedIds`](tiketi_core::clock::TimeOrderedIds) by default.
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

    /// Names the queue of mail, whose failures administrators see; by default the shop sends no mail.
    ///
    /// Mail is sent by the host, such as by the crate `tiketi-mail`.
    pub fn mails(mut self, queue: Arc<dyn MailStore>) -> Self {
        self.mails = Some(queue);
        self
    }

    /// Proves addresses by codes in mails, which are queued as [`AppStateBuilder::mails`] says; by default none is proved.
    ///
    /// Accounts are then created once their address is proved, and no answer tells whether an address has an account.
    /// Only users with a proved address may hold tickets.
    pub fn codes(mut self, codes: Arc<dyn CodeStore>) -> Self {
        self.codes = Some(codes);
        self
    }

    /// Lets users hold tickets whose address is not proved.
    pub fn unverified_holds(mut self, allowed: bool) -> Self {
        self.unverified_holds = allowed;
        self
    }

    /// Lets users sign in with Google; by default nobody does.
    pub fn google(mut self, google: GoogleSignIn) -> Self {
        self.google = Some(google);
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
                let parts = AccountParts {
                    store,
                    secret,
                    clock: clock(),
                    limits: self.sign_in_limits,
                    counts,
                    mailed: self.codes.zip(self.mails.clone()),
                    google: self.google,
                };
                let accounts = Accounts::new(parts, &self.limits);
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
            demands_verified_address: !self.unverified_holds
                && accounts.as_ref().is_some_and(|accounts| accounts.codes.is_some()),
            accounts,
            mails: self.mails,
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
        ("min_password_chars", limits.min_password_chars == 0),
        ("max_proof_checks", limits.max_proof_checks == 0),
        ("access_token_ttl", limits.access_token_ttl.is_zero()),
        ("refresh_token_ttl", limits.refresh_token_ttl.is_zero()),
    ];
    match zeros.into_iter().find(|(_, zero)| *zero) {
        Some((name, _)) => Err(StateError::ZeroLimit { name }),
        None => Ok(()),
    }
}
