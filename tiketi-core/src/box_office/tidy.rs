//! Parts of the background jobs: each may be called at any time, from any number of servers.

use std::time::Duration;

use crate::box_office::{BoxOffice, Jobs};
use crate::decide::ClockSkew;
use crate::error::StoreError;
use crate::event::EventStatus;
use crate::id::EventId;
use crate::notifier::{NotifyError, SubscriberName};
use crate::reservation::Reservation;
use crate::store::Swept;

/// Most reservations ended in one call, so that one call does not occupy the store for long.
pub(super) const EXPIRE_BATCH: usize = 1_000;
/// Most seats of events that do not exist deleted in one call.
pub(super) const LEFTOVER_BATCH: usize = 10_000;
/// How long the creation of an event may take: more than a hall of a million seats needs.
const LONGEST_CREATION: Duration = Duration::from_hours(1);
/// How long the key of a command is stored.
const COMMAND_MEMORY: Duration = Duration::from_hours(24);

/// Why a part of the background jobs did not finish.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HousekeepingError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The notifier of a subscriber failed; its facts are delivered again later.
    #[error("facts were not delivered to the subscriber {subscriber}")]
    Notify {
        /// The subscriber.
        subscriber: SubscriberName,
        /// The error of the notifier.
        source: NotifyError,
    },
}

/// What one round of [`Jobs::tidy_once`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tidied {
    /// Reservations whose hold ended.
    pub expired: usize,
    /// Events whose status changed.
    pub statuses: usize,
    /// Facts delivered, counted for each subscriber.
    pub delivered: usize,
    /// Events that failed, or that another session has locked; they are tried again in the next round.
    pub skipped: usize,
}

impl BoxOffice {
    /// Compares this server's clock with the store's.
    ///
    /// It returns `None` if the store has no clock of its own.
    ///
    /// Call it at start and about every half minute. Do not send buyers to a server for which [`ClockSkew::is_ready`]
    /// is false: if its clock is ahead, its commands are refused; if it is behind, its own buyers' holds end early.
    pub async fn clock_skew(&self) -> Result<Option<ClockSkew>, StoreError> {
        let before = self.now();
        let store = self.inner.store_clock.store_time().await?;
        Ok(store.map(|store| ClockSkew::between(before, store, self.now())))
    }

    /// Writes a probe to the store, and fails if a sale could not be stored now.
    ///
    /// Call it at most about once a second. Do not send buyers to a server whose probe fails.
    pub async fn probe_store(&self) -> Result<(), StoreError> {
        self.inner.store_probe.probe_write(self.now()).await
    }
}

impl Jobs {
    /// Ends reservations whose hold has ended, and returns them.
    ///
    /// Call it about every second. Seats do not depend on it, because they are available once the hold has ended. It
    /// returns general-admission units to the stock, and informs buyers. An event that fails or is locked is skipped.
    pub async fn expire_once(&self) -> Result<Swept<Reservation>, StoreError> {
        let swept = self.office.inner.sales.expire_due(self.office.now(), EXPIRE_BATCH).await?;
        for ended in &swept.done {
            self.office.end_session(ended).await;
        }
        Ok(swept)
    }

    /// Announces every event status that differs from the announced one.
    ///
    /// Call it about every second.
    ///
    /// An event that fails or is locked is skipped.
    pub async fn announce_statuses_once(&self) -> Result<Swept<(EventId, EventStatus)>, StoreError> {
        self.office.inner.catalog.announce_statuses(self.office.now()).await
    }

    /// Deletes the keys of commands older than 24 hours, and returns how many.
    ///
    /// Call it about every minute.
    pub async fn forget_once(&self) -> Result<u64, StoreError> {
        self.office.inner.sales.forget_commands(self.office.now().before(COMMAND_MEMORY)).await
    }

    /// Deletes seats of events that were deleted, or whose creation was interrupted; returns how many.
    ///
    /// Call it about every minute, and again at once while it returns any. The store deletes some at a time, between the
    /// commands of sales.
    pub async fn remove_leftovers_once(&self) -> Result<usize, StoreError> {
        let before = self.office.now().before(LONGEST_CREATION);
        self.office.inner.catalog.remove_leftovers(before, LEFTOVER_BATCH).await
    }

    /// Expires holds, announces statuses, and relays facts until none is left.
    ///
    /// # Errors
    ///
    /// [`HousekeepingError`] of the first part that failed, after all were tried.
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
