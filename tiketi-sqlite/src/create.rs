//! Creates and deletes events: seats in parts, each in a commit of its own, so that no sale waits for all of them.
//!
//! Before the first part, the event's id is written to `partial_events`. The last commit deletes it there, and makes the
//! event. What is left over after a crash is found by that table.

use std::ops::Range;
use std::sync::Arc;

use rusqlite::Connection;
use tiketi_core::decide::{
    CheckedCreation, CreateEvent, CreateRefused, Created, CreationVerdict, EditRefused, Scope as _, any_left,
    create, refuse_archived,
};
use tiketi_core::{CommandError, EventId, StoreError, StoreErrorKind, Timestamp};
use uuid::Uuid;

use crate::row::first;
use crate::store::SqliteStore;
use crate::working_set::WorkingSet;
use crate::{load, reads, write};

/// Most seats that one commit writes or deletes: some milliseconds, for which other commands wait.
const SEATS_A_COMMIT: usize = 250;
/// In `partial_events`: the seats belong to no event, and no task writes more of them.
const TO_DELETE: i64 = 0;

type Outcome = Result<Created, CommandError<CreateRefused>>;

/// Stores a new event with its ticket types and seats.
pub(crate) async fn create_event(store: &SqliteStore, command: CreateEvent) -> Outcome {
    let checked = CheckedCreation::of(&command)?;
    let command = Arc::new(command);
    let count = command.event.seats.len();
    if count <= SEATS_A_COMMIT {
        return store.writer().run_work(move |set| create_at_once(set, &command, &checked)).await;
    }
    let beginning = Arc::clone(&command);
    if let Some(made) = store.writer().run_work(move |set| begin(set, &beginning, &checked)).await? {
        return Ok(made);
    }
    for start in (0..count).step_by(SEATS_A_COMMIT) {
        let (part, range) = (Arc::clone(&command), start..count.min(start + SEATS_A_COMMIT));
        store.write(move |set| write_part(set.connection(), &part, range.clone())).await?;
    }
    store.writer().run_work(move |set| finish(set, &command, &checked)).await
}

fn create_at_once(set: &mut WorkingSet<'_>, command: &CreateEvent, checked: &CheckedCreation) -> Outcome {
    let is_taken = is_taken(set, command)?;
    let created = make(set.connection(), checked, is_taken)?;
    if !created.replayed {
        write_seats(set.connection(), command, 0..command.event.seats.len())?;
        write_event(set.connection(), command)?;
    }
    Ok(created)
}

/// Records that the event is being created; returns what an earlier call with its key created.
fn begin(
    set: &mut WorkingSet<'_>,
    command: &CreateEvent,
    checked: &CheckedCreation,
) -> Result<Option<Created>, CommandError<CreateRefused>> {
    let is_taken = is_taken(set, command)?;
    let connection = set.connection();
    let remembered = load::creation(connection, checked.key)?;
    match create(checked, remembered.as_ref(), is_taken)? {
        CreationVerdict::Replay(id) => Ok(Some(Created { id, replayed: true })),
        CreationVerdict::Make(_) => {
            let sql = "INSERT INTO partial_events (event, at) VALUES (?1, ?2)";
            write::run(connection, sql, (checked.id, command.now.as_micros()))?;
            Ok(None)
        }
    }
}

fn write_part(connection: &Connection, command: &CreateEvent, part: Range<usize>) -> Result<(), StoreError> {
    let sql = "SELECT 1 FROM partial_events WHERE event = ?1 AND at = ?2";
    if !load::exists(connection, sql, (command.event.event.id.as_uuid(), command.now.as_micros()))? {
        return Err(removed());
    }
    write_seats(connection, command, part)
}

/// Makes the event of the seats that were written; if its key was used meanwhile, they are deleted later.
fn finish(set: &mut WorkingSet<'_>, command: &CreateEvent, checked: &CheckedCreation) -> Outcome {
    let connection = set.connection();
    let begun = (checked.id, command.now.as_micros());
    let sql = "UPDATE partial_events SET at = ?3 WHERE event = ?1 AND at = ?2";
    if write::run(connection, sql, (begun.0, begun.1, TO_DELETE))? == 0 {
        return Err(removed().into());
    }
    let is_taken = set.open_event(command.event.event.id)? || has_ticket_type(connection, command)?;
    let created = make(connection, checked, is_taken)?;
    if !created.replayed {
        write::run(connection, "DELETE FROM partial_events WHERE event = ?1", [begun.0])?;
        write_event(connection, command)?;
    }
    Ok(created)
}

fn is_taken(set: &mut WorkingSet<'_>, command: &CreateEvent) -> Result<bool, StoreError> {
    let (connection, id) = (set.connection(), command.event.event.id);
    let sql = "SELECT 1 FROM partial_events WHERE event = ?1";
    Ok(set.open_event(id)?
        || load::exists(connection, sql, [id.as_uuid()])?
        || has_ticket_type(connection, command)?)
}

