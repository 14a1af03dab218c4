//! The connection to one Redis server or to a Cluster, shared by all stores.

use std::fmt;
use std::time::Duration;

use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::cluster::{ClusterClient, ClusterClientBuilder, ClusterConfig};
use redis::cluster_async::ClusterConnection;
use redis::{
    Client, Cmd, ConnectionInfo, FromRedisValue, Pipeline, RedisFuture, RedisResult, TlsCertificates, Value,
};
use tiketi_core::StoreError;

use crate::error::read_failed;
use crate::options::RedisOptions;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest time for which Redis waits for replicas.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// Retries within the connection. The adapter has its own retries, which read again first.
const RETRIES: usize = 2;

/// A connection to Redis; clones share it.
///
/// It connects with the first command, and again after a failure. Commands of all clones are pipelined.
#[derive(Clone)]
pub struct Redis {
    link: Link,
    replicated: Option<Replicated>,
    prefix: std::sync::Arc<str>,
}

/// How to write what replicas must have before it is answered.
#[derive(Clone)]
struct Replicated {
    /// A connection of its own: Redis answers nothing else on it while it waits.
    link: Link,
    replicas: u32,
    patience: Duration,
}

/// The answer of a command that writes, and how many replicas have it.
#[derive(Debug)]
pub(crate) struct Written<T> {
    pub(crate) answer: T,
    pub(crate) is_replicated: bool,
}

/// Redis cannot be used with these options, for example because a certificate cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot use Redis as configured")]
pub struct RedisSetupError(#[from] redis::RedisError);

#[derive(Clone)]
enum Link {
    Single(ConnectionManager),
    Cluster(ClusterConnection),
}

impl Redis {
    /// Prepares a connection; sends nothing.
    ///
    /// # Errors
    ///
    /// [`RedisSetupError`] if the options contradict each other, or a certificate cannot be read.
    ///
    /// # Panics
    ///
    /// If it is called outside a Tokio runtime.
    pub fn open(options: &RedisOptions) -> Result<Self, RedisSetupError> {
        let replicated = match options.replicas {
            0 => None,
            // Redis would wait for ever if it was told to wait for no time.
            replicas => Some(Replicated {
                link: Link::open(options)?,
                replicas,
                patience: (options.response_timeout / 2).clamp(Duration::from_millis(1), LONGEST_WAIT),
            }),
        };
        Ok(Self { link: Link::open(options)?, replicated, prefix: options.prefix.as_str().into() })
    }

    /// Sends a PING to Redis.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Unavailable`] if Redis does not answer.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.run::<Value>(&redis::cmd("PING")).await.map(drop).map_err(read_failed)
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns whether commands are answered only once replicas have what they wrote.
    pub(crate) fn waits_for_replicas(&self) -> bool {
        self.replicated.is_some()
    }

    /// Sends a command that writes to the node of `key`, and waits for replicas if the options say so.
    ///
    /// Both go out together on one connection, so that Redis waits for this very write. After a reconnection it would
    /// count the replicas of nothing.
    pub(crate) async fn write<T: FromRedisValue>(
        &self,
        command: &Cmd,
        key: &[u8],
    ) -> RedisResult<Written<T>> {
        let Some(Replicated { link, replicas, patience }) = &self.replicated else {
            return self.run(command).await.map(|answer| Written { answer, is_replicated: true });
        };
        let mut link = link.clone();
        let mut wait = redis::cmd("WAIT");
        wait.arg(*replicas).arg(u64::try_from(patience.as_millis()).unwrap_or(1));
        let mut both = redis::pipe();
        both.add_command(command.clone()).add_command(wait);
        let answers = match link.req_packed_commands(&both, 0, 2).await {
            Ok(answers) => answers,
            Err(error) => {
                link.find_master_of(key).await;
                return Err(error);
            }
        };
        let [answer, waited] = <[Value; 2]>::try_from(answers)
            .map_err(|_| (redis::ErrorKind::UnexpectedReturnType, "two commands have two answers"))?;
        match answer.extract_error() {
            Ok(answer) => {
                let waited: u32 = redis::from_redis_value(waited.extract_error()?)?;
                Ok(Written { answer: redis::from_redis_value(answer)?, is_replicated: waited >= *replicas })
            }
            Err(error) => {
                link.find_master_of(key).await;
                Err(error)
            }
        }
    }

    pub(crate) async fn run<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        command.query_async(&mut self.link.clone()).await
    }
}

impl Link {
    fn open(options: &RedisOptions) -> RedisResult<Self> {
        if options.is_cluster {
            cluster(options).map(Self::Cluster)
        } else {
            single(options).map(Self::Single)
        }
    }

    /// Has a Cluster's connection learn which node is the master of a key.
    ///
    /// A single command is redirected and sent again; two that go out together are not.
    async fn find_master_of(&mut self, key: &[u8]) {
        if let Self::Cluster(link) = self {
            let _found: RedisResult<Value> = redis::cmd("EXISTS").arg(key).query_async(link).await;
        }
    }
}

/// Returns the one node of options without a Cluster.
pub(crate) fn first_node(options: &RedisOptions) -> RedisResult<ConnectionInfo> {
    let none = || (redis::ErrorKind::InvalidClientConfig, "no node is named").into();
    options.nodes.first().cloned().ok_or_else(none)
}

/// Makes a client of one node.
pub(crate) fn single_client(options: &RedisOptions, node: ConnectionInfo) -> RedisResult<Client> {
    match tls(options) {
        Some(certificates) => Client::build_with_tls(node, certificates),
        None => Client::open(node),
    }
}

fn tls(options: &RedisOptions) -> Option<TlsCertificates> {
    let root_cert = options.root_certificate.clone()?;
    Some(TlsCertificates { client_tls: None, root_cert: Some(root_cert) })
}

fn single(options: &RedisOptions) -> RedisResult<ConnectionManager> {
    let client = single_client(options, first_node(options)?)?;
    let config = ConnectionManagerConfig::new()
        .set_number_of_retries(RETRIES)
        .set_max_delay(Duration::from_millis(200))
        .set_response_timeout(Some(options.response_timeout))
        .set_connection_timeout(Some(CONNECT_TIMEOUT));
    ConnectionManager::new_lazy_with_config(client, config)
}

/// Starts a client of a Cluster.
pub(crate) fn cluster_builder(options: &RedisOptions) -> ClusterClientBuilder {
    let retries = u32::try_from(RETRIES).unwrap_or(u32::MAX);
    let builder = ClusterClient::builder(options.nodes.clone())
        .retries(retries)
        .min_retry_wait(20)
        .max_retry_wait(200)
        .connection_timeout(CONNECT_TIMEOUT)
        .response_timeout(options.response_timeout);
    match tls(options) {
        Some(certificates) => builder.certs(certificates),
        None => builder,
    }
}

fn cluster(options: &RedisOptions) -> RedisResult<ClusterConnection> {
    let client = cluster_builder(options).build()?;
    Ok(client.get_pending_async_connection_with_config(ClusterConfig::new()))
}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(link) => link.req_packed_command(cmd),
            Self::Cluster(link) => link.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(link) => link.req_packed_commands(pipeline, offset, count),
            Self::Cluster(link) => link.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(link) => link.get_db(),
            Self::Cluster(link) => link.get_db(),
        }
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
