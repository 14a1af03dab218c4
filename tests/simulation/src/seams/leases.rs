//! Leases behind the fault layer, and a job of the host that works under one.

use async_trait::async_trait;
use tiketi_core::id::LeaseOwner;
use tiketi_core::lease::{AcquireLease, ExtendLease, Lease, LeaseLock, LeaseLost, LeaseRefused};
use tiketi_core::{Clock, CommandError, IdSource, StoreError};

use crate::fault::Fault;
use crate::node::Node;
use crate::planted::Planted;
use crate::seams::{NodeStores, at_once};
use crate::sometimes::Sometimes;

/// How long a lease lasts unless it is extended.
const LENGTH: std::time::Duration = std::time::Duration::from_secs(10);

/// Leases as one process reaches them.
#[derive(Debug)]
pub(crate) struct NodeLeases(pub(crate) NodeStores);

#[async_trait]
impl LeaseLock for NodeLeases {
    async fn acquire(&self, command: AcquireLease) -> Result<Lease, CommandError<LeaseRefused>> {
        self.0
            .change(move |world| {
                let lease = at_once(world.leases.acquire(command.clone()))?;
                let seen = world.history().note_lease(&lease, command.now);
                if let Err(why) = seen {
                    world.break_off(why);
                }
                Ok(lease)
            })
            .await
    }

    async fn extend(&self, command: ExtendLease) -> Result<Lease, CommandError<LeaseLost>> {
        self.0
            .change(move |world| {
                let lease = at_once(world.leases.extend(command.clone()))?;
                let seen = world.history().note_lease(&lease, command.now);
                if let Err(why) = seen {
                    world.break_off(why);
                }
                Ok(lease)
            })
            .await
    }

    async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        let lease = lease.clone();
        self.0
            .change(move |world| {
                let own = lease.clone();
                let whose = if world.has(Planted::ReleaseWithoutOwnerCheck) {
                    world.history().lease().unwrap_or(own)
                } else {
                    own
                };
                let released = at_once(world.leases.release(&whose))?;
                if released {
                    world.history().note_released(&lease);
                }
                Ok(released)
            })
            .await
    }
}

/// Works again and again under a lease, and writes with its fencing token.
pub(crate) async fn work_under_lease(node: Node) {
    let world = node.world.clone();
    let leases = NodeLeases(NodeStores(node.clone()));
    let owner = LeaseOwner::from_uuid(node.next());
    while !world.is_calm() {
        world.executor.sleep(world.delay(5_000, 60_000)).await;
        let ask = AcquireLease::new(node.now(), "books", ["day"], owner, LENGTH);
        let Ok(mut lease) = leases.acquire(ask).await else { continue };
        for _ in 0..world.delay(1, 3).as_millis() {
            if world.strikes(Fault::LeaseLost) {
                // The process is stopped for longer than its lease lasts.
                world.executor.sleep(LENGTH.saturating_mul(3)).await;
            }
            node.wait().await;
            if !world.history().write_under(lease.token) {
                world.reach(Sometimes::StaleToken);
                break;
            }
            match leases.extend(ExtendLease::new(node.now(), lease.clone(), LENGTH)).await {
                Ok(extended) => lease = extended,
                Err(CommandError::Refused(LeaseLost)) => {
                    world.reach(Sometimes::LeaseLost);
                    break;
                }
                Err(_) => {}
            }
        }
        // An answer that is lost here leaves the lease to its end.
        let _ = leases.release(&lease).await;
    }
}
