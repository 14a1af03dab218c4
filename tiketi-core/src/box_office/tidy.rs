//! What has to happen by itself: the host calls each method as often as it likes, from any number of servers.

use std::time::Duration;

use crate::box_office::{BoxOffice, Jobs};
use crate::decide::ClockSkew;
use crate::error::StoreError;
use crate::event::EventStatus;
use crate::id::EventId;
use crate::notifier::NotifyError;
use crate::reservation::Reservation;
use crate::store::Swept;

/// How long a server has to deliver the facts it claimed, before another may.
const OUTBOX_LEASE: Duration = Duration::from_secs(30);
/// Most facts delivered in one call.
const OUTBOX_BATCH: usize = 512;
/// Most reservations ended in one call, so that none keeps the store busy for long.
pub(super) const EXPIRE_BATCH: usize = 1_000;
/// How long the key of a command is remembered.
const COMMAND_MEMORY: Duration = Duration::from_hours(24);

/// Why facts stay in the outbox for now.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HousekeepingError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The notifier failed; the facts come again.
    #[error(transparent)]
    Notify(#[from] NotifyError),
}

/// What one round of [`Jobs::tidy_once`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tidied {
    /// Reservations whose hold had run out.
    pub expired: usize,
    /// Events whose status changed.
    pub statuses: usize,
    /// Facts delivered.
    pub delivered: usize,
    /// Events that failed, or that another session has locked: they are tried again in the next round.
    pub skipped: usize,
}

impl BoxOffice {
    /// Compares this server's clock with the store's; nothing if the store has no other clock.
    ///
    /// Ask at start and about every half minute. A server for which [`ClockSkew::is_ready`] says no is to be sent no buyers:
    /// with a clock that is ahead its commands are refused, with one that is behind its own buyers' holds end early.
    pub async fn clock_skew(&self) -> Result<Option<ClockSkew>, StoreError> {
        let before = self.now();
        let store = self.inner.store_clock.store_time().await?;
        Ok(store.map(|store| ClockSkew::between(before, store, self.now())))
    }

    async fn relay_all(&self) -> Result<usize, HousekeepingError> {
        let mut delivered = 0;
        loop {
            match self.jobs().relay_once().await? {
                0 => return Ok(delivered),
                facts => delivered += facts,
            }
        }
    }
}

impl Jobs {
    /// Ends reservations whose hold has run out, and returns them.
    ///
    /// Call it about every second. Nothing depends on it: a lapsed hold is available without it. It frees
    /// counted stock, and tells buyers. An event that fails or is locked is passed over.
    pub async fn expire_once(&self) -> Result<Swept<Reservation>, StoreError> {
        self.office.inner.sales.expire_due(self.office.now(), EXPIRE_BATCH).await
    }

    /// Announces every event whose status is no longer the one announced. Call it about every second.
    ///
    /// An event that fails or is locked is passed over.
    pub async fn announce_statuses_once(&self) -> Result<Swept<(EventId, EventStatus)>, StoreError> {
        self.office.inner.catalog.announce_statuses(self.office.now()).await
    }

    /// Delivers committed facts to the notifier, and returns how many.
    ///
    /// Call it about every second, and again at once while it returns any.
    pub async fn relay_once(&self) -> Result<usize, HousekeepingError> {
        let facts =
            self.office.inner.outbox.claim_outbox(self.office.now(), OUTBOX_LEASE, OUTBOX_BATCH).await?;
        if facts.is_empty() {
            return Ok(0);
        }
        self.office.inner.notifier.notify(&facts).await?;
        let ids: Vec<_> = facts.iter().map(|fact| fact.id).collect();
        self.office.inner.outbox.ack_outbox(&ids).await?;
        Ok(ids.len())
    }

    /// Forgets the keys of commands older than 24 hours, and returns how many. Call it about every minute.
    pub async fn forget_once(&self) -> Result<u64, StoreError> {
        self.office.inner.sales.forget_commands(self.office.now().before(COMMAND_MEMORY)).await
    }

    /// Does all of the above that is due about every second: expires, announces, and relays until nothing is left.
    ///
    /// # Errors
    ///
    /// [`HousekeepingError`] of the first part that failed, after all had their turn.
    pub async fn tidy_once(&self) -> Result<Tidied, HousekeepingError> {
        let expired = self.expire_once().await;
        let statuses = self.announce_statuses_once().await;
        let delivered = self.office.relay_all().await;
        let (expired, statuses) = (expired?, statuses?);
        Ok(Tidied {
            expired: expired.done.len(),
            statuses: statuses.done.len(),
            delivered: delivered?,
            skipped: expired.skipped.len() + statuses.skipped.len(),
        })
    }
}
