//! What fails while the shop sells: each kind once, in random order, and again.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use tiketi_postgres_harness::Server;
use tiketi_server_harness::{Fleet, SERVERS};
use tokio::time::{Instant, sleep};

/// Most sessions of Postgres that are ended at once.
const CUT: i64 = 10;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    KillServer,
    FreezeServer,
    CutPostgres,
    KillPostgres,
    RestartPostgres,
    KillRedis,
    FreezeRedis,
    CutRedis,
}

const ALL: [Fault; 8] = [
    Fault::KillServer,
    Fault::FreezeServer,
    Fault::CutPostgres,
    Fault::KillPostgres,
    Fault::RestartPostgres,
    Fault::KillRedis,
    Fault::FreezeRedis,
    Fault::CutRedis,
];

/// What can fail.
pub(crate) struct Faults<'f> {
    pub(crate) fleet: &'f mut Fleet,
    pub(crate) postgres: &'f Server,
    pub(crate) redis: &'f tiketi_redis_harness::Server,
}

impl Faults<'_> {
    /// Lets things fail until the end, each for up to four seconds, and returns how often each did.
    pub(crate) async fn strike(mut self, seed: u64, end: Instant) -> BTreeMap<Fault, usize> {
        let mut chance = SmallRng::seed_from_u64(seed);
        let mut struck = BTreeMap::new();
        let mut next = Vec::new();
        while Instant::now() < end {
            if next.is_empty() {
                next = ALL.to_vec();
                next.shuffle(&mut chance);
            }
            let Some(fault) = next.pop() else { continue };
            self.one(fault, &mut chance).await;
            *struck.entry(fault).or_default() += 1;
            sleep(Duration::from_millis(chance.random_range(200..1_500))).await;
        }
        struck
    }

    async fn one(&mut self, fault: Fault, chance: &mut SmallRng) {
        let at = chance.random_range(..SERVERS);
        let while_it_lasts = Duration::from_millis(chance.random_range(500..4_000));
        match fault {
            Fault::KillServer => {
                self.fleet.kill(at).await;
                sleep(while_it_lasts).await;
                self.fleet.start(at).await;
            }
            Fault::FreezeServer => {
                self.fleet.server(at).signal("STOP").await;
                sleep(while_it_lasts).await;
                self.fleet.server(at).signal("CONT").await;
            }
            Fault::CutPostgres => {
                self.fleet.database.terminate_backends(CUT).await;
            }
            Fault::KillPostgres => {
                self.postgres.kill9().await;
                self.postgres.restart().await;
            }
            Fault::RestartPostgres => self.postgres.restart().await,
            Fault::KillRedis => {
                self.redis.kill();
                sleep(while_it_lasts).await;
                self.redis.start_again();
            }
            Fault::FreezeRedis => {
                self.redis.freeze();
                sleep(while_it_lasts).await;
                self.redis.thaw();
            }
            Fault::CutRedis => {
                self.redis.ask("CLIENT KILL TYPE normal");
            }
        }
    }
}
