//! The journal of a process, and its claim to it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::error::{CommandError, StoreError, StoreErrorKind};
use crate::id::LeaseOwner;
use crate::lease::LeaseLost;
use crate::store::{ClaimJournal, JournalLease, JournalTaken, RoomJournal, RoomRows};
use crate::time::Timestamp;

/// How long a process may be silent before another one can have its journal of waiting rooms.
pub const JOURNAL_CLAIM: Duration = Duration::from_secs(10);
/// How old a claim is before it is extended.
const EXTEND_AFTER: Duration = Duration::from_secs(3);

/// A journal that this process has claimed.
#[derive(Debug)]
pub(super) struct Saved {
    journal: Arc<dyn RoomJournal>,
    clock: Arc<dyn Clock>,
    owner: LeaseOwner,
    lease: Mutex<JournalLease>,
    /// Whether a caller extends the claim right now; the others need not.
    is_extending: AtomicBool,
}

/// Outcome of a claim.
pub(super) enum Kept {
    /// The rooms in memory are the latest.
    Same { token: u64 },
    /// Another process had the journal in between, so the rooms have to be loaded again.
    Again { lease: JournalLease },
}

impl Saved {
    pub(super) async fn claim(
        journal: Arc<dyn RoomJournal>,
        clock: Arc<dyn Clock>,
        owner: LeaseOwner,
    ) -> Result<Self, CommandError<JournalTaken>> {
        let lease = journal.claim(ClaimJournal::new(clock.now(), owner, JOURNAL_CLAIM)).await?;
        let (lease, is_extending) = (Mutex::new(lease), AtomicBool::new(false));
        Ok(Self { journal, clock, owner, lease, is_extending })
    }

    pub(super) async fn load(&self) -> Result<Vec<RoomRows>, StoreError> {
        self.journal.load_rooms().await
    }

    fn lease(&self) -> JournalLease {
        *self.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end_at(&self, until: Timestamp) {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner).until = until;
    }

    /// Fails if the claim is over.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.clock.now() < self.lease().until { Ok(()) } else { Err(lost()) }
    }

    /// Extends the claim if it is time, or claims the journal again if it is over.
    pub(super) async fn keep(&self) -> Result<Kept, StoreError> {
        let (lease, now) = (self.lease(), self.clock.now());
        let is_over = now >= lease.until;
        let is_young = now < lease.until.before(JOURNAL_CLAIM.saturating_sub(EXTEND_AFTER));
        if is_young || !is_over && self.is_extending.swap(true, Ordering::Relaxed) {
            return Ok(Kept::Same { token: lease.token });
        }
        let claimed = self.journal.claim(ClaimJournal::new(now, self.owner, JOURNAL_CLAIM)).await;
        self.is_extending.store(false, Ordering::Relaxed);
        match claimed {
            Ok(claimed) if claimed.token == lease.token => {
                self.end_at(claimed.until);
                Ok(Kept::Same { token: claimed.token })
            }
            Ok(claimed) => Ok(Kept::Again { lease: claimed }),
            Err(CommandError::Refused(JournalTaken { .. })) => {
                self.end_at(Timestamp::EPOCH);
                Err(lost())
            }
            // The store fails at present. The claim is good until its end.
            Err(_) if !is_over => Ok(Kept::Same { token: lease.token }),
            Err(CommandError::Store(error)) => Err(error),
            Err(error) => Err(StoreError::new(StoreErrorKind::Internal, error.to_string())),
        }
    }

    /// Makes a claim the present one, and returns whether it was not before.
    pub(super) fn accept(&self, claimed: JournalLease) -> bool {
        let mut lease = self.lease.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = claimed.token > lease.token;
        if is_new {
            *lease = claimed;
        }
        is_new
    }

    pub(super) async fn save(&self, token: u64, rows: Vec<RoomRows>) -> Result<(), StoreError> {
        match self.journal.save_rooms(token, rows).await {
            Ok(()) => Ok(()),
            Err(CommandError::Refused(LeaseLost)) => {
                self.end_at(Timestamp::EPOCH);
                Err(lost())
            }
            Err(CommandError::Store(error)) => Err(error),
            Err(error) => Err(StoreError::new(StoreErrorKind::Internal, error.to_string())),
        }
    }

    pub(super) async fn give_up(&self) -> Result<(), StoreError> {
        let lease = self.lease();
        self.end_at(Timestamp::EPOCH);
        self.journal.give_up(&lease).await
    }
}

fn lost() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "another process serves the waiting rooms of this store")
}
