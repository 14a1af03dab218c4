//! Adapters in memory: for tests, demonstrations and simulations.
//!
//! They keep the same contracts as the durable adapters. Their data ends with the process.

mod accounts;
mod answers;
mod audit;
mod broadcast;
mod by_age;
mod call_off;
mod catalog;
mod clock;
mod codes;
mod event_lists;
mod event_texts;
mod events;
mod figures;
mod gateway;
mod inbox;
mod layouts;
mod leases;
mod mail;
mod notices;
mod notifier;
mod outbox;
mod payment_lists;
mod probe;
mod rate_limits;
mod reservation_lists;
mod rows;
mod sales;
mod sessions;
mod staff_log;
mod state;
mod waiting_room;

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use broadcast::MemoryBroadcast;
pub use gateway::{Balance, ConfirmFault, RefundFault, TestGateway};
pub use leases::MemoryLeases;
pub use notifier::MemoryNotifier;
pub use rate_limits::MemoryRateLimits;
pub use waiting_room::{JOURNAL_CLAIM, MemoryWaitingRooms};

use crate::broadcast::CommitPublisher;
use crate::fact::FactBody;
use crate::id::EventId;
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
pub struct MemoryStore {
    state: Mutex<State>,
    publisher: Arc<CommitPublisher>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        let state = State::default();
        let publisher = Arc::clone(&state.publisher);
        Self { state: Mutex::new(state), publisher }
    }
}

impl MemoryStore {
    /// Locks the state for one command; a command never awaits while it holds the lock.
    fn lock(&self) -> Locked<'_> {
        // A poisoned lock is used: rules run before a change is applied, so a panic of theirs leaves the rows
        // unchanged.
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Locked { state, unpublished: Unpublished { publisher: &self.publisher, facts: Vec::new() } }
    }
}

/// The locked state of one command; facts go to the outbox and to the broadcasts when the lock is released.
struct Locked<'s> {
    // Fields drop in this order: a listener that is woken may read the store at once.
    state: MutexGuard<'s, State>,
    unpublished: Unpublished<'s>,
}

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.unpublished.facts = self.state.coalesce_facts();
    }
}

/// Publishes the facts of a command when it is dropped.
struct Unpublished<'s> {
    publisher: &'s CommitPublisher,
    facts: Vec<(EventId, FactBody)>,
}

impl Drop for Unpublished<'_> {
    fn drop(&mut self) {
        for (event, body) in std::mem::take(&mut self.facts) {
            self.publisher.publish(event, [body]);
        }
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}
