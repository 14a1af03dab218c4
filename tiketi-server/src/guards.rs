//! Limits by account and address: their settings, and where attempts are counted.

use std::sync::Arc;

use tiketi_core::BoxOfficeBuilder;
use tiketi_core::memory::MemoryRateLimits;
use tiketi_core::rate_limit::RateLimits;
use tiketi_core::waiting_room::{JoinGuard, JoinLimits, SourceLimits};
use tiketi_http::{
    AppStateBuilder, ClassLimits, InvalidNetwork, RequestLimits, SignInLimits, TrustedProxies,
};
use tiketi_redis::{Redis, RedisRateLimits};

use crate::failure::Failure;
use crate::options::{Guards, Limit};
use crate::shared_limits::SharedLimits;

/// The settings of limits by account and address.
#[derive(Debug)]
pub(crate) struct GuardSettings {
    proxies: TrustedProxies,
    joins: JoinLimits,
    sign_ins: SignInLimits,
    requests: RequestLimits,
}

impl GuardSettings {
    /// Checks the options.
    pub(crate) fn of(options: &Guards) -> Result<Self, Failure> {
        let refused = |error: InvalidNetwork| Failure::new(format!("--trusted-proxies: {error}"));
        let proxies = TrustedProxies::new(options.trusted_proxies.iter().map(String::as_str));
        let mut sign_ins = SignInLimits::default();
        sign_ins.account = options.sign_in_limit_account.0;
        sign_ins.ipv4 = options.sign_in_limit_ipv4.0;
        sign_ins.ipv6 = options.sign_in_limit_ipv6.0;
        Ok(Self {
            proxies: proxies.map_err(refused)?.header(options.forwarded_header.into()),
            joins: JoinLimits::default()
                .account(options.join_limit_account.0)
                .ipv4(options.join_limit_ipv4.0)
                .ipv6(options.join_limit_ipv6.0),
            sign_ins,
            requests: request_limits(options),
        })
    }

    /// Returns the proxies in front of the server.
    pub(crate) fn proxies(&self) -> &TrustedProxies {
        &self.proxies
    }

    /// Counts attempts in Redis for all servers, or in this process.
    pub(crate) fn open(&self, redis: Option<&Redis>) -> CountedGuards {
        let counts: Arc<dyn RateLimits> = match redis {
            Some(redis) => Arc::new(SharedLimits::over(Arc::new(RedisRateLimits::new(redis.clone())))),
            None => Arc::new(MemoryRateLimits::default()),
        };
        CountedGuards {
            joins: Arc::new(SourceLimits::new(self.joins, Arc::clone(&counts))),
            sign_ins: self.sign_ins,
            requests: self.requests,
            proxies: self.proxies.clone(),
            counts,
        }
    }
}

/// Returns the limits of requests by class.
fn request_limits(options: &Guards) -> RequestLimits {
    let networks = |ipv4: Limit, ipv6: Limit| ClassLimits { user: None, ipv4: ipv4.0, ipv6: ipv6.0 };
    let mut limits = RequestLimits::off();
    limits.reads = networks(options.read_limit_ipv4, options.read_limit_ipv6);
    limits.reads.user = options.read_limit_user.0;
    limits.writes = networks(options.write_limit_ipv4, options.write_limit_ipv6);
    limits.writes.user = options.write_limit_user.0;
    limits.holds = networks(options.hold_limit_ipv4, options.hold_limit_ipv6);
    limits.unverified_holds =
        networks(options.unverified_hold_limit_ipv4, options.unverified_hold_limit_ipv6);
    limits.sign_ins = networks(options.auth_limit_ipv4, options.auth_limit_ipv6);
    limits.registrations = networks(options.register_limit_ipv4, options.register_limit_ipv6);
    limits.webhooks = networks(options.webhook_limit_ipv4, options.webhook_limit_ipv6);
    limits
}

/// The limits of a server, with where attempts are counted.
#[derive(Debug, Clone)]
pub(crate) struct CountedGuards {
    joins: Arc<dyn JoinGuard>,
    sign_ins: SignInLimits,
    requests: RequestLimits,
    proxies: TrustedProxies,
    counts: Arc<dyn RateLimits>,
}

impl CountedGuards {
    /// Limits who joins the waiting rooms of a shop.
    pub(crate) fn add_to(&self, builder: BoxOfficeBuilder) -> BoxOfficeBuilder {
        builder.join_guard(Arc::clone(&self.joins))
    }

    /// Limits requests, and who signs in.
    pub(crate) fn add_to_state(&self, builder: AppStateBuilder) -> AppStateBuilder {
        let counted = builder.rate_limits(Arc::clone(&self.counts)).sign_in_limits(self.sign_ins);
        let counted = counted.request_limits(&self.requests);
        counted.trusted_proxies(self.proxies.clone())
    }
}
