//! The channels of one event in this process: what its sockets see, encoded once for all of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use smallvec::SmallVec;
use tiketi_core::live_seats::SeatUpdate;
use tiketi_core::seat_states::StatesOf;
use tiketi_core::{BoxOffice, EventId};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::channels::frame::{Frame, SeatChanges};
use crate::channels::log::{ChannelLog, Frames, Missing};
use crate::channels::members::{Members, Membership};
use crate::channels::name::Topic;
use crate::channels::pace::{LONGEST_ROUND, rest_after};
use crate::channels::protocol::{Body, Encoding, ServerMessage};
use crate::channels::sent::Sent;
use crate::channels::signal::Signal;
use crate::channels::snapshot::Snapshots;
use crate::event_states::states_of;
use crate::live::Following;
use crate::picture::Picture;

/// Shortest rest between two rounds that is slept: the runtime's timer has a grain of a millisecond.
const SHORTEST_REST: Duration = Duration::from_micros(500);
/// Changes of seats that are merged for one socket, as a share of the seats: with more, it gets a snapshot, which is
/// encoded once for all.
const MERGED_SHARE: usize = 8;
/// Changes that are merged in any hall.
const MERGED_ANYWAY: usize = 1_000;

/// The channels of one event.
#[derive(Debug)]
pub(crate) struct Room {
    event: EventId,
    office: BoxOffice,
    live: Following,
    logs: [Mutex<ChannelLog>; 3],
    snapshots: Snapshots,
    /// The latest merged message, for sockets that missed the same: those that reconnect together.
    merged: Mutex<Option<Merged>>,
    members: Arc<Members>,
}

#[derive(Debug, Clone)]
struct Merged {
    seen: u64,
    last: u64,
    encoding: Encoding,
    text: Utf8Bytes,
}

/// What a room begins with.
#[derive(Debug)]
pub(crate) struct Begun {
    sent: Sent,
    revision: u64,
}

/// What a socket has of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cursor {
    /// Nothing.
    Nothing,
    /// Every message up to this number.
    Seen(u64),
    /// The seat map of this version.
    Version(u64),
}

/// Messages for one socket, and up to which number it has all then.
#[derive(Debug, Default)]
pub(crate) struct Missed {
    pub(crate) texts: SmallVec<[Utf8Bytes; 2]>,
    pub(crate) seen: u64,
}

impl Room {
    /// Opens the channels of an event. The caller runs [`Room::run`] from [`Room::begin`].
    pub(crate) fn new(office: &BoxOffice, live: Following) -> Self {
        Self {
            event: live.event(),
            office: office.clone(),
            live,
            logs: std::array::from_fn(|_| Mutex::new(ChannelLog::starting_after(rand::random()))),
            snapshots: Snapshots::default(),
            merged: Mutex::default(),
            members: Arc::default(),
        }
    }

    /// Returns the event.
    pub(crate) const fn event(&self) -> EventId {
        self.event
    }

    /// Adds a socket, which follows no topic yet.
    pub(crate) fn enter(&self, signal: Arc<Signal>) -> Membership {
        self.members.add(signal)
    }

