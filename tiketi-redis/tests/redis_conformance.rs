//! Runs the cases of waiting rooms, leases and rate limits on Redis: on one server and on a Cluster, through two
//! stores in turns.

#![expect(clippy::unwrap_used, reason = "the whole file is a test")]

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use tiketi_conformance::{Fresh, StoreFactory, async_trait};
use tiketi_redis::{Redis, RedisLeases, RedisOptions, RedisRateLimits, RedisWaitingRoom};
use tiketi_redis_harness::{Cluster, Server};

static SERVER: LazyLock<Server> = LazyLock::new(Server::start);
static CLUSTER: LazyLock<Cluster> = LazyLock::new(Cluster::start);

/// Opens two stores with the same new key prefix, as two servers do.
fn fresh<S>(urls: &str, store: impl Fn(Redis) -> S) -> Fresh<S> {
    static PREFIXES: AtomicU32 = AtomicU32::new(0);
    let options: RedisOptions = urls.parse().unwrap();
    let options = options.prefix(format!("case{}", PREFIXES.fetch_add(1, Ordering::Relaxed)));
    let open = || store(Redis::open(&options).unwrap());
    Fresh::new(open()).also_open_as(open())
}

macro_rules! factories {
    ($($name:ident: $store:ty, $urls:expr;)*) => {$(
        #[derive(Debug)]
        struct $name;

        #[async_trait]
        impl StoreFactory for $name {
            type Store = $store;
            type Guard = ();

            async fn fresh(&self) -> Fresh<$store> {
                let urls = tokio::task::spawn_blocking(|| $urls).await.unwrap();
                fresh(&urls, <$store>::new)
            }
        }
    )*};
}

factories! {
    RoomsOnOneServer: RedisWaitingRoom, SERVER.url();
    RoomsOnACluster: RedisWaitingRoom, CLUSTER.urls();
    LeasesOnOneServer: RedisLeases, SERVER.url();
    LeasesOnACluster: RedisLeases, CLUSTER.urls();
    LimitsOnOneServer: RedisRateLimits, SERVER.url();
    LimitsOnACluster: RedisRateLimits, CLUSTER.urls();
}

mod one_server {
    tiketi_conformance::waiting_room_cases!(crate::RoomsOnOneServer);
    tiketi_conformance::lease_cases!(crate::LeasesOnOneServer);
    tiketi_conformance::rate_limit_cases!(crate::LimitsOnOneServer);
}

mod a_cluster {
    tiketi_conformance::waiting_room_cases!(crate::RoomsOnACluster);
    tiketi_conformance::lease_cases!(crate::LeasesOnACluster);
    tiketi_conformance::rate_limit_cases!(crate::LimitsOnACluster);
}
