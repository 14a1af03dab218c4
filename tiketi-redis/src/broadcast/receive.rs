//! Receives messages from Redis, and delivers them to the listeners of this process.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use redis::{PushInfo, PushKind, Value};
use tiketi_core::broadcast::{BuyerOnly, EventRoom, Message};
use tokio::time::{MissedTickBehavior, interval};

use crate::broadcast::Shared;
use crate::broadcast::channel::Channel;
use crate::broadcast::subscription::{Arrived, Subscription};
use crate::codec::{decode_private, decode_public};

/// How often subscriptions are compared with the listeners, and a ping is sent.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// After how many pings without an answer the connection is given up.
const MISSED_PINGS: u32 = 2;

/// The task that receives.
pub(crate) struct Receiver {
    shared: Arc<Shared>,
    subscription: Subscription,
    prefix: String,
    subscribed: HashMap<Vec<u8>, Subscribed>,
    missed_pings: u32,
    /// Whether a node of a Cluster was lost: its channels may be on another one now.
    lost_node: bool,
}

/// A channel that is subscribed to.
struct Subscribed {
    channel: Channel,
    /// Number of the last message; `None` until one came since the subscription began.
    last: Option<u64>,
}

impl Receiver {
    pub(crate) fn new(shared: Arc<Shared>, subscription: Subscription, prefix: &str) -> Self {
        let subscribed = HashMap::new();
        Self {
            shared,
            subscription,
            prefix: prefix.to_owned(),
            subscribed,
            missed_pings: 0,
            lost_node: false,
        }
    }

    /// Receives until the task is aborted.
    pub(crate) async fn run(mut self) {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let shared = Arc::clone(&self.shared);
        loop {
            tokio::select! {
                arrived = self.subscription.next() => match arrived {
                    Arrived::Push(push) => self.push(&push),
                    Arrived::Overflow => self.lose_everything(),
                },
                () = shared.has_new_listener.notified() => self.compare().await,
                _ = look.tick() => {
                    if self.lost_node {
                        self.reopen();
                    }
                    self.compare().await;
                    self.ping().await;
                }
            }
        }
    }

    /// Subscribes to the channels that have a listener, and ends other subscriptions.
    async fn compare(&mut self) {
        let rooms = self.shared.rooms.audiences().into_iter().map(Channel::Room);
        let wanted: HashMap<Vec<u8>, Channel> = rooms
            .chain(self.shared.buyers.audiences().into_iter().map(Channel::Buyer))
            .map(|channel| (channel.name(&self.prefix), channel))
            .collect();
        let new: Vec<Vec<u8>> =
            wanted.keys().filter(|name| !self.subscribed.contains_key(*name)).cloned().collect();
        // Noted before it is asked for: the confirmation is pushed, and tells the listeners of a gap.
        for name in &new {
            if let Some(channel) = wanted.get(name) {
                self.subscribed.insert(name.clone(), Subscribed { channel: *channel, last: None });
            }
        }
        let done = self.subscription.subscribe(&new).await;
        for name in new.iter().skip(done) {
            self.subscribed.remove(name);
        }
        let old: HashSet<Vec<u8>> =
            self.subscribed.keys().filter(|name| !wanted.contains_key(*name)).cloned().collect();
        let old: Vec<Vec<u8>> = old.into_iter().collect();
        let done = self.subscription.unsubscribe(&old).await;
        for name in old.iter().take(done) {
            self.subscribed.remove(name);
        }
    }

    /// Gives the connection up if it does not answer, as after a lost network.
    async fn ping(&mut self) {
        if self.subscribed.is_empty() || self.subscription.answers().await {
            self.missed_pings = 0;
            return;
        }
        self.missed_pings += 1;
        if self.missed_pings >= MISSED_PINGS {
            self.reopen();
        }
    }

