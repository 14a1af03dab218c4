//! `audit`: checks every invariant from the store's rows, also while a server sells from it.

use tiketi_core::store::AuditReport;
use tiketi_postgres::PostgresStore;

use crate::failure::Failure;
use crate::output::say;
use crate::settings::Settings;
use crate::store::{StoreKind, file};

/// Prints each violation, or how much was checked.
pub(crate) async fn run(settings: &Settings) -> Result<(), Failure> {
    let report = match &settings.store {
        StoreKind::Memory => return Err(settings.store.nothing_for("audit")),
        StoreKind::Sqlite(path) => AuditReport::of(&file::open_to_read(path)?).await,
        // One event is read at a time, which bounds the memory of the audit.
        StoreKind::Postgres(database) => {
            AuditReport::of(&PostgresStore::new(database.open_to_read().await?)).await
        }
    };
    let report = report.map_err(|error| Failure::during("the store cannot be audited", &error))?;
    for (event, violation) in &report.violations {
        say(&format!("event {event}: {violation}"))?;
    }
    let AuditReport { events, seats, reservations, payments, .. } = report;
    let looked_at =
        format!("events: {events}, seats: {seats}, reservations: {reservations}, payments: {payments}");
    match report.violations.len() {
        0 => say(&format!("all is as it must be; {looked_at}")),
        1 => Err(Failure::new(format!("one thing must not be; {looked_at}"))),
        wrong => Err(Failure::new(format!("{wrong} things must not be; {looked_at}"))),
    }
}