fn has_ticket_type(connection: &Connection, command: &CreateEvent) -> Result<bool, StoreError> {
    for row in &command.event.ticket_types {
        if reads::event_of_ticket_type(connection, row.id)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn write_event(connection: &Connection, command: &CreateEvent) -> Result<(), StoreError> {
    let new = &command.event;
    let map_version = new.seats.iter().map(|seat| seat.map_version).max().unwrap_or_default();
    write::new_event(connection, &new.event, map_version, any_left(&new.ticket_types))?;
    new.ticket_types.iter().try_for_each(|ticket_type| write::new_ticket_type(connection, ticket_type))
}

fn write_seats(connection: &Connection, command: &CreateEvent, part: Range<usize>) -> Result<(), StoreError> {
    let seats = command.event.seats.get(part.clone()).unwrap_or_default();
    for (position, seat) in part.zip(seats) {
        write::new_seat(connection, u32::try_from(position).unwrap_or(u32::MAX), seat)?;
    }
    Ok(())
}

/// Decides whether an object is created, and stores the record of the creation under its key.
pub(crate) fn make(connection: &Connection, checked: &CheckedCreation, is_taken: bool) -> Outcome {
    let remembered = load::creation(connection, checked.key)?;
    match create(checked, remembered.as_ref(), is_taken)? {
        CreationVerdict::Replay(id) => Ok(Created { id, replayed: true }),
        CreationVerdict::Make(record) => {
            write::creation(connection, checked.key, &record)?;
            Ok(Created { id: record.made, replayed: false })
        }
    }
}

/// Deletes an event at once, and its seats afterwards in parts.
pub(crate) async fn delete_event(store: &SqliteStore, id: EventId) -> Result<(), CommandError<EditRefused>> {
    store.writer().run_work(move |set| delete_row(set, id)).await?;
    // Only what is to be deleted is before this moment.
    let before = Timestamp::from_micros(TO_DELETE + 1);
    // The event is gone; if this fails, the job deletes its seats.
    while matches!(remove_leftovers(store, before, SEATS_A_COMMIT).await, Ok(1..)) {}
    Ok(())
}

fn delete_row(set: &mut WorkingSet<'_>, id: EventId) -> Result<(), CommandError<EditRefused>> {
    if !set.open_event(id)? {
        return Err(CommandError::Refused(EditRefused::EventNotFound));
    }
    refuse_archived(set.snapshot(id)?.event())?;
    let connection = set.connection();
    let event = [id.as_uuid()];
    if load::exists(connection, "SELECT 1 FROM reservations WHERE event = ?1 LIMIT 1", event)? {
        return Err(CommandError::Refused(EditRefused::HasReservations));
    }
    set.close(id);
    write::remove_search(connection, id)?;
    write::run(connection, "DELETE FROM call_offs WHERE event = ?1", event)?;
    write::run(connection, "DELETE FROM events WHERE id = ?1", event)?;
    let sql = "INSERT INTO partial_events (event, at) VALUES (?1, ?2)";
    write::run(connection, sql, (id.as_uuid(), TO_DELETE))?;
    Ok(())
}

/// Deletes seats that belong to no event, and returns how many.
pub(crate) async fn remove_leftovers(
    store: &SqliteStore,
    before: Timestamp,
    limit: usize,
) -> Result<usize, StoreError> {
    // Most rounds find nothing, so a read comes first: it does not delay the writer.
    let find = move |connection: &Connection| {
        let sql = "SELECT event FROM partial_events WHERE at < ?1 ORDER BY at LIMIT 1";
        load::one(connection, sql, [before.as_micros()], first::<Uuid>)
    };
    let mut removed = 0;
    while removed < limit
        && let Some(event) = store.read(find).await?
    {
        let most = SEATS_A_COMMIT.min(limit - removed);
        removed += store.write(move |set| remove_of(set.connection(), event, before, most)).await?;
    }
    Ok(removed)
}

fn remove_of(
    connection: &Connection,
    event: Uuid,
    before: Timestamp,
    most: usize,
) -> Result<usize, StoreError> {
    let sql = "UPDATE partial_events SET at = ?3 WHERE event = ?1 AND at < ?2";
    if write::run(connection, sql, (event, before.as_micros(), TO_DELETE))? == 0 {
        return Ok(0);
    }
    let sql = "DELETE FROM seats WHERE event = ?1 \
        AND id IN (SELECT id FROM seats WHERE event = ?1 LIMIT ?2)";
    let removed = write::run(connection, sql, (event, i64::try_from(most).unwrap_or(i64::MAX)))?;
    if removed < most {
        write::run(connection, "DELETE FROM partial_events WHERE event = ?1", [event])?;
    }
    Ok(removed)
}

fn removed() -> StoreError {
    StoreError::new(
        StoreErrorKind::Contention,
        "the event took too long to create, and its seats were removed",
    )
}
