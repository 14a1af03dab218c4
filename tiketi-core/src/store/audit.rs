//! Complete rows of events, for the audit.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::audit::{AuditPart, AuditRows, AuditedEvent, EventAudit, Violation};
use crate::error::StoreError;
use crate::id::EventId;

/// Event ids read per call.
const EVENTS_PAGE: usize = 100;
/// Rows per part.
const PART: usize = 250;
/// Most violations that a report has in full.
const MOST_KEPT: usize = 1_000;

/// Reads complete events, for [`crate::audit::EventAudit`].
#[async_trait]
pub trait AuditStore: Debug + Send + Sync + 'static {
    /// Returns how many events there are, including drafts and events that are over.
    async fn event_count(&self) -> Result<u64, StoreError>;

    /// Returns at most `limit` event ids after `after`, in ascending order.
    ///
    /// # Contract
    ///
    /// Read page after page, the ids MUST name every event once, including drafts and events that are over.
    async fn event_ids(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError>;

    /// Gives all rows of an event to a sink, in parts of at most `rows` rows; returns whether the event exists.
    ///
    /// # Contract
    ///
    /// - The sink MUST receive the event once, and then each seat, each reservation and each payment of it once, ended ones
    ///   included, in any order; of draft events, too. With `rows` of 0, a part MAY have one row.
    /// - All of it MUST be of one moment between two commits, however long it takes to read, and equal to what the other
    ///   reads return. The map version MUST be the stored one, not one derived from the seats.
    /// - Each part MUST have the related rows that [`crate::audit::RelatedRows`] names.
    /// - The store MUST NOT hold more rows at once than those of a few parts, and MUST NOT block sales while the sink
    ///   works. A store in memory MAY copy the event.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the reading.
    async fn read_event(
        &self,
        event: EventId,
        rows: usize,
        sink: &mut dyn AuditSink,
    ) -> Result<bool, StoreError>;
}

/// Receives the rows of an event.
pub trait AuditSink: Send {
    /// Receives the event itself, before everything else.
    fn event(&mut self, event: AuditedEvent);

    /// Receives the next rows.
    fn part(&mut self, part: AuditPart);
}

/// Receives the violations and the progress of an audit while it runs.
pub trait AuditWatcher: Send {
    /// Receives a violation, as soon as it is found.
    fn found(&mut self, event: EventId, violation: &Violation) {
        let _ = (event, violation);
    }

    /// Receives how far the audit is, after each part.
    fn progress(&mut self, progress: AuditProgress) {
        let _ = progress;
    }
}

/// Nobody watches.
impl AuditWatcher for () {}

/// How far an audit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditProgress {
    /// The number of events that are checked.
    pub events: u64,
    /// How many there were when the audit began.
    pub of: u64,
    /// How many seats, reservations and payments were read.
    pub rows: u64,
}

/// Result of the audit of a store, or of one event.
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
    /// The number of violated invariants.
    pub violated: usize,
    /// The first 1,000 of them, each with its event. An [`AuditWatcher`] hears of all.
    pub violations: Vec<(EventId, Violation)>,
}

impl AuditReport {
    /// Audits every event of a store, which may sell tickets at the same time.
    ///
    /// Each event is checked as it is when its reading begins. Memory does not grow with the number of events or rows.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be read, or has a row that cannot be decoded.
    pub async fn of(store: &dyn AuditStore) -> Result<Self, StoreError> {
        Self::watched(store, None, &mut ()).await
    }

    /// Audits one event, or all, and tells a watcher what it finds and how far it is.
    ///
    /// The report of an event that does not exist has no event.
    ///
    /// ```
    /// # use tiketi_core::store::{AuditProgress, AuditReport, AuditStore, AuditWatcher};
    /// # use tiketi_core::{EventId, StoreError};
    /// struct Print;
    ///
    /// impl AuditWatcher for Print {
    ///     fn progress(&mut self, progress: AuditProgress) {
    ///         println!("{} of {} events, {} rows", progress.events, progress.of, progress.rows);
    ///     }
    /// }
    ///
    /// async fn look(store: &dyn AuditStore, event: EventId) -> Result<bool, StoreError> {
    ///     let report = AuditReport::watched(store, Some(event), &mut Print).await?;
    ///     Ok(report.events == 1 && report.violated == 0)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be read, or has a row that cannot be decoded.
    pub async fn watched(
        store: &dyn AuditStore,
        event: Option<EventId>,
        watcher: &mut dyn AuditWatcher,
    ) -> Result<Self, StoreError> {
        let of = if event.is_some() { 1 } else { store.event_count().await? };
        let mut run = Run { report: Self::default(), of, watcher };
        if let Some(event) = event {
            run.event(store, event).await?;
            return Ok(run.report);
        }
        let mut after = None;
        loop {
            let ids = store.event_ids(after, EVENTS_PAGE).await?;
            let Some(last) = ids.last().copied() else { return Ok(run.report) };
            for id in ids {
                run.event(store, id).await?;
            }
            after = Some(last);
        }
    }
}

/// An audit under way.
struct Run<'w> {
    report: AuditReport,
    of: u64,
    watcher: &'w mut dyn AuditWatcher,
}

impl Run<'_> {
    async fn event(&mut self, store: &dyn AuditStore, event: EventId) -> Result<(), StoreError> {
        let mut reading = Reading { run: self, event, audit: None };
        // The event may be deleted between the listing and this read.
        if store.read_event(event, PART, &mut reading).await? {
            reading.finish();
        }
        Ok(())
    }

    fn note(&mut self, event: EventId, found: Vec<Violation>) {
        for violation in found {
            self.watcher.found(event, &violation);
            self.report.violated += 1;
            if self.report.violations.len() < MOST_KEPT {
                self.report.violations.push((event, violation));
            }
        }
        let AuditReport { events, seats, reservations, payments, .. } = self.report;
        let (events, rows) = (events as u64, (seats + reservations + payments) as u64);
        self.watcher.progress(AuditProgress { events, of: self.of.max(events), rows });
    }
}

/// Checks the rows of one event as they come.
struct Reading<'r, 'w> {
    run: &'r mut Run<'w>,
    event: EventId,
    audit: Option<EventAudit>,
}

impl AuditSink for Reading<'_, '_> {
    fn event(&mut self, event: AuditedEvent) {
        let mut found = Vec::new();
        self.audit = Some(EventAudit::new(event, &mut found));
        self.run.note(self.event, found);
    }

    fn part(&mut self, part: AuditPart) {
        let counter = match &part.rows {
            AuditRows::Seats(_) => &mut self.run.report.seats,
            AuditRows::Reservations(_) => &mut self.run.report.reservations,
            AuditRows::Payments(_) => &mut self.run.report.payments,
        };
        *counter += part.rows.len();
        let mut found = Vec::new();
        if let Some(audit) = &mut self.audit {
            audit.check(&part, &mut found);
        }
        self.run.note(self.event, found);
    }
}

impl Reading<'_, '_> {
    fn finish(self) {
        let mut found = Vec::new();
        if let Some(audit) = self.audit {
            audit.finish(&mut found);
        }
        self.run.report.events += 1;
        self.run.note(self.event, found);
    }
}
