//! Statements that write what a batch changed: one a table, whatever the batch.

mod catalog;
mod revision;
mod sale;

use std::collections::BTreeSet;

use tiketi_core::decide::{Scope, Snapshot, coalesce_facts};
use tiketi_core::{EventId, StoreError, TicketType, TicketTypeId};

use crate::sql::creation_records;
use crate::sql::session::Session;
use crate::sql::statement::Statement;
use crate::working_set::WorkingSet;
use crate::working_set::load::Places;

pub(crate) use catalog::{new_event, new_seats, new_ticket_types};

/// Writes everything a batch changed.
///
/// What changed comes before what is new: a reservation that ended makes room for its buyer's next one.
pub(crate) async fn all(
    session: &mut Session,
    event: EventId,
    set: &WorkingSet,
    places: &mut Places,
) -> Result<(), StoreError> {
    let writes = set.writes();
    let Some(snapshot) = set.snapshot() else {
        return catalog::delete_event(session, event).await;
    };
    if writes.deleted {
        return Err(StoreError::corrupt("an event is deleted and here"));
    }
    sale::reservations(session, event, snapshot, &writes.reservations).await?;
    sale::payments(session, event, snapshot, &writes.payments).await?;
    catalog::remove_ticket_types(session, event, &writes.removed_ticket_types).await?;
    let (added, edited) = (&writes.new_ticket_types, &writes.edited_ticket_types);
    new_ticket_types(session, event, &of(snapshot, added)?).await?;
    let edited: BTreeSet<_> = edited.difference(added).copied().collect();
    catalog::edit_ticket_types(session, event, &of(snapshot, &edited)?).await?;
    let counted = writes.stock.iter().filter(|id| !added.contains(id) && !edited.contains(id));
    let counted = of(snapshot, counted)?;
    sale::commands(session, event, &writes.commands).await?;
    for (key, record) in &writes.creations {
        creation_records::remember(session, *key, record).await?;
    }
    sale::facts(session, event, &coalesce_facts(writes.facts.iter().cloned())).await?;
    if writes.event {
        places.event = catalog::details(session, snapshot).await?;
    }
    revision::take(session, event, snapshot, &writes.seats, &counted, places).await
}

/// Finds ticket types that were changed, and so are here.
fn of<'s, 'i>(
    snapshot: &'s Snapshot,
    ids: impl IntoIterator<Item = &'i TicketTypeId>,
) -> Result<Vec<&'s TicketType>, StoreError> {
    ids.into_iter().map(|id| snapshot.ticket_type(*id).ok_or_else(gone)).collect()
}

/// Returns one column of some rows.
fn column<'r, R, T>(rows: &'r [R], read: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.iter().map(read).collect()
}

/// Says that rows were not as they were when they were read.
fn miscounted(what: &str) -> StoreError {
    StoreError::corrupt(format!("a write changed more or fewer {what} than were read"))
}

/// Says that a row was changed and is not here.
fn gone() -> StoreError {
    StoreError::corrupt("a row was changed and is gone")
}

/// Runs a statement that has to change exactly so many rows.
async fn run(session: &mut Session, statement: Statement<'_>, rows: usize) -> Result<(), StoreError> {
    let writes = session.execute(statement).await?;
    if writes == rows as u64 { Ok(()) } else { Err(miscounted("rows")) }
}
