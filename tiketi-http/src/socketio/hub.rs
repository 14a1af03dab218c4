//! The rooms and users of a process, and how a client gets into them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use socketioxide::extract::SocketRef;
use tiketi_core::EventId;

use crate::channels::{Channel, Topic};
use crate::error::{ApiError, Code};
use crate::socketio::feed::Feed;
use crate::socketio::members::send;
use crate::socketio::message;
use crate::socketio::peer::{NoRoom, Peer};
use crate::socketio::session::{PURPOSE, Session, Sessions};
use crate::socketio::users::Users;
use crate::state::AppState;

/// How often an event without clients is looked at; its rooms are closed when it had none twice in a row.
const LINGER: Duration = Duration::from_secs(30);

/// The rooms and users of a process.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) state: AppState,
    pub(super) users: Arc<Users>,
    sessions: Sessions,
    feeds: Mutex<HashMap<EventId, Arc<Feed>>>,
}

/// What a restored session had.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Restored {
    /// The event whose room of that kind was joined last.
    event_id: Option<String>,
    queue_event_id: Option<String>,
    seat_event_id: Option<String>,
    /// Always empty: what a user holds is read from the API.
    selected_seats: Vec<()>,
    rooms: Vec<Channel>,
}

impl Hub {
    pub(super) fn new(state: AppState) -> Self {
        let secret = state.box_office().waiting_room().derived_secret(PURPOSE);
        let users = Arc::new(Users::new(state.sockets().limits.per_user));
        Self { state, users, sessions: Sessions::new(secret), feeds: Mutex::default() }
    }

    /// Notes that a client wants a room.
    pub(super) fn want(peer: &Peer, room: Channel) -> Result<(), ApiError> {
        peer.want(room).map_err(|why| match why {
            NoRoom::TooMany => ApiError::new(Code::TooManyChannels),
            NoRoom::Closed => ApiError::new(Code::NotFound),
        })
    }

    /// Brings a client into a room that it wants ([`Hub::want`]).
    pub(super) async fn join(
        self: &Arc<Self>,
        socket: &SocketRef,
        peer: &Peer,
        room: Channel,
        version: Option<u64>,
    ) -> Result<(), ApiError> {
        let Some((event, topic)) = room.of_event() else { return Err(ApiError::new(Code::InvalidBody)) };
        let count = match self.enter(event, topic, socket, version).await {
            Ok(count) => count,
            Err(error) => {
                peer.forget(room);
                return Err(error);
            }
        };
        // It may have left, or its connection may have ended, while the event was looked up.
        if !peer.wants(room) {
            self.leave_room(socket, room);
            return Ok(());
        }
        if topic == Topic::Event {
            send(socket, message::room_info(event, count).as_slice());
        }
        Ok(())
    }

    async fn enter(
        self: &Arc<Self>,
        event: EventId,
        topic: Topic,
        socket: &SocketRef,
        version: Option<u64>,
    ) -> Result<usize, ApiError> {
        let known = self.feeds().get(&event).map(|feed| feed.join(topic, socket.clone(), version));
        if let Some(count) = known {
            return Ok(count);
        }
        let following = self.state.live().follow(self.state.box_office(), event).await?;
        let following = following.ok_or_else(|| ApiError::new(Code::EventNotFound))?;
        let mut feeds = self.feeds();
        let feed = feeds.entry(event).or_insert_with(|| {
            let feed = Arc::new(Feed::new(self.state.box_office(), following));
            tokio::spawn(Arc::clone(self).run(Arc::clone(&feed)));
            feed
        });
        // It joins under the lock, so that the rooms are not closed at the same time.
        Ok(feed.join(topic, socket.clone(), version))
    }

    async fn run(self: Arc<Self>, feed: Arc<Feed>) {
        feed.run(LINGER, || self.close(&feed)).await;
    }

    /// Closes the rooms of an event if they are still empty.
    fn close(&self, feed: &Feed) -> bool {
        let mut feeds = self.feeds();
        let is_over = feed.members.is_empty();
        if is_over {
            feeds.remove(&feed.event());
        }
        is_over
    }

    /// Takes a client out of a room.
    pub(super) fn leave(&self, socket: &SocketRef, peer: &Peer, room: Channel) {
        peer.forget(room);
        let left = self.leave_room(socket, room);
        if let Some((event, Topic::Event)) = room.of_event() {
            send(socket, message::room_info(event, left).as_slice());
        }
    }

    fn leave_room(&self, socket: &SocketRef, room: Channel) -> usize {
        let Some((event, topic)) = room.of_event() else { return 0 };
        self.feeds().get(&event).map_or(0, |feed| feed.members.leave(topic, socket.id))
    }

    /// Takes a client whose connection ended out of everything.
    pub(super) fn gone(&self, socket: &SocketRef, peer: &Peer) {
        for room in peer.close() {
            self.leave_room(socket, room);
        }
        if let Some(user) = peer.user() {
            self.users.remove(user, socket.id);
        }
    }

    /// Gives a client the text that restores its rooms when it connects again.
    pub(super) fn give_session(&self, socket: &SocketRef, peer: &Peer) {
        let session = Session { user: peer.user(), rooms: peer.rooms() };
        let text = self.sessions.write(&session, self.state.now());
        // A client without it joins its rooms itself.
        let _ = socket.emit("session", &json!({"session": text}));
    }

    /// Brings a client into the rooms of its session, and tells it which these are.
    pub(super) async fn restore(self: &Arc<Self>, socket: &SocketRef, peer: &Peer, text: &str) {
        let Some(session) = self.sessions.read(text, peer.user(), self.state.now()) else { return };
        let mut restored = Restored::default();
        for room in session.rooms {
            // An event that buyers no longer see is left out.
            if Self::want(peer, room).is_ok() && self.join(socket, peer, room, None).await.is_ok() {
                restored.add(room);
            }
        }
        let _ = socket.emit("session-restored", &restored);
        self.give_session(socket, peer);
    }

    fn feeds(&self) -> MutexGuard<'_, HashMap<EventId, Arc<Feed>>> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Restored {
    fn add(&mut self, room: Channel) {
        let Some((event, topic)) = room.of_event() else { return };
        let last = match topic {
            Topic::Event => &mut self.event_id,
            Topic::Seats => &mut self.seat_event_id,
            Topic::Queue => &mut self.queue_event_id,
        };
        *last = Some(event.to_string());
        self.rooms.push(room);
    }
}
