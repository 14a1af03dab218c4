//! Tells the rooms of one event what changes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use socketioxide::extract::SocketRef;
use tiketi_core::event::EventStatus;
use tiketi_core::fact::SeatStatus;
use tiketi_core::waiting_room::Serving;
use tiketi_core::{BoxOffice, EventId, SeatId, Timestamp};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::channels::Topic;
use crate::live::Following;
use crate::picture::Picture;
use crate::socketio::members::{Backlog, Members, TOPICS, send};
use crate::socketio::message::{self, Message, StockNews};
use crate::socketio::recent::Recent;

/// Time that a round leaves for each socket to be written: about what writing one takes.
const PER_SOCKET: Duration = Duration::from_micros(20);
/// Longest time between two rounds.
const LONGEST_ROUND: Duration = Duration::from_secs(1);
/// How long after a socket had no space it is looked at again.
const RETRY_AFTER: Duration = Duration::from_millis(250);
/// Sockets that are sent before other tasks get a turn.
const AT_ONCE: usize = 64;

/// The rooms of one event, and the task that tells them what changes.
///
/// A round takes what changed since the one before, latest wins, and encodes it once. A socket without space for it is
/// not waited for: it is sent what it missed in a later round.
#[derive(Debug)]
pub(super) struct Feed {
    event: EventId,
    office: BoxOffice,
    live: Following,
    pub(super) members: Members,
    /// Wakes the task: someone joined.
    woken: Notify,
}

/// What the rooms were sent.
#[derive(Debug)]
struct Sent {
    version: u64,
    status: EventStatus,
    stock: Vec<StockNews>,
    serving: Option<Arc<Serving>>,
    recent: Recent,
}

/// The messages of one room, encoded once.
type Messages = Arc<[Message]>;

impl Feed {
    /// Opens the rooms of an event. The caller runs [`Feed::run`].
    pub(super) fn new(office: &BoxOffice, live: Following) -> Self {
        let (event, members) = (live.event(), Members::default());
        Self { event, office: office.clone(), live, members, woken: Notify::new() }
    }

    pub(super) const fn event(&self) -> EventId {
        self.event
    }

    /// Adds a socket to a room, and returns how many are in it.
    ///
    /// It is sent the state of the room. Of seats it is sent those that changed after the version that it has, or in the
    /// last minute: a client reads the seat map before it joins, and after a lost connection it may not read it again.
    pub(super) fn join(&self, topic: Topic, socket: SocketRef, version: Option<u64>) -> usize {
        let backlog = version.map_or(Backlog::Recent, Backlog::After);
        let count = self.members.join(topic, socket, backlog);
        self.woken.notify_one();
        count
    }

    /// Tells the rooms what changes, until `close` says that they are closed; it is asked every `linger` while they are
    /// empty.
    pub(super) async fn run(&self, linger: Duration, close: impl Fn() -> bool) {
        let Some(first) = self.live.picture() else { return };
        let (mut sent, mut revision) = (Sent::of(&first, self.office.now()), first.revision);
        let mut look = interval(linger);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        look.reset();
        let mut was_empty = false;
        loop {
            tokio::select! {
                _ = self.live.changed(revision) => {}
                () = self.woken.notified() => {}
                () = sleep(RETRY_AFTER), if self.members.has_backlog() => {}
                _ = look.tick() => {
                    let is_empty = self.members.is_empty();
                    if std::mem::replace(&mut was_empty, is_empty) && is_empty && close() {
                        return;
                    }
                }
            }
            if let Some(picture) = self.live.picture() {
                revision = picture.revision;
                self.round(&mut sent, &picture).await;
            }
            sleep(rest(self.members.count())).await;
        }
    }

    /// Tells each room what is new in a picture.
    async fn round(&self, sent: &mut Sent, picture: &Picture) {
        let now = self.office.now();
        let before = sent.version;
        let news = sent.take(self.event, picture, now);
        for (topic, messages) in TOPICS.into_iter().zip(news) {
            let mut catching_up = HashMap::new();
            let mut changed = Vec::new();
            for some in self.members.of(topic).chunks(AT_ONCE) {
                for member in some {
                    let (messages, if_full) = match member.backlog {
                        Backlog::Nothing => (Arc::clone(&messages), Backlog::After(before)),
                        backlog => {
                            let make = || self.catch_up(topic, backlog, sent, picture, now);
                            (Arc::clone(catching_up.entry(backlog).or_insert_with(make)), backlog)
                        }
                    };
                    let backlog = if send(&member.socket, &messages) { Backlog::Nothing } else { if_full };
                    if backlog != member.backlog {
                        changed.push((member.clone(), backlog));
                    }
                }
                tokio::task::yield_now().await;
            }
            self.members.settle(topic, changed);
        }
    }

