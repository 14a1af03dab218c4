//! Limits of requests by user, network and class of route.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use tiketi_core::memory::MemoryRateLimits;
use tiketi_core::network::Network;
use tiketi_core::rate_limit::{RateKey, RateLimit, RateLimits, Take, Taken};
use tiketi_core::{BuyerId, Clock};

use crate::error::{ApiError, Code};

/// How many requests users and networks have.
///
/// A signed-in user has an allowance of the own; whatever others do in the same network, it is not used up by them.
/// Requests without a user count for their network: an IPv4 /24 or an IPv6 /56. `None` is no limit. A request without a
/// user is not limited if its address is not known, or that of the machine itself.
///
/// Reads are counted in the process, by each server alone. All else is counted in the store that
/// [`AppStateBuilder::rate_limits`](crate::AppStateBuilder::rate_limits) names, which servers may share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestLimits {
    /// Reads; by default 1200 a minute of a user, 30,000 of an IPv4 network, 3,000 of an IPv6 network.
    ///
    /// They count for the network first, and for the user once the network has no more.
    pub reads: ClassLimits,
    /// Writes, other than those below; by default 600 a minute of a user, 3,000 and 600 of a network.
    pub writes: ClassLimits,
    /// Holds of signed-in users, which count as writes of their user and for this of their network; by default 30,000 and
    /// 1,200 in ten minutes of a network.
    ///
    /// A mobile carrier has thousands of buyers behind one IPv4 /24; one household or office has an IPv6 /56.
    pub holds: ClassLimits,
    /// Holds of users whose address is not proved; by default 60 and 20 in ten minutes of a network.
    ///
    /// Such accounts cost nothing, so a network of them must not hold a whole hall. A shop that sends mail lets none of
    /// them hold; one without mail has only this, and should raise it if many buyers come from one network.
    pub unverified_holds: ClassLimits,
    /// Requests below `/api/auth` that sign in, renew or prove something; by default 1,200 and 240 a minute of a network.
    pub sign_ins: ClassLimits,
    /// Registrations; by default 1,000 and 100 an hour of a network.
    pub registrations: ClassLimits,
    /// Webhooks of providers; by default 12,000 and 2,400 a minute of a network.
    pub webhooks: ClassLimits,
}

/// The limits of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the three kinds of sources there are")]
pub struct ClassLimits {
    /// The allowance of a signed-in user.
    pub user: Option<RateLimit>,
    /// The allowance of an IPv4 /24.
    pub ipv4: Option<RateLimit>,
    /// The allowance of an IPv6 /56.
    pub ipv6: Option<RateLimit>,
}

impl ClassLimits {
    /// Has no limit.
    pub const OFF: Self = Self { user: None, ipv4: None, ipv6: None };

    fn of(period: Duration, [user, ipv4, ipv6]: [u32; 3]) -> Self {
        let limit = |burst| RateLimit::new(burst, period).ok();
        Self { user: limit(user), ipv4: limit(ipv4), ipv6: limit(ipv6) }
    }

    fn of_network(&self, network: Network) -> Option<RateLimit> {
        match network {
            Network::V4(_) => self.ipv4,
            Network::V6(_) => self.ipv6,
        }
    }
}

impl Default for RequestLimits {
    fn default() -> Self {
        let [minute, ten_minutes, hour] = [1, 10, 60].map(Duration::from_mins);
        // A burst of 0 is no limit.
        Self {
            reads: ClassLimits::of(minute, [1_200, 30_000, 3_000]),
            writes: ClassLimits::of(minute, [600, 3_000, 600]),
            holds: ClassLimits::of(ten_minutes, [0, 30_000, 1_200]),
            unverified_holds: ClassLimits::of(ten_minutes, [0, 60, 20]),
            sign_ins: ClassLimits::of(minute, [0, 1_200, 240]),
            registrations: ClassLimits::of(hour, [0, 1_000, 100]),
            webhooks: ClassLimits::of(minute, [0, 12_000, 2_400]),
        }
    }
}

impl RequestLimits {
    /// Has no limits.
    pub const fn off() -> Self {
        let off = ClassLimits::OFF;
        Self {
            reads: off,
            writes: off,
            holds: off,
            unverified_holds: off,
            sign_ins: off,
            registrations: off,
            webhooks: off,
        }
    }

    fn of(&self, class: RouteClass) -> &ClassLimits {
        match class {
            RouteClass::Read => &self.reads,
            RouteClass::Write => &self.writes,
            RouteClass::Hold => &self.holds,
            RouteClass::UnverifiedHold => &self.unverified_holds,
            RouteClass::SignIn => &self.sign_ins,
            RouteClass::Registration => &self.registrations,
            RouteClass::Webhook => &self.webhooks,
        }
    }
}

/// What a request is, as far as its limit is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RouteClass {
    Read,
    Write,
    Hold,
    /// A hold of a user whose address is not proved.
    UnverifiedHold,
    SignIn,
    Registration,
    Webhook,
}

impl RouteClass {
    /// Returns the class of a route, which a host may have nested below its own path; `None` for health checks.
    pub(crate) fn of(method: &Method, route: &str) -> Option<Self> {
        if route.ends_with("/health") || route.contains("/health/") {
            return None;
        }
        if [Method::GET, Method::HEAD, Method::OPTIONS].contains(method) {
            return Some(Self::Read);
        }
        Some(if route.contains("/api/payments/webhook/") {
            Self::Webhook
        } else if HOLDS.iter().any(|hold| route.ends_with(hold)) {
            Self::Hold
        } else if route.ends_with("/api/auth/register") {
            Self::Registration
        } else if route.contains("/api/auth/") && !is_of_the_signed_in(route) {
            Self::SignIn
        } else {
            Self::Write
        })
    }