    /// Subscribes again on a new connection, which finds the nodes of a Cluster again.
    fn reopen(&mut self) {
        if self.subscription.reopen().is_ok() {
            self.missed_pings = 0;
            self.lost_node = false;
            self.subscribed.clear();
            self.lose_everything();
        }
    }

    fn push(&mut self, push: &PushInfo) {
        match push.kind {
            PushKind::Message | PushKind::SMessage => self.message(&push.data),
            // Also after a lost connection, by itself: what was published in between is missing.
            PushKind::Subscribe | PushKind::SSubscribe => {
                if let Some(known) = name_of(&push.data).and_then(|name| self.subscribed.get_mut(name)) {
                    known.last = None;
                    self.shared.gap(known.channel);
                }
            }
            // Ended by this task, or by a node whose slots moved: then it is subscribed again.
            PushKind::Unsubscribe | PushKind::SUnsubscribe => {
                if let Some(name) = name_of(&push.data) {
                    self.subscribed.remove(name);
                }
            }
            PushKind::Disconnection => {
                self.lose_everything();
                self.lost_node = self.subscription.is_cluster();
            }
            _ => {}
        }
    }

    fn message(&mut self, data: &[Value]) {
        let Some(known) = name_of(data).and_then(|name| self.subscribed.get_mut(name)) else { return };
        let Some((number, payload)) = data.get(1).and_then(bytes_of).and_then(numbered) else {
            self.shared.gap(known.channel);
            return;
        };
        let follows = known.last.is_none_or(|last| last.checked_add(1) == Some(number));
        known.last = Some(number);
        if !follows {
            self.shared.gap(known.channel);
        }
        self.shared.deliver(known.channel, payload);
    }

    /// Tells every listener that messages may be missing.
    fn lose_everything(&mut self) {
        self.subscribed.values_mut().for_each(|known| known.last = None);
        self.shared.rooms.gap_everywhere();
        self.shared.buyers.gap_everywhere();
    }
}

impl Shared {
    /// Delivers what another process sent; an empty payload only shows that messages were not sent.
    fn deliver(&self, channel: Channel, payload: &[u8]) {
        if payload.is_empty() {
            return;
        }
        let is_foreign = |sender: u64| sender != self.me;
        match channel {
            Channel::Room(room) => match decode_public(room.0, payload) {
                Ok((sender, news)) if is_foreign(sender) => self.rooms.deliver(&Message::new(room, news)),
                Ok(_) => {}
                // A server of a later version may send more than this one knows.
                Err(_) => self.rooms.gap(room),
            },
            Channel::Buyer(buyer) => match decode_private(payload) {
                Ok((sender, news)) if is_foreign(sender) => self.buyers.deliver(&Message::new(buyer, news)),
                Ok(_) => {}
                Err(_) => self.buyers.gap(buyer),
            },
        }
    }

    fn gap(&self, channel: Channel) {
        match channel {
            Channel::Room(room @ EventRoom(_)) => self.rooms.gap(room),
            Channel::Buyer(buyer @ BuyerOnly(_)) => self.buyers.gap(buyer),
        }
    }
}

fn name_of(data: &[Value]) -> Option<&[u8]> {
    data.first().and_then(bytes_of)
}

fn bytes_of(value: &Value) -> Option<&[u8]> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.as_bytes()),
        _ => None,
    }
}

/// Splits a message of `publish.lua` into its number and its payload.
fn numbered(message: &[u8]) -> Option<(u64, &[u8])> {
    let space = message.iter().position(|byte| *byte == b' ')?;
    let (number, rest) = message.split_at_checked(space)?;
    let number = std::str::from_utf8(number).ok()?.parse().ok()?;
    Some((number, rest.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_begins_with_its_number() {
        assert_eq!(numbered(b"12 a b"), Some((12, &b"a b"[..])));
        assert_eq!(numbered(b"7 "), Some((7, &b""[..])));
        for bad in [&b"12"[..], b" x", b"a b", b""] {
            assert_eq!(numbered(bad), None);
        }
    }
}
