//! `audit`: checks every invariant from the store's rows, also while a server sells from it.

use std::time::Duration;

use tiketi_core::store::{AuditProgress, AuditReport, AuditStore, AuditWatcher};
use tiketi_core::{Clock, EventId, Timestamp, audit::Violation, clock::SystemClock};

use crate::failure::Failure;
use crate::options::AuditScope;
use crate::output::{print_line, print_note};
use crate::settings::Settings;
use crate::store::{StoreKind, file};

/// How often a line says how far the audit is.
const PROGRESS: Duration = Duration::from_secs(2);

/// Prints each violation when it is found, now and then how far the audit is, and at the end how much was checked.
pub(crate) async fn run(settings: &Settings, scope: AuditScope) -> Result<(), Failure> {
    match &settings.store {
        StoreKind::Memory => Err(settings.store.not_durable("audit")),
        StoreKind::Sqlite(path) => audit(&file::open_to_read(path)?, scope).await,
        StoreKind::Postgres(database) => audit(&database.open_to_read().await?, scope).await,
    }
}

async fn audit(store: &dyn AuditStore, scope: AuditScope) -> Result<(), Failure> {
    let mut printer = Printer { last: SystemClock.now(), failure: None };
    let report = AuditReport::watched(store, scope.event, &mut printer).await;
    let report = report.map_err(|error| Failure::during("the store cannot be audited", &error))?;
    if let Some(failure) = printer.failure {
        return Err(failure);
    }
    if let Some(event) = scope.event.filter(|_| report.events == 0) {
        return Err(Failure::new(format!("no event has the id {event}")));
    }
    let AuditReport { events, seats, reservations, payments, violated, .. } = report;
    let checked =
        format!("events: {events}, seats: {seats}, reservations: {reservations}, payments: {payments}");
    match violated {
        0 => print_line(&format!("no violations; {checked}")),
        1 => Err(Failure::new(format!("1 violation; {checked}"))),
        found => Err(Failure::new(format!("{found} violations; {checked}"))),
    }
}

/// Prints violations as results, and progress beside them.
struct Printer {
    last: Timestamp,
    failure: Option<Failure>,
}

impl AuditWatcher for Printer {
    fn found(&mut self, event: EventId, violation: &Violation) {
        if let Err(failure) = print_line(&format!("event {event}: {violation}")) {
            self.failure.get_or_insert(failure);
        }
    }

    fn progress(&mut self, progress: AuditProgress) {
        let now = SystemClock.now();
        if now.since(self.last) < PROGRESS {
            return;
        }
        self.last = now;
        let AuditProgress { events, of, rows, .. } = progress;
        print_note(&format!("checked {events} of {of} events, {rows} rows"));
    }
}
