//! Permits to write, and how events that another session has locked are kept from using them all.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tiketi_core::{EventId, StoreError, StoreErrorKind};
use tiketi_sql::closed;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// Most batches that are written concurrently, by workers of different events, each on its own connection that no
/// reader uses.
pub const MAX_WRITERS: u32 = 4;
/// Most batches that wait concurrently for events that another session has locked for long, each on its own
/// connection that no other writer uses.
pub const MAX_WAITERS: u32 = 1;
/// Longest wait for another session's lock before the answer is [`StoreErrorKind::Contention`]. It is longer than
/// the idle timeout of the store's own transactions.
pub(crate) const LOCK_PATIENCE: Duration = Duration::from_secs(10);
/// How long jobs over many events skip an event that could not be locked.
const PASSED_OVER: Duration = Duration::from_secs(3);

/// Permits to write, and the events that could not be locked at the last try.
///
/// A batch waits for its event's lock in the database's queue, where servers take turns in the order of arrival,
/// but only for a fraction of a second. A batch whose lock does not come in that time waits with others of its
/// kind, and does not use the permits and connections of events that are not locked.
#[derive(Debug)]
pub(crate) struct Permits {
    writers: Arc<Semaphore>,
    waiters: Arc<Semaphore>,
    /// Since when each event could not be locked; there are few of them.
    locked: Mutex<HashMap<EventId, Instant>>,
    /// The number of such events, so that a batch need not lock the map if there are none.
    count: AtomicUsize,
}

/// A permit to write one batch, until it is dropped.
#[derive(Debug)]
pub(crate) enum Permit {
    /// One of [`MAX_WRITERS`].
    Writer(#[expect(dead_code, reason = "it is kept to be dropped")] OwnedSemaphorePermit),
    /// One of [`MAX_WAITERS`].
    Waiter(#[expect(dead_code, reason = "it is kept to be dropped")] OwnedSemaphorePermit),
}

impl Permit {
    /// Returns whether the event could not be locked at the last try.
    pub(crate) fn is_waiter(&self) -> bool {
        matches!(self, Self::Waiter(_))
    }
}

impl Permits {
    pub(crate) fn new() -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(usize::try_from(permits).unwrap_or(1)));
        Self {
            writers: semaphore(MAX_WRITERS),
            waiters: semaphore(MAX_WAITERS),
            locked: Mutex::default(),
            count: AtomicUsize::new(0),
        }
    }

    /// Waits for a permit to write to an event; for an event that is locked elsewhere until `deadline` at most.
    pub(crate) async fn acquire(&self, event: EventId, deadline: Instant) -> Result<Permit, StoreError> {
        if !self.is_locked(event) {
            let writers = Arc::clone(&self.writers);
            return writers.acquire_owned().await.map(Permit::Writer).map_err(|_| closed());
        }
        match timeout_at(deadline, Arc::clone(&self.waiters).acquire_owned()).await {
            Ok(permit) => permit.map(Permit::Waiter).map_err(|_| closed()),
            Err(_) => {
                Err(StoreError::new(StoreErrorKind::Contention, "another session has the event locked"))
            }
        }
    }

    /// Returns a permit to write if one is free now and the event was not locked at the last try.
    pub(crate) fn try_acquire(&self, event: EventId) -> Option<Permit> {
        if self.is_locked(event) {
            return None;
        }
        Arc::clone(&self.writers).try_acquire_owned().ok().map(Permit::Writer)
    }

    /// Records that an event could not be locked in time.
    pub(crate) fn note_locked(&self, event: EventId) {
        let mut locked = self.locked();
        locked.insert(event, Instant::now());
        self.count.store(locked.len(), Ordering::Relaxed);
    }

    /// Records that an event was locked in time.
    pub(crate) fn note_free(&self, event: EventId) {
        if self.count.load(Ordering::Relaxed) > 0 {
            let mut locked = self.locked();
            locked.remove(&event);
            self.count.store(locked.len(), Ordering::Relaxed);
        }
    }

    /// Returns the events that jobs skip for now: those that could not be locked a moment ago.
    pub(crate) fn passed_over(&self) -> Vec<EventId> {
        let locked = self.locked();
        locked.iter().filter(|(_, since)| since.elapsed() < PASSED_OVER).map(|(event, _)| *event).collect()
    }

    /// Returns whether an event could not be locked at the last try.
    pub(crate) fn is_locked(&self, event: EventId) -> bool {
        self.count.load(Ordering::Relaxed) > 0 && self.locked().contains_key(&event)
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<EventId, Instant>> {
        // A panic cannot leave the map in an inconsistent state.
        self.locked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use uuid::Uuid;

    use super::*;

    fn event(number: u128) -> EventId {
        EventId::from_uuid(Uuid::from_u128(number))
    }

    #[tokio::test]
    async fn events_that_are_locked_take_no_permit_of_the_others() {
        let (permits, deadline) = (Permits::new(), Instant::now() + LOCK_PATIENCE);
        (0..16).for_each(|number| permits.note_locked(event(number)));
        let waiter = permits.acquire(event(0), deadline).await.unwrap();
        assert!(permits.acquire(event(1), deadline).now_or_never().is_none(), "one waits at a time");
        let mut writers = Vec::new();
        for number in 100..100 + u128::from(MAX_WRITERS) {
            writers.push(permits.acquire(event(number), deadline).await.unwrap());
        }
        assert!(permits.acquire(event(200), deadline).now_or_never().is_none());
        drop((waiter, writers));
        permits.note_free(event(1));
        let _first = permits.acquire(event(0), deadline).await.unwrap();
        assert!(permits.acquire(event(1), deadline).now_or_never().is_some(), "it is not locked any more");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_behind_other_locked_events_ends_at_its_deadline() {
        let (permits, deadline) = (Permits::new(), Instant::now() + LOCK_PATIENCE);
        (0..2).for_each(|number| permits.note_locked(event(number)));
        let _waiting = permits.acquire(event(0), deadline).await.unwrap();
        let late = permits.acquire(event(1), deadline).await.unwrap_err();
        assert_eq!(late.kind(), StoreErrorKind::Contention);
    }

    #[tokio::test(start_paused = true)]
    async fn jobs_pass_a_locked_event_over_for_a_moment_and_then_try_it_again() {
        let permits = Permits::new();
        permits.note_locked(event(1));
        assert_eq!(permits.passed_over(), [event(1)]);
        tokio::time::advance(PASSED_OVER).await;
        assert_eq!(permits.passed_over(), []);
    }
}
