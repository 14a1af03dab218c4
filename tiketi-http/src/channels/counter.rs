//! Counts sockets: all of them, and those of each network that have no user.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tiketi_core::network::Network;

use crate::channels::limits::SocketLimits;
use crate::channels::signal::{Ending, Signal};

/// Counts the sockets of the process.
#[derive(Debug)]
pub(crate) struct SocketCounter {
    limits: SocketLimits,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// Every socket, by its number: the server ends all of them when it stops.
    sockets: HashMap<u64, Arc<Signal>>,
    next: u64,
    is_closed: bool,
    networks: HashMap<Network, OfNetwork>,
}

/// The sockets of one network that have no user.
#[derive(Debug, Default)]
struct OfNetwork {
    /// Those that have not sent their first message, oldest first.
    silent: BTreeMap<u64, Arc<Signal>>,
    anonymous: usize,
}

/// What is known about the user of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientKind {
    /// It has not sent its first message.
    Silent,
    /// It has no user.
    Anonymous,
    /// It has a user.
    SignedIn,
}

/// A counted socket, until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted {
    counter: Arc<SocketCounter>,
    number: u64,
    network: Option<Network>,
    kind: ClientKind,
}

/// The limit that a socket would exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are too many sockets")]
pub(crate) struct TooMany;

impl SocketCounter {
    /// Counts from zero.
    pub(crate) fn new(limits: SocketLimits) -> Self {
        Self { limits, counts: Mutex::default() }
    }

    /// Returns how many sockets there are.
    pub(crate) fn count(&self) -> usize {
        self.counts().sockets.len()
    }

    /// Adds a socket that has sent nothing. Without an address, no network is counted.
    ///
    /// If its network has too many silent sockets, the oldest of them ends: one that has not said who its user is for
    /// longest. So a person behind a shared address cannot keep others out by opening silent sockets.
    ///
    /// # Errors
    ///
    /// [`TooMany`] if the process has too many, or accepts none any more.
    pub(crate) fn add(
        self: &Arc<Self>,
        address: Option<IpAddr>,
        signal: &Arc<Signal>,
    ) -> Result<Counted, TooMany> {
        let network = address.map(Network::of);
        let mut counts = self.counts();
        if counts.is_closed || counts.sockets.len() >= self.limits.total {
            return Err(TooMany);
        }
        counts.next += 1;
        let number = counts.next;
        counts.sockets.insert(number, Arc::clone(signal));
        if let Some(network) = network {
            let known = counts.networks.entry(network).or_default();
            known.silent.insert(number, Arc::clone(signal));
            if known.silent.len() > self.limits.silent_per_network
                && let Some((_, oldest)) = known.silent.pop_first()
            {
                oldest.end(Ending::Replaced);
            }
        }
        Ok(Counted { counter: Arc::clone(self), number, network, kind: ClientKind::Silent })
    }

    /// Ends every socket, and accepts none from now on.
    pub(crate) fn close(&self) {
        let sockets: Vec<_> = {
            let mut counts = self.counts();
            counts.is_closed = true;
            counts.sockets.values().cloned().collect()
        };
        for signal in &sockets {
            signal.end(Ending::Restart);
        }
    }

