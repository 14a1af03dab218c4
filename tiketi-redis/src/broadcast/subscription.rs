//! The connection that is subscribed to channels.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::cluster_async::ClusterConnection;
use redis::{Client, ProtocolVersion, PushInfo, RedisResult};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::connection::{cluster_builder, first_node, single_client};
use crate::options::RedisOptions;

/// Most pushed messages that wait; more are dropped, and every listener receives a gap.
const MAX_PUSHED: usize = 8_192;
/// Longest wait for an answer to a subscription or a ping.
const PATIENCE: Duration = Duration::from_secs(1);
/// Most channels of one command.
const CHANNELS_AT_ONCE: usize = 256;

/// A connection that Redis pushes messages to; it connects and subscribes again by itself.
pub(crate) struct Subscription {
    options: RedisOptions,
    link: Link,
    pushed: Pushed,
}

/// What Redis pushed.
struct Pushed {
    queue: mpsc::Receiver<PushInfo>,
    overflowed: Arc<AtomicBool>,
}

enum Link {
    Single(ConnectionManager),
    Cluster(ClusterConnection),
}

/// What the subscriber has to act on.
pub(crate) enum Arrived {
    Push(PushInfo),
    /// Pushes were dropped.
    Overflow,
}

impl Subscription {
    pub(crate) fn open(options: &RedisOptions) -> RedisResult<Self> {
        let (link, pushed) = connect(options)?;
        Ok(Self { options: options.clone(), link, pushed })
    }

    pub(crate) fn is_cluster(&self) -> bool {
        matches!(self.link, Link::Cluster(_))
    }

    /// Replaces a connection that does not answer; nothing is subscribed on the new one.
    pub(crate) fn reopen(&mut self) -> RedisResult<()> {
        (self.link, self.pushed) = connect(&self.options)?;
        Ok(())
    }

    /// Waits for the next push.
    ///
    /// # Cancel safety
    ///
    /// A dropped wait loses nothing.
    pub(crate) async fn next(&mut self) -> Arrived {
        if self.pushed.overflowed.swap(false, Ordering::SeqCst) {
            return Arrived::Overflow;
        }
        match self.pushed.queue.recv().await {
            Some(push) => Arrived::Push(push),
            // The connection that pushes is kept in `link`, so its end of the queue is open.
            None => std::future::pending().await,
        }
    }

    /// Subscribes to channels, and returns how many of the first are done.
    pub(crate) async fn subscribe(&mut self, channels: &[Vec<u8>]) -> usize {
        self.each(channels, true).await
    }

    /// Ends subscriptions, and returns how many of the first are done.
    pub(crate) async fn unsubscribe(&mut self, channels: &[Vec<u8>]) -> usize {
        self.each(channels, false).await
    }

    async fn each(&mut self, channels: &[Vec<u8>], begins: bool) -> usize {
        let mut done = 0;
        // Channels of a Cluster have different slots, so each needs its own command.
        let at_once = if self.is_cluster() { 1 } else { CHANNELS_AT_ONCE };
        for some in channels.chunks(at_once) {
            let asked = match &mut self.link {
                Link::Single(link) if begins => timeout(PATIENCE, link.subscribe(some)).await,
                Link::Single(link) => timeout(PATIENCE, link.unsubscribe(some)).await,
                Link::Cluster(link) if begins => timeout(PATIENCE, link.ssubscribe(some)).await,
                Link::Cluster(link) => timeout(PATIENCE, link.sunsubscribe(some)).await,
            };
            match asked {
                Ok(Ok(())) => done += some.len(),
                Ok(Err(_)) | Err(_) => break,
            }
        }
        done
    }

    /// Returns whether the connection answers. A Cluster has many, and notices by itself which of them do not.
    pub(crate) async fn answers(&mut self) -> bool {
        match &mut self.link {
            Link::Single(link) => {
                let ping = redis::cmd("PING");
                // An error is an answer: the connection is made again with the next command.
                timeout(PATIENCE, ping.query_async::<redis::Value>(link))
                    .await
                    .is_ok_and(|answer| answer.map_err(|error| error.is_timeout()).err() != Some(true))
            }
            Link::Cluster(_) => true,
        }
    }
}

fn connect(options: &RedisOptions) -> RedisResult<(Link, Pushed)> {
    let (queue, pushes) = mpsc::channel(MAX_PUSHED);
    let overflowed = Arc::new(AtomicBool::new(false));
    let mark = Arc::clone(&overflowed);
    let push = move |info: PushInfo| {
        queue.try_send(info).inspect_err(|_| mark.store(true, Ordering::SeqCst)).map_err(drop)
    };
    let link = if options.is_cluster {
        let builder = cluster_builder(options).use_protocol(ProtocolVersion::RESP3).push_sender(push);
        let config = redis::cluster::ClusterConfig::new();
        Link::Cluster(builder.build()?.get_pending_async_connection_with_config(config))
    } else {
        let node = first_node(options)?;
        let settings = node.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client: Client = single_client(options, node.set_redis_settings(settings))?;
        let config = ConnectionManagerConfig::new()
            .set_push_sender(push)
            .set_automatic_resubscription()
            .set_min_delay(Duration::from_millis(50))
            .set_max_delay(Duration::from_millis(200))
            .set_response_timeout(Some(PATIENCE))
            .set_connection_timeout(Some(PATIENCE));
        Link::Single(ConnectionManager::new_lazy_with_config(client, config)?)
    };
    Ok((link, Pushed { queue: pushes, overflowed }))
}
