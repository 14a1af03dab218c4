//! Complete rows of events, for the audit.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::audit::{Violation, audit};
use crate::decide::Snapshot;
use crate::error::StoreError;
use crate::id::EventId;

/// Event ids read per call: a store has few events, and their rows are read one event at a time.
const EVENTS_PAGE: usize = 100;

/// Reads complete events, for [`crate::audit::audit`].
#[async_trait]
pub trait AuditStore: Debug + Send + Sync + 'static {
    /// Returns at most `limit` event ids after `after`, in ascending order.
    ///
    /// # Contract
    ///
    /// Read page after page, the ids MUST name every event once, including drafts and events that are over.
    async fn event_ids(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError>;

    /// Returns all rows of an event, ended ones included; draft events, too.
    ///
    /// # Contract
    ///
    /// The rows MUST be those of one moment between two commits, however long they take to read, and equal to what
    /// the other reads return. The map version MUST be the stored one, not one derived from the seats. `None` MUST be
    /// returned for an event that does not exist.
    async fn event_rows(&self, event: EventId) -> Result<Option<Snapshot>, StoreError>;
}

/// Result of the audit of a whole store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditReport {
    /// The number of events.
    pub events: usize,
    /// The number of seats.
    pub seats: usize,
    /// The number of reservations.
    pub reservations: usize,
    /// The number of payments.
    pub payments: usize,
    /// The violated invariants, each with its event.
    pub violations: Vec<(EventId, Violation)>,
}

impl AuditReport {
    /// Audits every event of a store, which may sell tickets at the same time.
    ///
    /// Each event is checked as it is when its rows are read.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be read, or has a row that cannot be decoded.
    pub async fn of(store: &dyn AuditStore) -> Result<Self, StoreError> {
        let mut report = Self::default();
        let mut after = None;
        loop {
            let ids = store.event_ids(after, EVENTS_PAGE).await?;
            let Some(last) = ids.last().copied() else { return Ok(report) };
            for id in ids {
                // The event may be deleted between the listing and this read.
                if let Some(rows) = store.event_rows(id).await? {
                    report.add(id, &rows);
                }
            }
            after = Some(last);
        }
    }

    fn add(&mut self, event: EventId, rows: &Snapshot) {
        self.events += 1;
        self.seats += rows.seats().len();
        self.reservations += rows.reservations().len();
        self.payments += rows.payments().len();
        self.violations.extend(audit(rows).into_iter().map(|violation| (event, violation)));
    }
}
