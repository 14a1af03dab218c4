//! The sockets in the rooms of one event.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use socketioxide::extract::SocketRef;
use socketioxide::socket::Sid;

use crate::channels::Topic;
use crate::socketio::message::Message;

/// The rooms of an event.
pub(super) const TOPICS: [Topic; 3] = [Topic::Event, Topic::Seats, Topic::Queue];

/// What a socket in a room still has to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Backlog {
    /// Nothing: it has all that the room was told.
    Nothing,
    /// The state of the room; of seats, those that changed a moment ago.
    Recent,
    /// The state of the room; of seats, those that changed after this map version.
    After(u64),
}

/// The sockets in the rooms of one event.
#[derive(Debug, Default)]
pub(super) struct Members {
    rooms: Mutex<[HashMap<Sid, Member>; 3]>,
    /// The number of the latest join.
    joins: AtomicU64,
}

#[derive(Debug)]
struct Member {
    socket: SocketRef,
    backlog: Backlog,
    /// Which join it is: a socket that left and came back is another member.
    number: u64,
}

/// A member at one moment.
#[derive(Debug, Clone)]
pub(super) struct MemberState {
    pub(super) socket: SocketRef,
    pub(super) backlog: Backlog,
    number: u64,
}

const fn index(topic: Topic) -> usize {
    match topic {
        Topic::Event => 0,
        Topic::Seats => 1,
        Topic::Queue => 2,
    }
}

impl Members {
    /// Adds a socket to a room, and returns how many are in it.
    pub(super) fn join(&self, topic: Topic, socket: SocketRef, backlog: Backlog) -> usize {
        let number = self.joins.fetch_add(1, Ordering::Relaxed);
        let mut rooms = self.lock();
        let Some(room) = rooms.get_mut(index(topic)) else { return 0 };
        room.insert(socket.id, Member { socket, backlog, number });
        room.len()
    }

    /// Removes a socket from a room. Returns how many are left in it.
    pub(super) fn leave(&self, topic: Topic, socket: Sid) -> usize {
        let mut rooms = self.lock();
        let Some(room) = rooms.get_mut(index(topic)) else { return 0 };
        room.remove(&socket);
        room.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().iter().all(HashMap::is_empty)
    }

    /// Returns how many are in all rooms together.
    pub(super) fn count(&self) -> usize {
        self.lock().iter().map(HashMap::len).sum()
    }

    /// Returns whether a member has a backlog.
    pub(super) fn has_backlog(&self) -> bool {
        self.lock().iter().flat_map(HashMap::values).any(|member| member.backlog != Backlog::Nothing)
    }

    /// Returns who is in a room, in no order.
    pub(super) fn of(&self, topic: Topic) -> Vec<MemberState> {
        let rooms = self.lock();
        let room = rooms.get(index(topic)).into_iter().flat_map(HashMap::values);
        let state = |member: &Member| MemberState {
            socket: member.socket.clone(),
            backlog: member.backlog,
            number: member.number,
        };
        room.map(state).collect()
    }

    /// Notes the backlogs of members.
    pub(super) fn settle(&self, topic: Topic, changed: impl IntoIterator<Item = (MemberState, Backlog)>) {
        let mut rooms = self.lock();
        let Some(room) = rooms.get_mut(index(topic)) else { return };
        for (state, backlog) in changed {
            let member = room.get_mut(&state.socket.id);
            if let Some(member) = member.filter(|member| member.number == state.number) {
                member.backlog = backlog;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, [HashMap<Sid, Member>; 3]> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends messages to a socket, and returns whether all of them are in its queue.
///
/// The queue is bounded. What does not fit is not waited for: it is the backlog of the socket.
pub(super) fn send(socket: &SocketRef, messages: &[Message]) -> bool {
    messages.iter().all(|message| socket.emit(message.name, &message.body).is_ok())
}