    fn most_anonymous(&self, network: Network) -> usize {
        match network {
            Network::V4(_) => self.limits.anonymous_per_ipv4,
            Network::V6(_) => self.limits.anonymous_per_ipv6,
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn leave(&mut self, network: Network, number: u64, kind: ClientKind) {
        let Some(known) = self.networks.get_mut(&network) else { return };
        match kind {
            ClientKind::Silent => drop(known.silent.remove(&number)),
            ClientKind::Anonymous => known.anonymous = known.anonymous.saturating_sub(1),
            ClientKind::SignedIn => {}
        }
        if known.silent.is_empty() && known.anonymous == 0 {
            self.networks.remove(&network);
        }
    }
}

impl Counted {
    /// Returns what is known about the socket's user.
    pub(crate) const fn kind(&self) -> ClientKind {
        self.kind
    }

    /// Counts the socket as one without or with a user.
    ///
    /// # Errors
    ///
    /// [`TooMany`] if its network has too many anonymous sockets.
    pub(crate) fn becomes(&mut self, kind: ClientKind) -> Result<(), TooMany> {
        if kind == self.kind {
            return Ok(());
        }
        if let Some(network) = self.network {
            let most = self.counter.most_anonymous(network);
            let mut counts = self.counter.counts();
            if kind == ClientKind::Anonymous {
                let known = counts.networks.entry(network).or_default();
                if known.anonymous >= most {
                    return Err(TooMany);
                }
                known.anonymous += 1;
            }
            counts.leave(network, self.number, self.kind);
        }
        self.kind = kind;
        Ok(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.counter.counts();
        counts.sockets.remove(&self.number);
        if let Some(network) = self.network {
            counts.leave(network, self.number, self.kind);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(change: impl FnOnce(&mut SocketLimits)) -> Arc<SocketCounter> {
        let mut limits = SocketLimits::default();
        change(&mut limits);
        Arc::new(SocketCounter::new(limits))
    }

    fn open(sockets: &Arc<SocketCounter>, address: &str) -> (Arc<Signal>, Result<Counted, TooMany>) {
        let signal = Arc::default();
        let counted = sockets.add(Some(address.parse().unwrap()), &signal);
        (signal, counted)
    }

    #[test]
    fn a_signed_in_user_is_not_kept_out_by_anonymous_sockets_of_the_network() {
        let sockets = counter(|limits| (limits.anonymous_per_ipv4, limits.silent_per_network) = (2, 3));
        let mut crowd: Vec<_> = (0..2).map(|_| open(&sockets, "192.0.2.1").1.unwrap()).collect();
        for one in &mut crowd {
            one.becomes(ClientKind::Anonymous).unwrap();
        }
        let mut anonymous = open(&sockets, "192.0.2.9").1.unwrap();
        assert_eq!(anonymous.becomes(ClientKind::Anonymous), Err(TooMany));
        let mut buyer = open(&sockets, "192.0.2.9").1.unwrap();
        assert_eq!(buyer.becomes(ClientKind::SignedIn), Ok(()));
        let mut elsewhere = open(&sockets, "192.0.3.9").1.unwrap();
        assert_eq!(elsewhere.becomes(ClientKind::Anonymous), Ok(()));
        crowd.pop();
        assert_eq!(anonymous.becomes(ClientKind::Anonymous), Ok(()));
    }

    #[test]
    fn the_oldest_silent_socket_of_a_network_ends_for_a_new_one() {
        let sockets = counter(|limits| limits.silent_per_network = 2);
        let silent: Vec<_> = (0..2).map(|_| open(&sockets, "192.0.2.1")).collect();
        let (new, counted) = open(&sockets, "192.0.2.2");
        assert_eq!(silent[0].0.ending(), Some(Ending::Replaced));
        assert_eq!((silent[1].0.ending(), new.ending()), (None, None));
        assert_eq!(counted.unwrap().becomes(ClientKind::SignedIn), Ok(()));
        let (_other, _) = open(&sockets, "192.0.3.1");
        assert_eq!(silent[1].0.ending(), None);
    }

    #[test]
    fn the_process_has_a_limit_and_accepts_none_once_it_is_closed() {
        let sockets = counter(|limits| limits.total = 2);
        let mut open_sockets: Vec<_> = (0..2).map(|_| open(&sockets, "192.0.2.1")).collect();
        assert_eq!(open(&sockets, "203.0.113.1").1.unwrap_err(), TooMany);
        let (_, gone) = open_sockets.pop().unwrap();
        drop(gone);
        assert_eq!(sockets.count(), 1);
        sockets.close();
        assert_eq!(open_sockets[0].0.ending(), Some(Ending::Restart));
        assert_eq!(open(&sockets, "203.0.113.1").1.unwrap_err(), TooMany);
    }

    #[test]
    fn nothing_is_left_of_sockets_that_ended() {
        let sockets = counter(|_| {});
        let kinds = [ClientKind::Silent, ClientKind::Anonymous, ClientKind::SignedIn];
        for kind in kinds {
            let mut counted = open(&sockets, "2001:db8::1").1.unwrap();
            counted.becomes(kind).unwrap();
        }
        let counts = sockets.counts();
        assert!(counts.networks.is_empty() && counts.sockets.is_empty());
    }
}
