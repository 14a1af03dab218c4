//! Guards that are asked before a place is given, and the built-in limits by account and network.

use std::fmt::Debug;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::id::{BuyerId, EventId};
use crate::network::Network;
use crate::rate_limit::{RateKey, RateLimit, RateLimits, Take, Taken};
use crate::setters::setters;
use crate::time::Timestamp;
use crate::waiting_room::place::PlaceClass;

/// A buyer who asks for a place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JoinAttempt {
    /// The event.
    pub event: EventId,
    /// The buyer.
    pub buyer: BuyerId,
    /// The class that the host asks for.
    pub class: PlaceClass,
    /// The client's address, if the host knows it.
    pub address: Option<IpAddr>,
    /// The present moment.
    pub now: Timestamp,
}

impl JoinAttempt {
    /// Makes an attempt of the standard class, from an unknown address.
    pub const fn new(event: EventId, buyer: BuyerId, now: Timestamp) -> Self {
        Self { event, buyer, class: PlaceClass::Standard, address: None, now }
    }
}

/// What a guard decides about an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum JoinVerdict {
    /// The buyer gets a place of the class that the host asks for.
    Accept,
    /// The buyer gets a place of the class [`PlaceClass::Priority`].
    Prefer,
    /// The buyer gets a place of the class [`PlaceClass::Demoted`].
    Demote,
    /// The buyer gets no place.
    Refuse {
        /// The reason, for the buyer.
        reason: String,
    },
}

/// Decides whether and where a buyer joins the line; asked before a new place is given.
///
/// A buyer who has a place keeps it, and no guard is asked.
#[async_trait]
pub trait JoinGuard: Debug + Send + Sync + 'static {
    /// Decides about an attempt.
    ///
    /// # Contract
    ///
    /// An implementation MUST NOT wait long, and decides itself what happens if a service that it asks fails.
    async fn judge(&self, attempt: &JoinAttempt) -> JoinVerdict;
}

/// How many places of one event an account and a network get before further ones go to the back.
///
/// `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct JoinLimits {
    /// Of one account; 10 in an hour by default. An account has one place at a time, so this counts joining again.
    pub account: Option<RateLimit>,
    /// Of one IPv4 /24; 2,000 in an hour by default: a school or a mobile carrier may be behind one.
    pub ipv4: Option<RateLimit>,
    /// Of one IPv6 /56, which one household or office has; 100 in an hour by default.
    pub ipv6: Option<RateLimit>,
}

impl Default for JoinLimits {
    fn default() -> Self {
        let hour = Duration::from_hours(1);
        Self {
            account: Some(RateLimit::by_default(10, hour)),
            ipv4: Some(RateLimit::by_default(2_000, hour)),
            ipv6: Some(RateLimit::by_default(100, hour)),
        }
    }
}

impl JoinLimits {
    setters! {
        account: impl Into<Option<RateLimit>>,
        ipv4: impl Into<Option<RateLimit>>,
        ipv6: impl Into<Option<RateLimit>>,
    }
}

/// Limits how many places of an event one account and one network get; further ones go to the back.
///
/// A limit demotes and does not block, because many people may share one network. The account is asked first, and an
/// attempt beyond its limit is not counted for the network: one account cannot use up what a network shares. Buyers of
/// another class than the standard one are not counted. If the store of limits fails, no one is demoted.
#[derive(Debug)]
pub struct SourceLimits {
    limits: JoinLimits,
    store: Arc<dyn RateLimits>,
}

impl SourceLimits {
    /// Makes limits over a store, which may be that of several servers.
    pub fn new(limits: JoinLimits, store: Arc<dyn RateLimits>) -> Self {
        Self { limits, store }
    }

    /// Returns what is counted for an attempt, in the order in which it is asked.
    fn counted(&self, attempt: &JoinAttempt) -> impl Iterator<Item = (RateKey, RateLimit)> {
        let event = *attempt.event.as_uuid().as_bytes();
        let buyer = *attempt.buyer.as_uuid().as_bytes();
        let account = (RateKey::new("join account", &[&event, &buyer]), self.limits.account);
        let network = attempt.address.map(Network::of).map(|network| {
            let limit = match network {
                Network::V4(_) => self.limits.ipv4,
                Network::V6(_) => self.limits.ipv6,
            };
            (RateKey::new("join network", &[&event, network.as_bytes()]), limit)
        });
        [Some(account), network].into_iter().flatten().filter_map(|(key, limit)| Some((key, limit?)))
    }
}

#[async_trait]
impl JoinGuard for SourceLimits {
    async fn judge(&self, attempt: &JoinAttempt) -> JoinVerdict {
        if attempt.class != PlaceClass::Standard {
            return JoinVerdict::Accept;
        }
        for (key, limit) in self.counted(attempt) {
            match self.store.take(Take { now: attempt.now, key, limit }).await {
                Ok(Taken::Within { .. }) => {}
                Ok(Taken::Exceeded { .. }) => return JoinVerdict::Demote,
                Err(error) => {
                    tracing::debug!(%error, "a buyer joins unlimited, because the store of limits fails");
                    return JoinVerdict::Accept;
                }
            }
        }
        JoinVerdict::Accept
    }
}

#[cfg(test)]
mod tests;
