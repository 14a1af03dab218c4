//! The broadcast between servers, over the publish/subscribe of Redis.

mod channel;
mod receive;
mod send;
mod subscription;

use std::fmt;
use std::sync::Arc;

use tiketi_core::broadcast::{AnyMessage, Broadcast, BuyerOnly, EventRoom, Listener, Listeners};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::codec::{encode_private, encode_public};
use crate::connection::{Redis, RedisSetupError};
use crate::options::RedisOptions;
use channel::Channel;
use receive::Receiver;
use send::{Outgoing, Sender};
use subscription::Subscription;

/// Sends live changes to the listeners of every server that has the same Redis and prefix.
///
/// Listeners of this process get a message at once, also while Redis cannot be reached. Redis numbers the messages of
/// each channel as it publishes them, so another server notices what it missed, and its listeners receive a gap
/// ([`Received::Gap`](tiketi_core::broadcast::Received)): after a lost connection, a restart of Redis, a failover, or a message
/// that could not be sent. A Cluster uses sharded channels, which need Redis 7.
///
/// A server subscribes to a channel while it has a listener of it. Two tasks run until this value is dropped.
pub struct RedisBroadcast {
    shared: Arc<Shared>,
    sender: Outgoing,
    tasks: [JoinHandle<()>; 2],
}

/// What the caller and the tasks share.
pub(crate) struct Shared {
    rooms: Listeners<EventRoom>,
    buyers: Listeners<BuyerOnly>,
    /// Identifies this process, which has delivered its own messages already when they come back.
    me: u64,
    /// Wakes the receiving task for a new listener.
    has_new_listener: Notify,
}

impl RedisBroadcast {
    /// Prepares two connections, one to publish and one to subscribe; sends nothing before the first listener or message.
    ///
    /// # Errors
    ///
    /// [`RedisSetupError`] if the options contradict each other, or a certificate cannot be read.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    pub fn open(options: &RedisOptions) -> Result<Self, RedisSetupError> {
        let shared = Arc::new(Shared {
            rooms: Listeners::default(),
            buyers: Listeners::default(),
            me: rand::random(),
            has_new_listener: Notify::new(),
        });
        let (outgoing, sender) = Sender::new(Redis::open(options)?, options.is_cluster);
        let receiver = Receiver::new(Arc::clone(&shared), Subscription::open(options)?, &options.prefix);
        let tasks = [tokio::spawn(sender.run()), tokio::spawn(receiver.run())];
        Ok(Self { shared, sender: outgoing, tasks })
    }
}

impl Broadcast for RedisBroadcast {
    fn publish(&self, message: AnyMessage) {
        let (channel, payload) = match &message {
            AnyMessage::Room(message) => {
                self.shared.rooms.deliver(message);
                (Channel::Room(message.to), encode_public(self.shared.me, &message.news))
            }
            AnyMessage::Buyer(message) => {
                self.shared.buyers.deliver(message);
                (Channel::Buyer(message.to), encode_private(self.shared.me, &message.news))
            }
        };
        self.sender.send(channel, payload);
    }

    fn listen(&self, room: EventRoom) -> Listener<EventRoom> {
        let listener = self.shared.rooms.listen(room);
        self.shared.has_new_listener.notify_one();
        listener
    }

    fn listen_to_buyer(&self, buyer: BuyerOnly) -> Listener<BuyerOnly> {
        let listener = self.shared.buyers.listen(buyer);
        self.shared.has_new_listener.notify_one();
        listener
    }

    /// Another server may have a listener, which this one does not know.
    fn has_listener(&self, _room: EventRoom) -> bool {
        true
    }

    fn has_buyer_listener(&self) -> bool {
        true
    }
}

impl Drop for RedisBroadcast {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl fmt::Debug for RedisBroadcast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBroadcast").field("rooms", &self.shared.rooms).finish_non_exhaustive()
    }
}
