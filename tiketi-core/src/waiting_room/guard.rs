//! Guards that are asked before a place is given, and the built-in limits by account and network.

use std::collections::HashMap;
use std::fmt::Debug;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use foldhash::fast::RandomState;

use crate::id::{BuyerId, EventId};
use crate::time::Timestamp;
use crate::waiting_room::place::PlaceClass;

/// Most accounts and networks counted for one event; further ones are not limited.
const MOST_COUNTED: usize = 1_000_000;

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

/// The part of an address that one household or office shares: an IPv4 /24 or an IPv6 /56.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of cases, which hosts act on")]
pub enum Network {
    /// An IPv4 /24.
    V4([u8; 3]),
    /// An IPv6 /56.
    V6([u8; 7]),
}

impl Network {
    /// Returns the network of an address. An IPv4 address written as IPv6 is the same address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(*address.octets().first_chunk().unwrap_or(&[0; 3])),
            IpAddr::V6(address) => Self::V6(*address.octets().first_chunk().unwrap_or(&[0; 7])),
        }
    }
}

/// Limits how many places of an event one account and one network get; further ones go to the back.
///
/// A limit demotes and does not block, because a school or a mobile carrier may share one network. A place is counted
/// for a period from the first place of the event on; then counting starts again. The counts are those of one process.
/// Buyers of the priority class are not counted.
#[derive(Debug)]
pub struct SourceLimits {
    /// Most places of one account in a period.
    per_account: u32,
    /// Most places of one network in a period.
    per_network: u32,
    period: Duration,
    counts: Mutex<HashMap<EventId, Counts, RandomState>>,
}

#[derive(Debug)]
struct Counts {
    since: Timestamp,
    accounts: HashMap<BuyerId, u32, RandomState>,
    networks: HashMap<Network, u32, RandomState>,
}

impl Default for SourceLimits {
    /// 5 places of an account and 50 of a network in an hour.
    fn default() -> Self {
        Self::new(5, 50, Duration::from_hours(1))
    }
}

impl SourceLimits {
    /// Makes limits for one account and one network in a period.
    pub fn new(per_account: u32, per_network: u32, period: Duration) -> Self {
        Self { per_account, per_network, period, counts: Mutex::default() }
    }

    /// Counts an attempt, and returns whether it is within the limits.
    fn count(&self, attempt: &JoinAttempt) -> bool {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        // Rooms of earlier days are dropped when another event is counted, so the table does not grow for ever.
        counts.retain(|_, counts| attempt.now.since(counts.since) < self.period);
        let counts = counts.entry(attempt.event).or_insert_with(|| Counts {
            since: attempt.now,
            accounts: HashMap::default(),
            networks: HashMap::default(),
        });
        let of_account = counted(&mut counts.accounts, attempt.buyer);
        let network = attempt.address.map(Network::of);
        let of_network = network.map_or(0, |network| counted(&mut counts.networks, network));
        of_account <= self.per_account && of_network <= self.per_network
    }
}

/// Adds one to a count and returns it; zero for a new key of a full table.
fn counted<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, u32, RandomState>, key: K) -> u32 {
    if counts.len() >= MOST_COUNTED && !counts.contains_key(&key) {
        return 0;
    }
    let count = counts.entry(key).or_default();
    *count = count.saturating_add(1);
    *count
}

#[async_trait]
impl JoinGuard for SourceLimits {
    async fn judge(&self, attempt: &JoinAttempt) -> JoinVerdict {
        if attempt.class == PlaceClass::Priority || self.count(attempt) {
            JoinVerdict::Accept
        } else {
            JoinVerdict::Demote
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn attempt(buyer: u128, address: &str) -> JoinAttempt {
        let (event, buyer) =
            (EventId::from_uuid(Uuid::from_u128(1)), BuyerId::from_uuid(Uuid::from_u128(buyer)));
        let address = Some(address.parse().unwrap());
        JoinAttempt { address, ..JoinAttempt::new(event, buyer, Timestamp::EPOCH) }
    }

    fn limits() -> SourceLimits {
        SourceLimits::new(2, 3, Duration::from_hours(1))
    }

    #[tokio::test]
    async fn an_account_that_joins_too_often_is_demoted() {
        let limits = limits();
        for expected in [JoinVerdict::Accept, JoinVerdict::Accept, JoinVerdict::Demote] {
            assert_eq!(limits.judge(&attempt(1, "192.0.2.1")).await, expected);
        }
        assert_eq!(limits.judge(&attempt(2, "198.51.100.1")).await, JoinVerdict::Accept);
    }

    #[tokio::test]
    async fn a_network_with_too_many_places_is_demoted() {
        for addresses in [
            ["192.0.2.1", "192.0.2.2", "::ffff:192.0.2.3", "192.0.2.4", "192.0.3.1"],
            ["2001:db8:0:1::1", "2001:db8:0:2::1", "2001:db8:0:ff::1", "2001:db8::9", "2001:db8:0:100::1"],
        ] {
            let limits = limits();
            let mut verdicts = Vec::new();
            for (buyer, address) in (0..).zip(addresses) {
                verdicts.push(limits.judge(&attempt(buyer, address)).await);
            }
            let (accept, demote) = (JoinVerdict::Accept, JoinVerdict::Demote);
            assert_eq!(verdicts, [accept.clone(), accept.clone(), accept.clone(), demote, accept]);
        }
    }

    #[tokio::test]
    async fn another_event_and_a_later_period_count_separately() {
        let limits = limits();
        let first = attempt(1, "192.0.2.1");
        for _ in 0..3 {
            limits.judge(&first).await;
        }
        let other = JoinAttempt { event: EventId::from_uuid(Uuid::from_u128(9)), ..first.clone() };
        assert_eq!(limits.judge(&other).await, JoinVerdict::Accept);
        let later = JoinAttempt { now: Timestamp::EPOCH.after(Duration::from_hours(1)), ..first };
        assert_eq!(limits.judge(&later).await, JoinVerdict::Accept);
    }

    #[tokio::test]
    async fn a_preferred_buyer_is_not_demoted() {
        let limits = limits();
        for _ in 0..9 {
            let preferred = JoinAttempt { class: PlaceClass::Priority, ..attempt(1, "192.0.2.1") };
            assert_eq!(limits.judge(&preferred).await, JoinVerdict::Accept);
        }
    }
}
