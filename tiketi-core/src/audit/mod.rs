//! The audit: what must always hold, proved from one event's rows.
//!
//! It shares no code with the rules, so that a mistake there is found here.

mod money;
mod reservations;
mod seats;
mod stock;
#[cfg(test)]
mod tests;
mod violation;

pub use violation::{AuditedRow, Violation};

use crate::decide::Snapshot;

/// Finds everything in an event's rows that must never be.
///
/// The copy has to hold all rows of the event, as [`crate::store::AuditStore::event_rows`] returns it. Rows of a
/// store that keeps its contract have none of these, at any moment between two commits: not even while
/// holds have lapsed and nobody has tidied them yet.
///
/// Limits of buyers are not judged: an organiser may lower one below what was bought before.
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
