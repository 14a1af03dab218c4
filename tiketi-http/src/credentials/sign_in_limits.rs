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
/// wait in one line with those of all such networks. `None` is no limit. A request without a known address is not limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignInLimits {
    /// Failed sign-ins of one account from one network; 10 in 15 minutes by default. Further ones are answered with 429.
    pub account: Option<RateLimit>,
    /// Failed sign-ins and registrations of one IPv4 /24; 300 in 15 minutes by default.
    pub ipv4: Option<RateLimit>,
    /// Failed sign-ins and registrations of one IPv6 /56; 60 in 15 minutes by default.
    pub ipv6: Option<RateLimit>,
    /// Codes that are mailed to one address because one network asks for them; 5 in an hour by default. Further ones are
    /// answered with 429, whether the address has an account or not.
    pub codes: Option<RateLimit>,
    /// Codes that are mailed to one address in all; 20 in an hour by default. The codes that were mailed stay valid.
    pub codes_in_all: Option<RateLimit>,
    /// Codes that are mailed to any addresses because one IPv4 /24 or IPv6 /56 asks for them; 200 in an hour by default.
    pub codes_of_network: Option<RateLimit>,
    /// Registrations of addresses that are taken, of one IPv4 /24 or IPv6 /56, in a shop without mail, whose answer shows
    /// that; 30 in 15 minutes by default. Further registrations from there are answered with 429.
    pub taken: Option<RateLimit>,
}

impl Default for SignInLimits {
    fn default() -> Self {
        let of = |burst| RateLimit::new(burst, Duration::from_mins(15)).ok();
        let hourly = |burst| RateLimit::new(burst, Duration::from_hours(1)).ok();
        Self {
            account: of(10),
            ipv4: of(300),
            ipv6: of(60),
            codes: hourly(5),
            codes_in_all: hourly(20),
            codes_of_network: hourly(200),
            taken: of(30),
        }
    }
}

impl SignInLimits {
    /// Has no limits.
    pub const fn off() -> Self {
        Self {
            account: None,
            ipv4: None,
            ipv6: None,
            codes: None,
            codes_in_all: None,
            codes_of_network: None,
            taken: None,
        }
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
        let network = address.map(Network::of);
        let mut counted = CountedSignIn { lane: Lane::Of(network), taken: Vec::new() };
        let Some(network) = network else { return Ok(counted) };
        if let Some(email) = email {
            let parts = [email.as_str().as_bytes(), network.as_bytes()];
            self.use_up("sign-in account", &parts, self.limits.account, &mut counted).await?;
        }
        self.count_network(network, &mut counted).await;
        Ok(counted)
    }

    /// Counts a registration.
    pub(crate) async fn registration(&self, address: Option<IpAddr>) -> CountedSignIn {
        let network = address.map(Network::of);
        let mut counted = CountedSignIn { lane: Lane::Of(network), taken: Vec::new() };
        if let Some(network) = network {
            self.count_network(network, &mut counted).await;
        }
        counted
    }

    /// Counts a registration whose answer would show whether its address is taken; give it back if it is not.
    ///
    /// Refuses one from a network that has learned of too many addresses.
    pub(crate) async fn revealing(&self, address: Option<IpAddr>) -> Result<CountedSignIn, ApiError> {
        let mut counted = CountedSignIn { lane: Lane::Crowded, taken: Vec::new() };
        if let Some(network) = address.map(Network::of) {
            self.use_up("registration taken", &[network.as_bytes()], self.limits.taken, &mut counted).await?;
        }
        Ok(counted)
    }

    /// Counts a mail with a code, before it is known whether the address has an account.
    ///
    /// Refuses one to an address to which, or from a network from which, too many were asked for.
    pub(crate) async fn mailed_code(&self, email: &Email, address: Option<IpAddr>) -> Result<(), ApiError> {
        let mut counted = CountedSignIn { lane: Lane::Crowded, taken: Vec::new() };
        let email = email.as_str().as_bytes();
        let network = address.map(Network::of);
        let source = network.as_ref().map(Network::as_bytes).unwrap_or_default();
        // The narrowest first: who asks too often uses up only the own share of what others need.
        self.use_up("code", &[email, source], self.limits.codes, &mut counted).await?;
        self.use_up("code network", &[source], self.limits.codes_of_network, &mut counted).await?;
        self.use_up("code in all", &[email], self.limits.codes_in_all, &mut counted).await
    }

