//! Runs the cases of waiting rooms, leases, rate limits and live news on Redis: on one server and on a Cluster, through two
//! stores in turns.

#![expect(clippy::unwrap_used, reason = "the whole file is a test")]

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use tiketi_conformance::{Fresh, StoreFactory, async_trait};
use tiketi_redis::{Redis, RedisBroadcast, RedisLeases, RedisOptions, RedisRateLimits, RedisWaitingRoom};
use tiketi_redis_harness::{Cluster, Server};

static SERVER: LazyLock<Server> = LazyLock::new(Server::start);
static CLUSTER: LazyLock<Cluster> = LazyLock::new(Cluster::start);

/// Opens two stores with the same new key prefix, as two servers do.
fn fresh<S>(urls: &str, store: impl Fn(&RedisOptions) -> S) -> Fresh<S> {
    static PREFIXES: AtomicU32 = AtomicU32::new(0);
    let options: RedisOptions = urls.parse().unwrap();
    let options = options.prefix(format!("case{}", PREFIXES.fetch_add(1, Ordering::Relaxed)));
    Fresh::new(store(&options)).also_open_as(store(&options))
}

/// Opens a store on a connection of its own.
fn on_redis<S>(store: fn(Redis) -> S) -> impl Fn(&RedisOptions) -> S {
    move |options| store(Redis::open(options).unwrap())
}

macro_rules! factories {
    ($($name:ident: $store:ty = $open:expr, $urls:expr;)*) => {$(
        #[derive(Debug)]
        struct $name;

        #[async_trait]
        impl StoreFactory for $name {
            type Store = $store;
            type Guard = ();

            async fn fresh(&self) -> Fresh<$store> {
                let urls = tokio::task::spawn_blocking(|| $urls).await.unwrap();
                fresh(&urls, $open)
            }
        }
    )*};
}

factories! {
    RoomsOnOneServer: RedisWaitingRoom = on_redis(RedisWaitingRoom::new), SERVER.url();
    RoomsOnACluster: RedisWaitingRoom = on_redis(RedisWaitingRoom::new), CLUSTER.urls();
    LeasesOnOneServer: RedisLeases = on_redis(RedisLeases::new), SERVER.url();
    LeasesOnACluster: RedisLeases = on_redis(RedisLeases::new), CLUSTER.urls();
    LimitsOnOneServer: RedisRateLimits = on_redis(RedisRateLimits::new), SERVER.url();
    LimitsOnACluster: RedisRateLimits = on_redis(RedisRateLimits::new), CLUSTER.urls();
    NewsOnOneServer: RedisBroadcast = |options| RedisBroadcast::open(options).unwrap(), SERVER.url();
    NewsOnACluster: RedisBroadcast = |options| RedisBroadcast::open(options).unwrap(), CLUSTER.urls();
}

mod one_server {
    tiketi_conformance::waiting_room_cases!(crate::RoomsOnOneServer);
    tiketi_conformance::lease_cases!(crate::LeasesOnOneServer);
    tiketi_conformance::rate_limit_cases!(crate::LimitsOnOneServer);
    tiketi_conformance::broadcast_cases!(crate::NewsOnOneServer);
}

mod a_cluster {
    tiketi_conformance::waiting_room_cases!(crate::RoomsOnACluster);
    tiketi_conformance::lease_cases!(crate::LeasesOnACluster);
    tiketi_conformance::rate_limit_cases!(crate::LimitsOnACluster);
    tiketi_conformance::broadcast_cases!(crate::NewsOnACluster);
}
