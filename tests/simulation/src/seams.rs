//! The fault layer: what lies between a process and each adapter.

mod bent;
mod catalog;
mod leases;
mod news;
mod outbox;
mod rooms;
mod sales;

pub(crate) use leases::work_under_lease;
pub(crate) use news::NodeBroadcast;
pub(crate) use outbox::Receiver;

use std::future::Future;
use std::sync::Arc;

use futures::FutureExt;
use tiketi_core::decide::{MAX_CLOCK_LEAD, check_clock};
use tiketi_core::{StoreError, StoreErrorKind, Timestamp};

use crate::fault::Fault;
use crate::node::Node;
use crate::sometimes::Sometimes;
use crate::world::{OUTSIDE, World};

/// The stores as one process reaches them.
#[derive(Debug)]
pub(crate) struct NodeStores(pub(crate) Node);

/// Returns the output of a call of an adapter in memory, which never waits.
pub(crate) fn at_once<T>(call: impl Future<Output = T>) -> T {
    #[expect(
        clippy::expect_used,
        reason = "a wait inside an adapter in memory would be a defect of this harness"
    )]
    call.now_or_never().expect("an adapter in memory answers at once")
}

impl NodeStores {
    /// Changes something in a store, with every fault of a call that may be lost on either way.
    ///
    /// `apply` is one transaction. It may run late, and more than once.
    pub(crate) async fn change<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        apply: impl Fn(&Arc<World>) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<T, E> {
        let world = &self.0.world;
        self.0.wait().await;
        if world.strikes(Fault::StoreError) {
            return Err(failed(world).into());
        }
        if world.strikes(Fault::StoreAppliedLate) {
            self.later(apply);
            return Err(unknown().into());
        }
        let mut answer = apply(world);
        self.0.crash_perhaps().await;
        if world.strikes(Fault::StoreTwice) {
            answer = apply(world);
        }
        self.0.wait().await;
        if world.strikes(Fault::StoreReplyLost) {
            return Err(unknown().into());
        }
        answer
    }

    /// Applies a change whose caller has given up.
    fn later<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        apply: impl Fn(&Arc<World>) -> Result<T, E> + Send + Sync + 'static,
    ) {
        let world = Arc::clone(&self.0.world);
        let executor = world.executor.clone();
        executor.spawn(OUTSIDE, async move {
            world.executor.sleep(world.delay(1, world.setting.slowest)).await;
            world.tell(format_args!("  what was given up is applied now"));
            let _ = apply(&world);
        });
    }

    /// Reads something from a store.
    pub(crate) async fn read<T, E: From<StoreError> + Send + 'static>(
        &self,
        read: impl FnOnce(&World) -> Result<T, E>,
    ) -> Result<T, E> {
        self.0.wait().await;
        if self.0.world.strikes(Fault::StoreError) {
            return Err(failed(&self.0.world).into());
        }
        read(&self.0.world)
    }
}

/// Refuses a command whose time is too far ahead of the store's clock, as stores of several servers do.
pub(crate) fn check_lead(world: &World, now: Timestamp) -> Result<(), StoreError> {
    check_clock(now, world.now(), MAX_CLOCK_LEAD).map_err(|ahead| {
        world.reach(Sometimes::ClockRefused);
        ahead.into()
    })
}

fn failed(world: &World) -> StoreError {
    let kinds = [StoreErrorKind::Unavailable, StoreErrorKind::Contention];
    let kind = if world.delay(0, 1).is_zero() { kinds[0] } else { kinds[1] };
    StoreError::new(kind, "the simulated store failed")
}

fn unknown() -> StoreError {
    StoreError::new(StoreErrorKind::OutcomeUnknown, "the simulated answer was lost")
}
