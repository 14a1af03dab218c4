//! Sends messages to Redis, from a queue of limited length.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use redis::RedisResult;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::time::sleep;

use crate::broadcast::channel::Channel;
use crate::connection::Redis;
use crate::script::{Call, Script};

/// Most messages that wait to be sent; one more is not sent, and its channel gets a notice of that.
const MAX_QUEUE: usize = 4_096;
/// Most messages that are sent at once: those of one channel by one script, in their order.
const AT_ONCE: usize = 256;
/// Most channels that are remembered because a message was not sent; listeners of others notice at their next check.
const MAX_UNSENT: usize = 10_000;
/// How long after a failure the channels get their notice.
const NOTICE_AFTER: Duration = Duration::from_millis(100);
/// How long the number of a channel is kept. A channel that begins again is noticed as a gap.
const NUMBER_KEPT: Duration = Duration::from_hours(24);

/// Channels of which messages were not sent since the last one that was.
type Unsent = Arc<Mutex<HashSet<Channel>>>;

/// Takes messages that are to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    queue: mpsc::Sender<(Channel, Vec<u8>)>,
    unsent: Unsent,
}

impl Outgoing {
    /// Queues a message, or notes that it is not sent. It never waits.
    pub(crate) fn send(&self, channel: Channel, message: Vec<u8>) {
        match self.queue.try_send((channel, message)) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => note(&self.unsent, channel),
        }
    }
}

/// The task that sends.
#[derive(Debug)]
pub(crate) struct Sender {
    redis: Redis,
    script: Script,
    command: &'static str,
    queue: mpsc::Receiver<(Channel, Vec<u8>)>,
    unsent: Unsent,
}

impl Sender {
    pub(crate) fn new(redis: Redis, is_cluster: bool) -> (Outgoing, Self) {
        let (messages, queue) = mpsc::channel(MAX_QUEUE);
        let unsent = Unsent::default();
        let outgoing = Outgoing { queue: messages, unsent: Arc::clone(&unsent) };
        let script = Script::new(include_str!("../../scripts/publish.lua"));
        let command = if is_cluster { "SPUBLISH" } else { "PUBLISH" };
        (outgoing, Self { redis, script, command, queue, unsent })
    }

    /// Sends until there is no one left to send for.
    pub(crate) async fn run(mut self) {
        while let Some(batch) = self.next_batch().await {
            let mut of_channel: HashMap<Channel, Vec<Vec<u8>>> = HashMap::new();
            for (channel, message) in batch {
                of_channel.entry(channel).or_default().push(message);
            }
            let sends = of_channel.into_iter().map(|(channel, messages)| {
                let skips = locked(&self.unsent).remove(&channel);
                self.publish(channel, messages, skips)
            });
            for (channel, sent) in join_all(sends).await {
                if let Err(error) = sent {
                    tracing::debug!(
                        error = &error as &dyn std::error::Error,
                        ?channel,
                        "a message was not sent"
                    );
                    note(&self.unsent, channel);
                }
            }
        }
    }

    /// Returns the next messages, or empty ones for channels of which messages were not sent.
    async fn next_batch(&mut self) -> Option<Vec<(Channel, Vec<u8>)>> {
        let must_notify = !locked(&self.unsent).is_empty();
        let mut batch = Vec::new();
        tokio::select! {
            biased;
            () = sleep(NOTICE_AFTER), if must_notify => {
                let unsent: Vec<_> = locked(&self.unsent).iter().copied().take(AT_ONCE).collect();
                Some(unsent.into_iter().map(|channel| (channel, Vec::new())).collect())
            }
            count = self.queue.recv_many(&mut batch, AT_ONCE) => (count > 0).then_some(batch),
        }
    }

    async fn publish(
        &self,
        channel: Channel,
        messages: Vec<Vec<u8>>,
        skips: bool,
    ) -> (Channel, RedisResult<()>) {
        let prefix = self.redis.prefix();
        let keys = vec![channel.number_key(prefix), channel.name(prefix)];
        let mut call = Call { keys, ..Call::default() };
        // A number that no message has tells each listener that it missed one.
        call.number(&if skips { 2 } else { 1 });
        call.number(&NUMBER_KEPT.as_millis());
        call.argument(self.command);
        for message in messages {
            call.argument(message);
        }
        (channel, self.script.run::<u64>(&self.redis, &call).await.map(drop))
    }
}

fn note(unsent: &Unsent, channel: Channel) {
    let mut unsent = locked(unsent);
    if unsent.len() < MAX_UNSENT {
        unsent.insert(channel);
    }
}

fn locked(unsent: &Unsent) -> MutexGuard<'_, HashSet<Channel>> {
    unsent.lock().unwrap_or_else(PoisonError::into_inner)
}