    const fn scope(self, is_user: bool) -> &'static str {
        match (self, is_user) {
            (Self::Read, true) => "read user",
            (Self::Read, false) => "read network",
            // The user has one allowance for all writes.
            (Self::Write | Self::Hold | Self::UnverifiedHold, true) => "write user",
            (Self::Write, false) => "write network",
            (Self::Hold, false) => "hold network",
            (Self::UnverifiedHold, false) => "unverified hold network",
            (Self::SignIn, true) => "auth user",
            (Self::SignIn, false) => "auth network",
            (Self::Registration, true) => "register user",
            (Self::Registration, false) => "register network",
            (Self::Webhook, true) => "webhook user",
            (Self::Webhook, false) => "webhook network",
        }
    }
}

/// The routes that hold tickets.
const HOLDS: [&str; 2] = ["/api/reservations", "/api/seats/reserve"];

/// Returns whether only a signed-in user can write there.
fn is_of_the_signed_in(route: &str) -> bool {
    route.ends_with("/api/auth/profile") || route.ends_with("/api/auth/logout")
}

/// Counts requests.
#[derive(Debug)]
pub(crate) struct RequestCounts {
    limits: RequestLimits,
    shared: Arc<dyn RateLimits>,
    own: MemoryRateLimits,
    clock: Arc<dyn Clock>,
}

impl RequestCounts {
    pub(crate) fn new(limits: &RequestLimits, shared: Arc<dyn RateLimits>, clock: Arc<dyn Clock>) -> Self {
        Self { limits: *limits, shared, own: MemoryRateLimits::default(), clock }
    }

    /// Returns whether users have an allowance of a class, and so whether it is worth asking who sent a request.
    pub(crate) fn counts_users(&self, class: RouteClass) -> bool {
        self.of_user(class).is_some()
            || class == RouteClass::Hold && self.limits.unverified_holds != ClassLimits::OFF
    }

    /// Returns the allowance of a user; holds use up that of writes.
    fn of_user(&self, class: RouteClass) -> Option<RateLimit> {
        match class {
            RouteClass::Hold | RouteClass::UnverifiedHold => self.limits.writes.user,
            other => self.limits.of(other).user,
        }
    }

    /// Counts a request of a network.
    pub(crate) async fn network(&self, class: RouteClass, client: Option<IpAddr>) -> Result<(), ApiError> {
        // Who sends from the machine itself is its operator, or a proxy that was not declared: then all clients would be
        // one network.
        let elsewhere = client.filter(|client| !client.to_canonical().is_loopback());
        let Some(network) = elsewhere.map(Network::of) else { return Ok(()) };
        let limit = self.limits.of(class).of_network(network);
        self.take(class, limit, RateKey::new(class.scope(false), &[network.as_bytes()])).await
    }

    /// Counts a request of a user.
    pub(crate) async fn user(&self, class: RouteClass, user: BuyerId) -> Result<(), ApiError> {
        let key = RateKey::new(class.scope(true), &[user.as_uuid().as_bytes()]);
        self.take(class, self.of_user(class), key).await
    }

    async fn take(&self, class: RouteClass, limit: Option<RateLimit>, key: RateKey) -> Result<(), ApiError> {
        let Some(limit) = limit else { return Ok(()) };
        let attempt = Take { now: self.clock.now(), key, limit };
        let taken = match class {
            // A read from memory must not wait for a store.
            RouteClass::Read => self.own.take(attempt).await,
            _ => self.shared.take(attempt).await,
        };
        match taken {
            Ok(Taken::Within { .. }) => Ok(()),
            Ok(Taken::Exceeded { retry_at }) => {
                let wait = retry_at.since(attempt.now);
                Err(ApiError::new(Code::TooManyRequests).retry_after(wait))
            }
            // A limit is no rule of a sale: without its store, no request is refused for it.
            Err(error) => {
                tracing::debug!(%error, "a request is not limited, because the store of limits fails");
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_has_its_class() {
        let cases = [
            ("GET", "/api/events", Some(RouteClass::Read)),
            ("GET", "/tickets/api/events/{id}", Some(RouteClass::Read)),
            ("POST", "/api/reservations", Some(RouteClass::Hold)),
            ("POST", "/tickets/api/seats/reserve", Some(RouteClass::Hold)),
            ("POST", "/api/reservations/{id}/extend", Some(RouteClass::Write)),
            ("POST", "/api/admin/reservations", Some(RouteClass::Write)),
            ("POST", "/api/auth/login", Some(RouteClass::SignIn)),
            ("POST", "/api/auth/refresh", Some(RouteClass::SignIn)),
            ("PUT", "/api/auth/profile", Some(RouteClass::Write)),
            ("POST", "/tickets/api/auth/register", Some(RouteClass::Registration)),
            ("POST", "/api/payments/webhook/{gateway}", Some(RouteClass::Webhook)),
            ("POST", "", Some(RouteClass::Write)),
            ("GET", "/health/ready", None),
            ("GET", "/tickets/health", None),
        ];
        for (method, route, class) in cases {
            assert_eq!(RouteClass::of(&method.parse().unwrap(), route), class, "{method} {route}");
        }
    }
}
