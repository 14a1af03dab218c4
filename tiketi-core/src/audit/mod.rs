//! The audit: checks every invariant from the complete rows of events.
//!
//! It shares no code with the rules, so that it finds their mistakes. [`EventAudit`] checks one event in parts;
//! [`crate::store::AuditReport`] checks a store, event after event.

mod event_audit;
mod money;
mod part;
mod reservations;
mod seats;
mod snapshot_parts;
mod stock;
#[cfg(test)]
mod tests;
mod violation;

pub use event_audit::EventAudit;
pub use part::{AuditPart, AuditRows, AuditedEvent, RelatedRows};
pub(crate) use snapshot_parts::SnapshotParts;
pub use violation::{AuditedRow, Violation};

use crate::decide::Snapshot;

/// Finds every violated invariant in an event's rows.
///
/// The snapshot must have all rows of the event. Rows that the rules lead to have no violation at any moment between two
/// commits, even while holds have ended and no job has ended their reservations yet.
///
/// Per-buyer limits are not checked: an organiser may lower one below what was bought before.
///
/// ```
/// # use tiketi_core::decide::Snapshot;
/// # fn look(rows: &Snapshot) {
/// for violation in tiketi_core::audit::audit(rows) {
///     println!("{violation}");
/// }
/// # }
/// ```
pub fn audit(rows: &Snapshot) -> Vec<Violation> {
    let (rows, mut found) = (SnapshotParts::of(rows), Vec::new());
    let mut audit = EventAudit::new(rows.event(), &mut found);
    for part in rows.parts(usize::MAX) {
        audit.check(&part, &mut found);
    }
    audit.finish(&mut found);
    found
}