    /// Returns whether no socket is in the room.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.count() == 0
    }

    /// Returns what the room begins with. It comes before the first socket enters: what changes after it becomes a
    /// message, so a socket whose snapshot is older than the first message misses nothing.
    pub(crate) fn begin(&self) -> Begun {
        let mut sent = Sent::default();
        let revision = self.live.picture().map_or(0, |first| self.publish(&mut sent, &first).1);
        Begun { sent, revision }
    }

    /// Sends what changes, in rounds, until `close` says that the room is closed; it is asked every `linger` while the
    /// room is empty.
    ///
    /// A round that takes longer makes the next one later: what changes meanwhile is merged.
    pub(crate) async fn run(&self, begun: Begun, linger: Duration, close: impl Fn() -> bool) {
        let Begun { mut sent, mut revision } = begun;
        let mut look = interval(linger);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        look.reset();
        let mut was_empty = false;
        loop {
            tokio::select! {
                _ = self.live.changed(revision) => {}
                _ = look.tick() => {
                    if std::mem::replace(&mut was_empty, self.is_empty()) && self.is_empty() && close() {
                        return;
                    }
                    continue;
                }
            }
            let Some(picture) = self.live.picture() else { continue };
            let topics;
            (topics, revision) = self.publish(&mut sent, &picture);
            if topics != 0 {
                self.wake(topics).await;
            }
        }
    }

    async fn wake(&self, topics: u8) {
        let began = Instant::now();
        self.members.wake(topics, LONGEST_ROUND).await;
        let rest = rest_after(began.elapsed());
        if rest >= SHORTEST_REST {
            sleep(rest).await;
        }
    }

    /// Adds messages to the channels for all that a picture has and the room has not sent; returns which channels have
    /// some, and the picture's revision.
    fn publish(&self, sent: &mut Sent, picture: &Picture) -> (u8, u64) {
        let mut topics = 0;
        let news = sent.take(picture);
        if news.has_other_seats {
            self.log(Topic::Seats).restart();
            topics |= Topic::Seats.bit();
        } else if !news.seats.is_empty() {
            self.push_seats(news.version_before, states_of(&picture.seats), news.seats);
            topics |= Topic::Seats.bit();
        }
        for (topic, body) in news.bodies {
            self.push(topic, body);
            topics |= topic.bit();
        }
        (topics, picture.revision)
    }

    fn push_seats(&self, before: u64, of: StatesOf, updates: Vec<SeatUpdate>) {
        let mut log = self.log(Topic::Seats);
        let channel = Topic::Seats.of(self.event);
        let (seq, now) = (log.next(), self.office.now());
        match Frame::seats(SeatChanges { channel, seq, since: None, before, of, now, updates }) {
            Ok(frame) => log.push(Arc::new(frame)),
            Err(_) => log.restart(),
        }
    }

    fn push(&self, topic: Topic, body: Body) {
        let mut log = self.log(topic);
        let at = self.office.now().to_string();
        match ServerMessage::new(topic.of(self.event), log.next(), at, body).json() {
            Ok(text) => log.push(Arc::new(Frame::text(text))),
            Err(_) => log.restart(),
        }
    }

    /// Returns what a socket misses if it is only the latest messages, as for all that read in time.
    pub(crate) fn latest(&self, topic: Topic, encoding: Encoding, cursor: Cursor) -> Option<Missed> {
        let Cursor::Seen(seen) = cursor else { return None };
        // Not in the match, for whose whole length the log would be locked.
        let missing = self.log(topic).after(seen);
        match missing {
            Missing::Nothing => Some(Missed { texts: SmallVec::new(), seen }),
            Missing::Frames(frames) => Some(Missed::of(&frames, seen, encoding)),
            Missing::Many(_) | Missing::Unknown => None,
        }
    }

    /// Returns what a socket misses: the messages, one that stands for many, or a snapshot.
    pub(crate) async fn missed(&self, topic: Topic, encoding: Encoding, cursor: Cursor) -> Missed {
        if let Some(latest) = self.latest(topic, encoding, cursor) {
            return latest;
        }
        if topic == Topic::Seats
            && let Some(merged) = self.merged(encoding, cursor)
        {
            return merged;
        }
        let log = self.log_of(topic);
        let (text, seen) = self.snapshots.get(&self.office, &self.live, log, (topic, encoding)).await;
        Missed { texts: text.into_iter().collect(), seen }
    }

    /// Merges the changes of seats that a socket misses into one message; `None` if it needs a snapshot.
    fn merged(&self, encoding: Encoding, cursor: Cursor) -> Option<Missed> {
        let (seen, before, last) = {
            // The number first: a picture that is read later has all that the message before it said.
            let log = self.log(Topic::Seats);
            match cursor {
                Cursor::Nothing => return None,
                Cursor::Version(version) => (0, version, log.last()),
                Cursor::Seen(seen) => match log.after(seen) {
                    Missing::Many(first) => (seen, first.version_before(), log.last()),
                    Missing::Nothing | Missing::Frames(_) | Missing::Unknown => return None,
                },
            }
        };
        if let Some(known) = self.known_merged(seen, last, encoding) {
            return Some(known);
        }
        let picture = self.live.picture()?;
        let updates = picture.seats.since(before)?;
        if updates.len() > (picture.seats.count() / MERGED_SHARE).max(MERGED_ANYWAY) {
            return None;
        }
        let (channel, now) = (Topic::Seats.of(self.event), self.office.now());
        let of = states_of(&picture.seats);
        let changes = SeatChanges { channel, seq: last, since: Some(seen), before, of, now, updates };
        let text = changes.text(encoding).ok()?;
        if seen > 0 {
            let merged = Merged { seen, last, encoding, text: text.clone() };
            *self.merged.lock().unwrap_or_else(PoisonError::into_inner) = Some(merged);
        }
        Some(Missed { texts: [text].into_iter().collect(), seen: last })
    }

    fn known_merged(&self, seen: u64, last: u64, encoding: Encoding) -> Option<Missed> {
        let merged = self.merged.lock().unwrap_or_else(PoisonError::into_inner);
        let known = merged.as_ref()?;
        let is_same = (known.seen, known.last, known.encoding) == (seen, last, encoding);
        is_same.then(|| Missed { texts: [known.text.clone()].into_iter().collect(), seen: last })
    }

    fn log_of(&self, topic: Topic) -> &Mutex<ChannelLog> {
        let [event, seats, queue] = &self.logs;
        match topic {
            Topic::Event => event,
            Topic::Seats => seats,
            Topic::Queue => queue,
        }
    }

    fn log(&self, topic: Topic) -> MutexGuard<'_, ChannelLog> {
        self.log_of(topic).lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Missed {
    fn of(frames: &Frames, seen: u64, encoding: Encoding) -> Self {
        let texts = frames.iter().map(|frame| frame.in_encoding(encoding)).collect();
        Self { texts, seen: seen + frames.len() as u64 }
    }
}
