//! `audit`: checks every invariant from the store's rows, also while a server sells from it.

use tiketi_core::store::AuditReport;

use crate::failure::Failure;
use crate::output::print_line;
use crate::settings::Settings;
use crate::store::{StoreKind, file};

/// Prints each violation, or how much was checked.
pub(crate) async fn run(settings: &Settings) -> Result<(), Failure> {
    let report = match &settings.store {
        StoreKind::Memory => return Err(settings.store.not_durable("audit")),
        StoreKind::Sqlite(path) => AuditReport::of(&file::open_to_read(path)?).await,
        // One event is read at a time, which bounds the memory of the audit.
        StoreKind::Postgres(database) => AuditReport::of(&database.open_to_read().await?).await,
    };
    let report = report.map_err(|error| Failure::during("the store cannot be audited", &error))?;
    for (event, violation) in &report.violations {
        print_line(&format!("event {event}: {violation}"))?;
    }
    let AuditReport { events, seats, reservations, payments, .. } = report;
    let checked =
        format!("events: {events}, seats: {seats}, reservations: {reservations}, payments: {payments}");
    match report.violations.len() {
        0 => print_line(&format!("no violations; {checked}")),
        1 => Err(Failure::new(format!("1 violation; {checked}"))),
        found => Err(Failure::new(format!("{found} violations; {checked}"))),
    }
}
