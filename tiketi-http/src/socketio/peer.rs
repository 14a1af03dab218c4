//! What the server knows of one connection, from its handshake to its end.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use socketioxide::adapter::LocalAdapter;
use socketioxide::socket::Socket;
use tiketi_core::BuyerId;
use tokio::time::Instant;

use crate::channels::{Channel, ClientKind, Counted, MessageBudget, SocketLimits, TooMany};

/// One connection. It is in the extensions of the request that opened it, so it lives as long as the connection.
#[derive(Debug)]
pub(super) struct Peer {
    limits: SocketLimits,
    user: OnceLock<BuyerId>,
    inside: Mutex<Inside>,
}

#[derive(Debug)]
struct Inside {
    /// The rooms that the client wants, the last joined one last.
    rooms: Vec<Channel>,
    is_closed: bool,
    budget: MessageBudget,
    counted: Option<Counted>,
}

/// Why a room cannot be joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoRoom {
    /// The client has as many as it may.
    TooMany,
    /// The connection has ended.
    Closed,
}

impl Peer {
    pub(super) fn new(limits: SocketLimits, counted: Option<Counted>) -> Self {
        let budget = MessageBudget::new(&limits, Instant::now());
        let inside = Inside { rooms: Vec::new(), is_closed: false, budget, counted };
        Self { limits, user: OnceLock::new(), inside: Mutex::new(inside) }
    }

    /// Returns the peer of a socket; `None` for a socket that did not come through the routes.
    pub(super) fn of(socket: &Socket<LocalAdapter>) -> Option<Arc<Self>> {
        socket.req_parts().extensions.get::<Arc<Self>>().cloned()
    }

    /// Notes who the user is, or that there is none.
    ///
    /// # Errors
    ///
    /// [`TooMany`] if the network of the client has too many sockets without a user.
    pub(super) fn signs_in(&self, user: Option<BuyerId>) -> Result<(), TooMany> {
        let kind = if user.is_some() { ClientKind::SignedIn } else { ClientKind::Anonymous };
        if let Some(counted) = &mut self.lock().counted {
            counted.becomes(kind)?;
        }
        if let Some(user) = user {
            let _first = self.user.set(user);
        }
        Ok(())
    }

    pub(super) fn user(&self) -> Option<BuyerId> {
        self.user.get().copied()
    }

    /// Counts a message of the client, and returns whether it may be read.
    pub(super) fn counts(&self, now: Instant) -> bool {
        self.lock().budget.take(now)
    }

    /// Notes that the client wants a room.
    pub(super) fn want(&self, room: Channel) -> Result<(), NoRoom> {
        let mut inside = self.lock();
        if inside.is_closed {
            return Err(NoRoom::Closed);
        }
        inside.rooms.retain(|known| *known != room);
        if inside.rooms.len() >= self.limits.channels {
            return Err(NoRoom::TooMany);
        }
        inside.rooms.push(room);
        Ok(())
    }

    /// Notes that the client no longer wants a room.
    pub(super) fn forget(&self, room: Channel) {
        self.lock().rooms.retain(|known| *known != room);
    }

    pub(super) fn wants(&self, room: Channel) -> bool {
        self.lock().rooms.contains(&room)
    }

    pub(super) fn rooms(&self) -> Vec<Channel> {
        self.lock().rooms.clone()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Notes the end of the connection, and returns the rooms that the client had.
    pub(super) fn close(&self) -> Vec<Channel> {
        let mut inside = self.lock();
        inside.is_closed = true;
        inside.counted = None;
        std::mem::take(&mut inside.rooms)
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tiketi_core::EventId;
    use uuid::Uuid;

    use super::*;
    use crate::channels::Topic;

    fn peer() -> Peer {
        Peer::new(SocketLimits::default(), None)
    }

    fn room(number: usize) -> Channel {
        Topic::Event.of(EventId::from_uuid(Uuid::from_u128(number as u128)))
    }

    #[test]
    fn a_client_has_a_limited_number_of_rooms() {
        let (peer, most) = (peer(), SocketLimits::default().channels);
        (0..most).for_each(|number| peer.want(room(number)).unwrap());
        assert_eq!(peer.want(room(most)), Err(NoRoom::TooMany));
        assert_eq!(peer.want(room(0)), Ok(()), "a room that it has can be joined again");
        peer.forget(room(1));
        assert_eq!(peer.want(room(most)), Ok(()));
        assert!(!peer.wants(room(1)) && peer.rooms().last() == Some(&room(most)));
    }

    #[test]
    fn a_connection_that_ended_joins_no_room() {
        let peer = peer();
        peer.want(room(1)).unwrap();
        assert_eq!(peer.close(), [room(1)]);
        assert_eq!(peer.want(room(2)), Err(NoRoom::Closed));
        assert!(!peer.wants(room(1)) && peer.close().is_empty());
    }

    #[test]
    fn a_flood_of_messages_is_noticed() {
        let (peer, start) = (peer(), Instant::now());
        let SocketLimits { message_burst, message_every, .. } = SocketLimits::default();
        let start = start + Duration::from_secs(1);
        assert!((0..message_burst).all(|_| peer.counts(start)));
        assert!(!peer.counts(start));
        assert!(peer.counts(start + message_every) && !peer.counts(start + message_every));
    }
}
