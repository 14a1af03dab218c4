//! Limits of sign-ins by account and network.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tiketi_core::account::Email;
use tiketi_core::network::Network;
use tiketi_core::rate_limit::{RateKey, RateLimit, RateLimits, Take, Taken};
use tiketi_core::{Clock, StoreError};

use crate::credentials::password::Lane;
use crate::error::{ApiError, Code};

/// How many failed sign-ins an account and a network have.
///
/// An account has its failures for each network from which they come: failures from elsewhere do not keep its owner
/// out. A network beyond its limit is not refused, because many people may share one: its sign-ins and registrations
/// wait for fewer places. `None` is no limit. A request without a known address is not limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignInLimits {
    /// Failed sign-ins of one account from one network; 10 in 15 minutes by default. Further ones are answered with 429.
    pub account: Option<RateLimit>,
    /// Failed sign-ins and registrations of one IPv4 /24; 300 in 15 minutes by default.
    pub ipv4: Option<RateLimit>,
    /// Failed sign-ins and registrations of one IPv6 /56; 60 in 15 minutes by default.
    pub ipv6: Option<RateLimit>,
}

impl Default for SignInLimits {
    fn default() -> Self {
        let of = |burst| RateLimit::new(burst, Duration::from_mins(15)).ok();
        Self { account: of(10), ipv4: of(300), ipv6: of(60) }
    }
}

impl SignInLimits {
    /// Has no limits.
    pub const fn off() -> Self {
        Self { account: None, ipv4: None, ipv6: None }
    }
}

/// Counts sign-ins.
#[derive(Debug)]
pub(crate) struct SignIns {
    limits: SignInLimits,
    store: Arc<dyn RateLimits>,
    clock: Arc<dyn Clock>,
}

/// A counted sign-in or registration.
#[derive(Debug)]
pub(crate) struct CountedSignIn {
    /// Where its password waits to be hashed.
    pub(crate) lane: Lane,
    taken: Vec<Take>,
}

impl SignIns {
    pub(crate) fn new(limits: SignInLimits, store: Arc<dyn RateLimits>, clock: Arc<dyn Clock>) -> Self {
        Self { limits, store, clock }
    }

    /// Counts a sign-in before its password is checked, so that guesses at once are all counted.
    ///
    /// Refuses one of an account with too many failures from the network.
    pub(crate) async fn sign_in(
        &self,
        email: Option<&Email>,
        address: Option<IpAddr>,
    ) -> Result<CountedSignIn, ApiError> {
        let mut counted = CountedSignIn { lane: Lane::Open, taken: Vec::new() };
        let Some(network) = address.map(Network::of) else { return Ok(counted) };
        if let (Some(email), Some(limit)) = (email, self.limits.account) {
            let key = RateKey::new("sign-in account", &[email.as_str().as_bytes(), network.as_bytes()]);
            let attempt = Take { now: self.clock.now(), key, limit };
            if let Some(Taken::Exceeded { retry_at }) = self.take(attempt, &mut counted).await {
                let wait = retry_at.since(attempt.now);
                return Err(ApiError::new(Code::TooManyAttempts).retry_after(wait));
            }
        }
        self.count_network(network, &mut counted).await;
        Ok(counted)
    }

    /// Counts a registration.
    pub(crate) async fn registration(&self, address: Option<IpAddr>) -> CountedSignIn {
        let mut counted = CountedSignIn { lane: Lane::Open, taken: Vec::new() };
        if let Some(network) = address.map(Network::of) {
            self.count_network(network, &mut counted).await;
        }
        counted
    }

    /// Gives back what was counted: the password was right.
    pub(crate) async fn succeeded(&self, counted: CountedSignIn) {
        for attempt in counted.taken {
            if let Err(error) = self.store.give_back(attempt).await {
                log(&error);
            }
        }
    }

    async fn count_network(&self, network: Network, counted: &mut CountedSignIn) {
        let limit = match network {
            Network::V4(_) => self.limits.ipv4,
            Network::V6(_) => self.limits.ipv6,
        };
        let Some(limit) = limit else { return };
        let key = RateKey::new("sign-in network", &[network.as_bytes()]);
        let attempt = Take { now: self.clock.now(), key, limit };
        if let Some(Taken::Exceeded { .. }) = self.take(attempt, counted).await {
            counted.lane = Lane::Crowded;
        }
    }

    /// Uses up one attempt; `None` if the store of limits fails, which limits no one.
    async fn take(&self, attempt: Take, counted: &mut CountedSignIn) -> Option<Taken> {
        match self.store.take(attempt).await {
            Ok(taken) => {
                if matches!(taken, Taken::Within { .. }) {
                    counted.taken.push(attempt);
                }
                Some(taken)
            }
            Err(error) => {
                log(&error);
                None
            }
        }
    }
}

fn log(error: &StoreError) {
    tracing::debug!(%error, "a sign-in is not limited, because the store of limits fails");
}

#[cfg(test)]
mod tests {
    use tiketi_core::Timestamp;
    use tiketi_core::clock::ManualClock;
    use tiketi_core::memory::MemoryRateLimits;

    use super::*;

    fn sign_ins() -> SignIns {
        let of = |burst| RateLimit::new(burst, Duration::from_mins(15)).ok();
        let limits = SignInLimits { account: of(5), ipv4: of(2), ipv6: of(1) };
        let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
        SignIns::new(limits, Arc::new(MemoryRateLimits::default()), clock)
    }

    async fn lanes(sign_ins: &SignIns, address: &str, count: usize) -> Vec<Lane> {
        let mut lanes = Vec::new();
        for _ in 0..count {
            lanes.push(sign_ins.registration(address.parse().ok()).await.lane);
        }
        lanes
    }

    #[tokio::test]
    async fn a_network_over_its_limit_waits_for_fewer_places() {
        let sign_ins = sign_ins();
        let (open, crowded) = (Lane::Open, Lane::Crowded);
        assert_eq!(lanes(&sign_ins, "192.0.2.1", 3).await, [open, open, crowded]);
        assert_eq!(lanes(&sign_ins, "192.0.3.1", 1).await, [open]);
        assert_eq!(lanes(&sign_ins, "2001:db8::1", 2).await, [open, crowded]);
    }

    #[tokio::test]
    async fn those_who_know_their_passwords_use_up_nothing() {
        let sign_ins = sign_ins();
        let email: Email = "buyer@example.com".parse().unwrap();
        for _ in 0..20 {
            let counted = sign_ins.sign_in(Some(&email), "192.0.2.1".parse().ok()).await.unwrap();
            assert_eq!(counted.lane, Lane::Open);
            sign_ins.succeeded(counted).await;
        }
    }
}
