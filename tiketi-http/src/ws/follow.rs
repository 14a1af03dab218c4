//! The channels that one socket follows.

use std::sync::Arc;

use tiketi_core::EventId;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::channels::{Cursor, Encoding, Membership, Room, Topic};

/// The channels that one socket follows.
#[derive(Debug, Default)]
pub(super) struct Followed {
    rooms: Vec<InRoom>,
}

/// The channels of one event.
#[derive(Debug)]
struct InRoom {
    room: Arc<Room>,
    membership: Membership,
    topics: Vec<Follow>,
}

#[derive(Debug, Clone, Copy)]
struct Follow {
    topic: Topic,
    encoding: Encoding,
    cursor: Cursor,
}

impl Followed {
    /// Returns whether a channel of an event is followed.
    pub(super) fn has_event(&self, event: EventId) -> bool {
        self.rooms.iter().any(|known| known.room.event() == event)
    }

    /// Adds the room of an event, of which nothing is followed yet.
    pub(super) fn add(&mut self, room: Arc<Room>, membership: Membership) {
        self.rooms.push(InRoom { room, membership, topics: Vec::new() });
    }

    /// Follows a channel of an event that was added, or begins again with it.
    pub(super) fn follow(&mut self, event: EventId, topic: Topic, encoding: Encoding, cursor: Cursor) {
        let Some(known) = self.rooms.iter_mut().find(|known| known.room.event() == event) else { return };
        known.topics.retain(|follow| follow.topic != topic);
        known.topics.push(Follow { topic, encoding, cursor });
        known.tell();
    }

    /// Follows a channel no longer.
    pub(super) fn leave(&mut self, event: EventId, topic: Topic) {
        for known in self.rooms.iter_mut().filter(|known| known.room.event() == event) {
            known.topics.retain(|follow| follow.topic != topic);
            known.tell();
        }
        self.rooms.retain(|known| !known.topics.is_empty());
    }

    /// Takes every message that the socket misses.
    pub(super) async fn take(&mut self, mut send: impl FnMut(Utf8Bytes)) {
        for InRoom { room, topics, .. } in &mut self.rooms {
            for Follow { topic, encoding, cursor } in topics {
                // Most of the time only the latest messages are missing, and nothing is waited for.
                let missed = match room.latest(*topic, *encoding, *cursor) {
                    Some(latest) => latest,
                    None => room.missed(*topic, *encoding, *cursor).await,
                };
                *cursor = Cursor::Seen(missed.seen);
                missed.texts.into_iter().for_each(&mut send);
            }
        }
    }

    /// Gets no messages while the socket waits for something else: no room waits for it.
    pub(super) fn pause(&self) {
        self.rooms.iter().for_each(|known| known.membership.pause());
    }

    /// Gets messages again; the caller looks at what came meanwhile.
    pub(super) fn resume(&self) {
        self.rooms.iter().for_each(InRoom::tell);
    }

    /// Tells the rooms that the socket has written what there was.
    pub(super) fn has_written(&self) {
        self.rooms.iter().for_each(|known| known.membership.has_written());
    }
}

impl InRoom {
    fn tell(&self) {
        self.membership.follow(self.topics.iter().fold(0, |bits, follow| bits | follow.topic.bit()));
    }
}
