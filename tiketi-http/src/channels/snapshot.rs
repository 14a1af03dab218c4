//! Snapshots of channels, encoded once for all sockets that need one.

use std::sync::{Arc, Mutex, PoisonError};

use tiketi_core::live_seats::SeatUpdate;
use tiketi_core::{BoxOffice, EventId, Timestamp};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::channels::compact;
use crate::channels::frame::seat_change;
use crate::channels::log::{ChannelLog, Missing};
use crate::channels::name::Topic;
use crate::channels::protocol::{Body, Encoding, Seats, ServerMessage, Snapshot};
use crate::channels::sent::{event_snapshot, queue_updated};
use crate::live::LiveEvent;
use crate::picture::Picture;

/// The latest snapshot of each channel and encoding.
#[derive(Debug, Default)]
pub(crate) struct Snapshots {
    event: Slot,
    queue: Slot,
    seats: Slot,
    compact: Slot,
}

/// Sockets that need a snapshot while it is encoded wait for it.
type Slot = tokio::sync::Mutex<Option<Encoded>>;

#[derive(Debug)]
struct Encoded {
    /// The number of the latest message that it includes.
    seq: u64,
    text: Utf8Bytes,
}

/// What a snapshot is made of.
struct Source {
    event: EventId,
    topic: Topic,
    encoding: Encoding,
    seq: u64,
    now: Timestamp,
    picture: Arc<Picture>,
}

impl Snapshots {
    /// Returns a snapshot of a channel, and the number of the latest message that it includes.
    ///
    /// It may be some messages old, which the socket gets after it: a room whose seats change all the time need not
    /// encode a snapshot for each socket. Returns no text if there is nothing to show yet.
    pub(crate) async fn get(
        &self,
        office: &BoxOffice,
        live: &LiveEvent,
        log: &Mutex<ChannelLog>,
        (topic, encoding): (Topic, Encoding),
    ) -> (Option<Utf8Bytes>, u64) {
        let mut slot = self.slot(topic, encoding).lock().await;
        let seq = {
            let log = log.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = &*slot
                && matches!(log.after(known.seq), Missing::Nothing | Missing::Frames(_))
            {
                return (Some(known.text.clone()), known.seq);
            }
            log.last()
        };
        // Read after the number, so that it has all that the message of the number said.
        let Some(picture) = live.picture() else { return (None, seq) };
        let source = Source { event: live.event(), topic, encoding, seq, now: office.now(), picture };
        let text = source.encode().await;
        if let Some(text) = &text {
            *slot = Some(Encoded { seq, text: text.clone() });
        }
        (text, seq)
    }

    const fn slot(&self, topic: Topic, encoding: Encoding) -> &Slot {
        match (topic, encoding) {
            (Topic::Event, _) => &self.event,
            (Topic::Queue, _) => &self.queue,
            (Topic::Seats, Encoding::Json) => &self.seats,
            (Topic::Seats, Encoding::Compact) => &self.compact,
        }
    }
}

impl Source {
    async fn encode(self) -> Option<Utf8Bytes> {
        if self.topic != Topic::Seats {
            return self.text();
        }
        // A large hall takes milliseconds, in which no other task of the thread would run.
        tokio::task::spawn_blocking(move || self.text()).await.ok().flatten()
    }

    fn text(&self) -> Option<Utf8Bytes> {
        let snapshot = match (self.topic, self.encoding) {
            (Topic::Event, _) => Snapshot::Event(event_snapshot(&self.picture)),
            (Topic::Queue, _) => Snapshot::Queue(queue_updated(self.picture.serving.as_deref()?)),
            (Topic::Seats, Encoding::Json) => Snapshot::Seats(self.listed()),
            (Topic::Seats, Encoding::Compact) => Snapshot::Seats(self.compact()),
        };
        let (channel, at) = (self.topic.of(self.event), self.now.to_string());
        let message = ServerMessage::new(channel, self.seq, at, Body::Resync(snapshot));
        message.json().ok().map(Utf8Bytes::from)
    }

    fn listed(&self) -> Seats {
        let seats = self.picture.seats.iter().zip(0..);
        let changes = seats.map(|(now, index)| seat_change(&SeatUpdate { index, now: *now }, self.now));
        Seats { version: self.picture.seats.version(), changes: Some(changes.collect()), states: None }
    }

    fn compact(&self) -> Seats {
        let states = compact::all(&self.picture.seats, self.now);
        Seats { version: self.picture.seats.version(), changes: None, states: Some(states) }
    }
}