    async fn use_up(
        &self,
        scope: &str,
        parts: &[&[u8]],
        limit: Option<RateLimit>,
        counted: &mut CountedSignIn,
    ) -> Result<(), ApiError> {
        let Some(limit) = limit else { return Ok(()) };
        let attempt = Take { now: self.clock.now(), key: RateKey::new(scope, parts), limit };
        match self.take(attempt, counted).await {
            Some(Taken::Exceeded { retry_at }) => {
                Err(ApiError::new(Code::TooManyAttempts).retry_after(retry_at.since(attempt.now)))
            }
            Some(_) | None => Ok(()),
        }
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
        let limits = SignInLimits { account: of(5), ipv4: of(2), ipv6: of(1), ..SignInLimits::off() };
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
    async fn a_network_over_its_limit_waits_in_one_line_with_others() {
        let sign_ins = sign_ins();
        let of = |address: &str| Lane::Of(address.parse().ok().map(Network::of));
        let crowded = Lane::Crowded;
        let open = of("192.0.2.1");
        assert_eq!(lanes(&sign_ins, "192.0.2.1", 3).await, [open, open, crowded]);
        assert_eq!(lanes(&sign_ins, "192.0.3.1", 1).await, [of("192.0.3.1")]);
        assert_eq!(lanes(&sign_ins, "2001:db8::1", 2).await, [of("2001:db8::1"), crowded]);
    }

    #[tokio::test]
    async fn those_who_know_their_passwords_use_up_nothing() {
        let sign_ins = sign_ins();
        let email: Email = "buyer@example.com".parse().unwrap();
        for _ in 0..20 {
            let counted = sign_ins.sign_in(Some(&email), "192.0.2.1".parse().ok()).await.unwrap();
            assert_ne!(counted.lane, Lane::Crowded);
            sign_ins.succeeded(counted).await;
        }
    }

    /// Fails without counting the answers that tell.
    #[tokio::test]
    async fn a_network_learns_of_few_taken_addresses() {
        let limits =
            SignInLimits { taken: RateLimit::new(2, Duration::from_mins(15)).ok(), ..SignInLimits::off() };
        let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
        let sign_ins = SignIns::new(limits, Arc::new(MemoryRateLimits::default()), clock);
        let (one, other) = ("192.0.2.1".parse().ok(), "198.51.100.1".parse().ok());
        // Registrations that succeed tell nothing, and are given back.
        for _ in 0..9 {
            sign_ins.succeeded(sign_ins.revealing(one).await.unwrap()).await;
        }
        assert!(sign_ins.revealing(one).await.is_ok() && sign_ins.revealing(one).await.is_ok());
        assert_eq!(sign_ins.revealing(one).await.unwrap_err().code(), Code::TooManyAttempts);
        assert!(sign_ins.revealing(other).await.is_ok());
    }

    /// Fails with one limit for an address that all networks share.
    #[tokio::test]
    async fn a_stranger_does_not_use_up_the_mails_of_an_address() {
        let limits = SignInLimits { codes_in_all: None, ..SignInLimits::default() };
        let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
        let sign_ins = SignIns::new(limits, Arc::new(MemoryRateLimits::default()), clock);
        let email: Email = "hanbyul@mail.example".parse().unwrap();
        let (stranger, owner) = ("192.0.2.1".parse().ok(), "198.51.100.1".parse().ok());
        for asked in 0..9 {
            assert_eq!(sign_ins.mailed_code(&email, stranger).await.is_ok(), asked < 5, "{asked}");
        }
        assert!(sign_ins.mailed_code(&email, owner).await.is_ok());
    }
}
