//! What a process of the shop has of its own: a clock that may be wrong, ids, secrets, and tasks that end with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::clock::{SystemClock, Timer};
use tiketi_core::random::{Random, RandomError};
use tiketi_core::spawner::{DetachedWork, Spawner};
use tiketi_core::{Clock, IdSource, Timestamp};
use uuid::Uuid;

use crate::executor::Group;
use crate::fault::Fault;
use crate::planted::Planted;
use crate::sometimes::Sometimes;
use crate::world::World;

/// Until when the known bug about the machine's clock does nothing.
const MACHINE_CLOCK_AFTER: Duration = Duration::from_secs(30);

/// One process, from its start to its end; a restart makes another.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) world: Arc<World>,
    /// The tasks of the process.
    pub(crate) group: Group,
    /// The number of the server; its restarts have the same.
    pub(crate) server: usize,
    skew: Arc<AtomicI64>,
    ids: Arc<AtomicU32>,
}

impl Node {
    /// Starts a process, in some runs with a wrong clock.
    pub(crate) fn start(world: &Arc<World>, server: usize) -> Self {
        let node = Self {
            world: Arc::clone(world),
            group: world.new_group(),
            server,
            skew: Arc::default(),
            ids: Arc::default(),
        };
        if world.strikes(Fault::ClockSkew) {
            node.set_skew();
        }
        node
    }

    fn set_skew(&self) {
        let most = self.world.setting.skew;
        let drawn = self.world.delay(0, 2 * most).as_micros();
        let skew = i64::try_from(drawn).unwrap_or(0) - i64::try_from(most * 1_000).unwrap_or(0);
        self.skew.store(skew, Ordering::Relaxed);
        self.world.tell(format_args!("  the clock of server {} is {skew} µs ahead", self.server));
    }

    /// Lets time pass at a call of another process; the clock may jump, and the process may end here.
    pub(crate) async fn wait(&self) {
        let world = &self.world;
        if world.strikes(Fault::StoreStall) {
            world.executor.sleep(world.delay(4_000, 60_000)).await;
        } else if world.strikes(Fault::StoreSlow) {
            world.executor.sleep(world.delay(1, world.setting.slowest)).await;
        } else {
            world.executor.give_way().await;
        }
        if world.strikes(Fault::ClockJump) {
            self.set_skew();
        }
        self.crash_perhaps().await;
    }

    /// Ends the process, if the fault strikes: nothing after this runs.
    pub(crate) async fn crash_perhaps(&self) {
        if !self.world.strikes(Fault::Crash) {
            return;
        }
        self.world.tell(format_args!("server {} crashes", self.server));
        if self.world.history().is_confirming() {
            self.world.reach(Sometimes::CrashWhileConfirming);
        }
        self.world.executor.kill(self.group);
        std::future::pending::<()>().await;
    }
}

impl Clock for Node {
    fn now(&self) -> Timestamp {
        if self.world.has(Planted::MachineClock) && self.world.passed() > MACHINE_CLOCK_AFTER {
            return SystemClock.now();
        }
        let skew = if self.world.is_calm() { 0 } else { self.skew.load(Ordering::Relaxed) };
        Timestamp::from_micros(self.world.now().as_micros().saturating_add(skew))
    }
}

#[async_trait]
impl Timer for Node {
    async fn sleep(&self, length: Duration) {
        self.world.executor.sleep(length).await;
    }
}

impl Spawner for Node {
    fn spawn(&self, work: DetachedWork) {
        self.world.executor.spawn(self.group, work);
    }
}

impl IdSource for Node {
    fn next(&self) -> Uuid {
        // As those of version 7: ordered by time across servers. The low half is the process and a counter.
        let number = self.ids.fetch_add(1, Ordering::Relaxed) + 1;
        let time = u64::try_from(self.world.now().as_micros()).unwrap_or(0);
        Uuid::from_u64_pair(time, u64::from(self.group.0) << 32 | u64::from(number))
    }
}

impl Random for Node {
    fn bytes(&self) -> Result<[u8; 32], RandomError> {
        let mut bytes = [0; 32];
        for (at, byte) in IdSource::next(self).as_bytes().iter().enumerate() {
            if let Some(place) = bytes.get_mut(at) {
                *place = *byte;
            }
        }
        Ok(bytes)
    }
}