    /// Makes the messages of a backlog.
    fn catch_up(
        &self,
        topic: Topic,
        backlog: Backlog,
        sent: &Sent,
        picture: &Picture,
        now: Timestamp,
    ) -> Messages {
        let messages = match (topic, backlog) {
            (_, Backlog::Nothing) => Vec::new(),
            (Topic::Event, _) => {
                let status = message::status(self.event, picture.status, now);
                let stock = sent.stock.iter().filter_map(|news| message::stock(self.event, *news, now));
                status.into_iter().chain(stock).collect()
            }
            (Topic::Seats, Backlog::Recent) => self.seats_after(sent.recent.since(now), picture, now),
            (Topic::Seats, Backlog::After(version)) => self.seats_after(version, picture, now),
            (Topic::Queue, _) => sent.serving.as_deref().and_then(message::serving).into_iter().collect(),
        };
        messages.into()
    }

    /// Tells the seats that changed after a version.
    fn seats_after(&self, version: u64, picture: &Picture, now: Timestamp) -> Vec<Message> {
        // A client may have read its map at a server that is ahead: what comes after is still to come here.
        if version >= picture.seats.version() {
            return Vec::new();
        }
        message::seats(self.event, &changed_after(version, picture), now)
    }
}

impl Sent {
    fn of(picture: &Picture, now: Timestamp) -> Self {
        let version = picture.seats.version();
        Self {
            version,
            status: picture.status,
            stock: stock_of(picture),
            serving: picture.serving.clone(),
            recent: Recent::starting_at(version, now),
        }
    }

    /// Takes what is new in a picture, as messages of each room.
    fn take(&mut self, event: EventId, picture: &Picture, now: Timestamp) -> [Messages; 3] {
        [self.take_event(event, picture, now), self.take_seats(event, picture, now), self.take_queue(picture)]
            .map(Into::into)
    }

    fn take_event(&mut self, event: EventId, picture: &Picture, now: Timestamp) -> Vec<Message> {
        let mut messages = Vec::new();
        if std::mem::replace(&mut self.status, picture.status) != picture.status {
            messages.extend(message::status(event, picture.status, now));
        }
        let stock = stock_of(picture);
        let changed = stock.iter().filter(|news| !self.stock.contains(news));
        messages.extend(changed.filter_map(|news| message::stock(event, *news, now)));
        self.stock = stock;
        messages
    }

    fn take_seats(&mut self, event: EventId, picture: &Picture, now: Timestamp) -> Vec<Message> {
        let version = picture.seats.version();
        let before = std::mem::replace(&mut self.version, version);
        self.recent.reached(version, now);
        if before == version {
            return Vec::new();
        }
        message::seats(event, &changed_after(before, picture), now)
    }

    fn take_queue(&mut self, picture: &Picture) -> Vec<Message> {
        let Some(now) = &picture.serving else { return Vec::new() };
        let before = self.serving.replace(Arc::clone(now));
        if before.as_ref().is_some_and(|before| Arc::ptr_eq(before, now)) {
            return Vec::new();
        }
        let cleared = before.and_then(|before| message::cleared(&before, now));
        cleared.into_iter().chain(message::serving(now)).collect()
    }
}

/// Returns the seats that changed after a version; all seats if the event had others then.
fn changed_after(version: u64, picture: &Picture) -> Vec<(SeatId, SeatStatus)> {
    match picture.seats.since(version) {
        Some(updates) => updates.iter().map(|update| (update.now.seat, update.now.status)).collect(),
        None => picture.seats.iter().map(|seat| (seat.seat, seat.status)).collect(),
    }
}

/// Returns how long the rooms rest after a round: longer the more sockets have to be written.
fn rest(sockets: usize) -> Duration {
    let sockets = u32::try_from(sockets).unwrap_or(u32::MAX);
    PER_SOCKET.saturating_mul(sockets).min(LONGEST_ROUND)
}

fn stock_of(picture: &Picture) -> Vec<StockNews> {
    let of = |ticket_type: &tiketi_core::TicketType| StockNews {
        ticket_type: ticket_type.id,
        available: ticket_type.stock.available(),
        capacity: ticket_type.stock.capacity,
    };
    picture.view.ticket_types.iter().map(of).collect()
}
