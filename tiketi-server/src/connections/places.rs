//! Places of connections: a number in all, and a share for each network.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tiketi_core::network::Network;
use tiketi_http::TrustedProxies;
use tokio_util::sync::CancellationToken;

use super::counts::ConnectionCounts;
use super::settings::ConnectionLimits;

/// Connections beyond the limits that are open at the same time; each gets one answer.
const SPARE: usize = 64;
/// Spare connections of one network.
const SPARE_OF_NETWORK: usize = 8;

/// Counts connections.
#[derive(Debug)]
pub(super) struct Places {
    limits: ConnectionLimits,
    proxies: TrustedProxies,
    counted: Mutex<Counted>,
    counts: Arc<ConnectionCounts>,
}

#[derive(Debug, Default)]
struct Counted {
    all: usize,
    /// Only networks that have a connection are in it.
    networks: HashMap<Network, usize>,
    /// The oldest first.
    spare: Vec<Spare>,
    next: u64,
}

#[derive(Debug)]
struct Spare {
    id: u64,
    network: Network,
    end: CancellationToken,
}

/// Which limit a connection is beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beyond {
    All,
    Network,
}

impl Beyond {
    /// Returns the word of metrics and logs.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Network => "network",
        }
    }
}

/// Where a connection is counted; dropping it frees the place.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Among all, and in a network unless it is a proxy's.
    Counted(Option<Network>),
    /// Beyond a limit: for a health check, or to be told so.
    Spare { id: u64, end: CancellationToken, beyond: Beyond },
}

impl Place {
    /// Returns which limit the connection is beyond, and what ends it when a later one needs its place.
    pub(super) fn spare(&self) -> Option<(Beyond, CancellationToken)> {
        match &self.kind {
            Kind::Counted(_) => None,
            Kind::Spare { beyond, end, .. } => Some((*beyond, end.clone())),
        }
    }
}

impl Places {
    pub(super) fn new(
        limits: ConnectionLimits,
        proxies: TrustedProxies,
        counts: Arc<ConnectionCounts>,
    ) -> Self {
        Self { limits, proxies, counted: Mutex::default(), counts }
    }

    /// Counts a connection from a peer.
    ///
    /// Beyond a limit it gets a spare place, which ends the oldest spare connection: of its own network, if that has
    /// its share of them, so that one network's flood ends no health check of another.
    pub(super) fn take(self: &Arc<Self>, peer: IpAddr) -> Place {
        let network = Network::of(peer);
        let counts_alone = !self.proxies.contains(peer);
        let mut counted = self.lock();
        let of_network = counted.networks.get(&network).copied().unwrap_or(0);
        let kind = if counted.all >= self.limits.all {
            counted.spare(network, Beyond::All)
        } else if counts_alone && of_network >= self.limit_of(network) {
            counted.spare(network, Beyond::Network)
        } else {
            counted.all += 1;
            self.counts.opened();
            if counts_alone {
                counted.networks.insert(network, of_network + 1);
            }
            Kind::Counted(counts_alone.then_some(network))
        };
        Place { places: Arc::clone(self), kind }
    }

    fn limit_of(&self, network: Network) -> usize {
        match network {
            Network::V4(_) => self.limits.ipv4,
            Network::V6(_) => self.limits.ipv6,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        // Nothing in here panics between two writes.
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    fn spare(&mut self, network: Network, beyond: Beyond) -> Kind {
        let own = self.spare.iter().filter(|spare| spare.network == network).count();
        let oldest = if own >= SPARE_OF_NETWORK {
            self.spare.iter().position(|spare| spare.network == network)
        } else {
            (self.spare.len() >= SPARE).then_some(0)
        };
        if let Some(oldest) = oldest {
            self.spare.remove(oldest).end.cancel();
        }
        let (id, end) = (self.next, CancellationToken::new());
        self.next = self.next.wrapping_add(1);
        self.spare.push(Spare { id, network, end: end.clone() });
        Kind::Spare { id, end, beyond }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counted = self.places.lock();
        match &self.kind {
            Kind::Counted(network) => {
                counted.all = counted.all.saturating_sub(1);
                self.places.counts.closed();
                let Some(network) = network else { return };
                match counted.networks.get_mut(network) {
                    Some(count) if *count > 1 => *count -= 1,
                    _ => drop(counted.networks.remove(network)),
                }
            }
            Kind::Spare { id, .. } => counted.spare.retain(|spare| spare.id != *id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(all: usize, ipv4: usize) -> Arc<Places> {
        let limits = ConnectionLimits { all, ipv4, ipv6: 1 };
        let proxies = TrustedProxies::new(["198.51.100.0/24"]).unwrap();
        Arc::new(Places::new(limits, proxies, Arc::default()))
    }

    fn take(places: &Arc<Places>, peer: &str) -> Place {
        places.take(peer.parse().unwrap())
    }

    fn beyond(place: &Place) -> Option<Beyond> {
        place.spare().map(|(beyond, _)| beyond)
    }

    /// Seen to fail with the network's count not compared.
    #[test]
    fn a_network_has_its_share_and_no_more() {
        let places = places(10, 2);
        let held = [take(&places, "192.0.2.1"), take(&places, "192.0.2.2")];
        assert!(held.iter().all(|place| beyond(place).is_none()));
        assert_eq!(beyond(&take(&places, "192.0.2.3")), Some(Beyond::Network));
        let other = take(&places, "192.0.3.1");
        assert_eq!((beyond(&other), places.lock().all), (None, 3));
        drop(held);
        assert_eq!(beyond(&take(&places, "192.0.2.3")), None);
        assert_eq!(places.lock().networks.len(), 1, "networks without a connection take no memory");
    }

    #[test]
    fn a_proxys_clients_are_not_one_network() {
        let places = places(10, 1);
        let held: Vec<_> = (1..=10).map(|last| take(&places, &format!("198.51.100.{last}"))).collect();
        assert!(held.iter().all(|place| beyond(place).is_none()));
        assert_eq!(beyond(&take(&places, "198.51.100.11")), Some(Beyond::All));
    }

    /// Seen to fail with the oldest of all ended.
    #[test]
    fn a_flood_of_one_network_ends_its_own_spare_connections() {
        let places = places(1, 1);
        let _only = take(&places, "192.0.2.1");
        let check = take(&places, "203.0.113.1");
        let flood: Vec<_> = (0..1_000).map(|_| take(&places, "192.0.2.9")).collect();
        let is_ended = |place: &Place| place.spare().unwrap().1.is_cancelled();
        assert!(!is_ended(&check));
        assert_eq!(flood.iter().filter(|place| !is_ended(place)).count(), SPARE_OF_NETWORK);
        assert!(!is_ended(flood.last().unwrap()), "the latest is served");
    }

    #[test]
    fn floods_of_many_networks_end_the_oldest_spare_connection() {
        let places = places(1, 1);
        let _only = take(&places, "192.0.2.1");
        let flood: Vec<_> = (0..200).map(|network| take(&places, &format!("10.0.{network}.1"))).collect();
        assert_eq!(places.lock().spare.len(), SPARE);
        assert!(flood.first().unwrap().spare().unwrap().1.is_cancelled());
        drop(flood);
        assert_eq!(places.lock().spare.len(), 0);
    }
}
