//! The audit: checks every invariant from the complete rows of one event.
//!
//! It shares no code with the rules, so that it finds their mistakes.

mod money;
mod reservations;
mod seats;
mod stock;
#[cfg(test)]
mod tests;
mod violation;

pub use violation::{AuditedRow, Violation};

use crate::decide::Snapshot;

/// Finds every violated invariant in an event's rows.
///
/// The snapshot must have all rows of the event, as [`crate::store::AuditStore::event_rows`] returns it. In a store
/// that keeps its contract, these rows have no violation at any moment between two commits, even while holds have ended
/// and no job has ended their reservations yet.
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
    let mut found = Vec::new();
    seats::check(rows, &mut found);
    stock::check(rows, &mut found);
    reservations::check(rows, &mut found);
    money::check(rows, &mut found);
    found
}
