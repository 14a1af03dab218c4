//! How to connect to Redis.

use std::fmt;
use std::time::Duration;

use redis::{ConnectionInfo, IntoConnectionInfo};

/// How to connect to Redis, and the prefix of its keys.
///
/// ```
/// use tiketi_redis::RedisOptions;
///
/// let single: RedisOptions = "redis://127.0.0.1:6379".parse()?;
/// let cluster: RedisOptions = "rediss://shop:secret@10.0.0.1:6379,rediss://shop:secret@10.0.0.2:6379".parse()?;
/// assert_eq!(format!("{:?}", cluster.prefix("shop")), r#"RedisOptions { nodes: ["10.0.0.1:6379", "10.0.0.2:6379"], is_cluster: true, prefix: "shop", .. }"#);
/// # assert!(!format!("{single:?}").contains("secret"));
/// # Ok::<(), tiketi_redis::InvalidRedisUrl>(())
/// ```
#[derive(Clone)]
pub struct RedisOptions {
    pub(crate) nodes: Vec<ConnectionInfo>,
    pub(crate) is_cluster: bool,
    pub(crate) prefix: String,
    pub(crate) response_timeout: Duration,
    pub(crate) replicas: u32,
    pub(crate) root_certificate: Option<Vec<u8>>,
}

/// An address that is not one of Redis, or a set of nodes without any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an address of Redis: expected redis://HOST:PORT or rediss://USER:PASSWORD@HOST:PORT, several with commas"
)]
#[non_exhaustive]
pub struct InvalidRedisUrl;

impl RedisOptions {
    /// Expects a Redis Cluster, even if only one node is named.
    ///
    /// Several named nodes are always a Cluster; the other nodes are read from them.
    #[must_use]
    pub fn cluster(mut self) -> Self {
        self.is_cluster = true;
        self
    }

    /// Sets the first part of every key; `tiketi` by default.
    ///
    /// Shops with different prefixes share a Redis server without seeing each other.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets how long to wait for an answer of Redis; 2 seconds by default.
    ///
    /// A command without an answer may have been applied; the adapter then reads again to find out.
    #[must_use]
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = timeout;
        self
    }

    /// Sets how many replicas must have what a waiting room's command wrote before it is answered; none by default.
    ///
    /// A place whose join was answered is then still there after the master dies and such a replica takes over. See the
    /// [crate's documentation](crate#replicas) for what it costs, and what is still possible.
    #[must_use]
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.replicas = replicas;
        self
    }

    /// Sets the certificate authority to trust for `rediss://`, as PEM; the system's by default.
    #[must_use]
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificate = Some(pem.into());
        self
    }
}

impl std::str::FromStr for RedisOptions {
    type Err = InvalidRedisUrl;

    fn from_str(text: &str) -> Result<Self, InvalidRedisUrl> {
        let nodes = text.split(',').map(|node| node.trim().into_connection_info());
        let nodes = nodes.collect::<Result<Vec<_>, _>>().map_err(|_| InvalidRedisUrl)?;
        let is_cluster = nodes.len() > 1;
        Ok(Self {
            nodes,
            is_cluster,
            prefix: "tiketi".to_owned(),
            response_timeout: Duration::from_secs(2),
            replicas: 0,
            root_certificate: None,
        })
    }
}

/// Hides names and passwords.
impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes: Vec<String> = self.nodes.iter().map(|node| node.addr().to_string()).collect();
        f.debug_struct("RedisOptions")
            .field("nodes", &nodes)
            .field("is_cluster", &self.is_cluster)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_nodes_are_a_cluster() {
        let one: RedisOptions = "redis://127.0.0.1:7000".parse().unwrap();
        let three: RedisOptions = "redis://a:1, redis://b:2,redis://c:3".parse().unwrap();
        assert!(!one.is_cluster && one.cluster().is_cluster && three.is_cluster);
    }

    #[test]
    fn an_address_of_something_else_is_refused() {
        for text in ["", "http://127.0.0.1", "redis://a:1,"] {
            assert!(text.parse::<RedisOptions>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_log_does_not_reveal_a_password() {
        let options: RedisOptions = "rediss://shop:secret@127.0.0.1:7000".parse().unwrap();
        assert!(!format!("{options:?}").contains("secret"));
    }
}
