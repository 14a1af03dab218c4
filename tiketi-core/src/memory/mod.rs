//! Adapters in memory: for tests, demonstrations and simulations.
//!
//! They keep the same contracts as the durable adapters. Their data ends with the process.

mod accounts;
mod answers;
mod audit;
mod catalog;
mod clock;
mod commands;
mod gateway;
mod inbox;
mod layouts;
mod leases;
mod notifier;
mod outbox;
mod sales;
mod state;
mod waiting_room;

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use gateway::{Balance, ConfirmFault, RefundFault, TestGateway};
pub use leases::MemoryLeases;
pub use notifier::MemoryNotifier;
pub use waiting_room::MemoryWaitingRooms;

use state::State;

/// All store traits in memory, behind one lock.
///
/// ```
/// use std::sync::Arc;
/// use tiketi_core::{memory::{MemoryStore, TestGateway}, BoxOffice};
///
/// let box_office = BoxOffice::builder()
///     .store(Arc::new(MemoryStore::default()))
///     .gateway(Arc::new(TestGateway::default()))
///     .build()?;
/// # Ok::<(), tiketi_core::BuildError>(())
/// ```
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// Locks the state for one command; a command never awaits while it holds the lock.
    fn lock(&self) -> Locked<'_> {
        // A poisoned lock is used: rules run before a change is applied, so a panic of theirs leaves the rows
        // unchanged.
        Locked(self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The locked state of one command; facts go to the outbox when the lock is released.
struct Locked<'s>(MutexGuard<'s, State>);

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.0
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.0
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.0.coalesce_facts();
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}
