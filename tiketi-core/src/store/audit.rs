//! Reading whole events, to prove that everything promised of them holds.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::audit::{Violation, audit};
use crate::decide::Snapshot;
use crate::id::EventId;
use crate::store::StoreError;

/// Events looked up at a time: a store has few, and their rows are read one event at a time.
const EVENTS_PAGE: usize = 100;

/// Shows whole events, for [`crate::audit::audit`].
#[async_trait]
pub trait AuditStore: Debug + Send + Sync + 'static {
    /// Returns ids of events in their order, those after `after`, at most `limit`.
    ///
    /// # Contract
    ///
    /// Read page after page, the ids MUST name every event once, drafts and what is over included.
    async fn event_ids(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError>;

    /// Returns all rows of an event, drafts and what is over included.
    ///
    /// # Contract
    ///
    /// The rows MUST be those of one moment between two commits, however long they take to read, and equal to what
    /// the other reads show. The map version MUST be the one the store keeps, not one derived from the seats. An
    /// event that does not exist MUST be answered with `None`.
    async fn event_rows(&self, event: EventId) -> Result<Option<Snapshot>, StoreError>;
}

/// What an audit of a whole store came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditReport {
    /// How many events were looked at.
    pub events: usize,
    /// How many seats.
    pub seats: usize,
    /// How many reservations.
    pub reservations: usize,
    /// How many payments.
    pub payments: usize,
    /// What must never be, and is, with the event it is of.
    pub violations: Vec<(EventId, Violation)>,
}

impl AuditReport {
    /// Audits every event of a store, which may go on selling meanwhile.
    ///
    /// Each event is looked at as it stands when its turn comes.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be read, or has a row that makes no sense at all.
    pub async fn of(store: &dyn AuditStore) -> Result<Self, StoreError> {
        let mut report = Self::default();
        let mut after = None;
        loop {
            let ids = store.event_ids(after, EVENTS_PAGE).await?;
            let Some(last) = ids.last().copied() else { return Ok(report) };
            for id in ids {
                // An event may be removed between its listing and its turn.
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
