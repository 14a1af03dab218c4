//! Creates events and layouts.
//!
//! A layout, and everything of an event but its seats, is written in one transaction with the record of the creation. Many
//! seats are written before, in short transactions: while they are, `partial_events` has the event's id. What is left
//! over after a crash is found by that table.

use std::sync::{Arc, LazyLock};

use tiketi_core::decide::{
    CheckedCreation, CreateEvent, CreateLayout, CreateRefused, Created, CreationVerdict, any_left, create,
};
use tiketi_core::{CommandError, Seat, StoreError, StoreErrorKind, Timestamp, catalog::NewEvent};
use tiketi_sql::{LayoutRow, Row as _};
use uuid::Uuid;

use crate::error::ended;
use crate::queue::retry::retry;
use crate::sql::creation_records::{record, remember, unless_raced};
use crate::sql::row::maybe;
use crate::sql::session::{BEGIN, Pool, Session};
use crate::sql::statement::RowStatement;
use crate::store::PostgresStore;
use crate::working_set::write;

/// Most seats that one transaction inserts or deletes.
const SEATS_A_COMMIT: usize = 1_000;

const BEGIN_CREATION: &str =
    "INSERT INTO tiketi.partial_events (event, at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const LOCK_CREATION: &str = "SELECT 1 FROM tiketi.partial_events WHERE event = $1 AND at = $2 FOR UPDATE";
const END_CREATION: &str = "DELETE FROM tiketi.partial_events WHERE event = $1 AND at = $2";
const LEFT_OVER: &str =
    "SELECT event FROM tiketi.partial_events WHERE at < $1 ORDER BY at LIMIT 1 FOR UPDATE SKIP LOCKED";
const CLAIM_LEFT_OVER: &str = "UPDATE tiketi.partial_events SET at = 0 WHERE event = $1";
const FORGET_LEFT_OVER: &str = "DELETE FROM tiketi.partial_events WHERE event = $1";
const DELETE_SEATS: &str = "DELETE FROM tiketi.seats WHERE event = $1 AND map_version > 0 AND id = ANY(ARRAY(\
    SELECT id FROM tiketi.seats WHERE event = $1 AND map_version > 0 LIMIT $2))";
const EVENT_EXISTS: &str = "SELECT 1 FROM tiketi.events WHERE id = $1 \
    UNION ALL SELECT 1 FROM tiketi.ticket_types WHERE id = ANY($2) \
    UNION ALL SELECT 1 FROM tiketi.partial_events WHERE event = $1 LIMIT 1";
const LAYOUT_EXISTS: &str = "SELECT 1 FROM tiketi.layouts WHERE id = $1";
static INSERT_LAYOUT: LazyLock<RowStatement> =
    LazyLock::new(|| RowStatement::insert::<LayoutRow<'_>>("ON CONFLICT DO NOTHING"));

type Outcome = Result<Created, CommandError<CreateRefused>>;

/// Stores a new event with its ticket types and seats.
///
/// A separate task, so that a caller that drops its future does not stop it.
pub(crate) async fn create_event(store: &PostgresStore, command: CreateEvent) -> Outcome {
    let checked = CheckedCreation::of(&command)?;
    let (store, command) = (store.clone(), Arc::new(command));
    let created = tokio::spawn(async move {
        let (pool, metrics, seats) = (store.database(), store.metrics(), &command.event.seats);
        if seats.len() <= SEATS_A_COMMIT {
            return unless_refused(retry(metrics, || insert_event(pool, &command, &checked, seats)).await);
        }
        if let Some(made) = retry(metrics, || begin(pool, &command, &checked)).await?? {
            return Ok(made);
        }
        for (first, part) in (0..).step_by(SEATS_A_COMMIT).zip(seats.chunks(SEATS_A_COMMIT)) {
            retry(metrics, || insert_part(pool, &command, first, part)).await?;
        }
        let created = unless_refused(retry(metrics, || insert_event(pool, &command, &checked, &[])).await)?;
        count_seats(pool).await;
        Ok(created)
    });
    created.await.map_err(ended)?
}

/// Stores a new layout.
pub(crate) async fn create_layout(store: &PostgresStore, command: CreateLayout) -> Outcome {
    let checked = CheckedCreation::of(&command)?;
    let store = store.clone();
    let created = tokio::spawn(async move {
        let pool = store.database();
        unless_refused(retry(store.metrics(), || insert_layout(pool, &command, &checked)).await)
    });
    created.await.map_err(ended)?
}

/// Returns the outcome of a creation that was retried after failures only.
fn unless_refused(tried: Result<Outcome, StoreError>) -> Outcome {
    tried.unwrap_or_else(|error| Err(error.into()))
}

/// Updates the planner's statistics for a new hall. If this fails or takes too long, autovacuum does it later.
async fn count_seats(pool: &Pool) {
    let _late = pool.execute(pool.query("ANALYZE tiketi.seats")).await;
}

/// Records that an event is being created; returns what an earlier call with its key created.
async fn begin(
    pool: &Pool,
    command: &CreateEvent,
    checked: &CheckedCreation,
) -> Result<Result<Option<Created>, CommandError<CreateRefused>>, StoreError> {
    let mut session = pool.begin_in_task(BEGIN).await?;
    let is_taken = is_taken(&mut session, command).await?;
    let remembered = record(&mut session, checked.key).await?;
    match create(checked, remembered.as_ref(), is_taken) {
        Ok(CreationVerdict::Replay(id)) => return Ok(Ok(Some(Created { id, replayed: true }))),
        Ok(CreationVerdict::Make(_)) => {}
        Err(refused) => return Ok(Err(refused)),
    }
    let begun = session.query(BEGIN_CREATION).bind(checked.id).bind(checked.now.as_micros());
    if session.execute(begun).await? == 0 {
        return Ok(Err(CommandError::Refused(CreateRefused::IdTaken)));
    }
    session.commit().await?;
    Ok(Ok(None))
}

/// Inserts a part of the seats of an event that is being created; `first` is the position of the first one.
async fn insert_part(
    pool: &Pool,
    command: &CreateEvent,
    first: i64,
    seats: &[Seat],
) -> Result<(), StoreError> {
    let mut session = pool.begin_in_task(BEGIN).await?;
    let event = command.event.event.id;
    let begun = session.query(LOCK_CREATION).bind(event.as_uuid()).bind(command.now.as_micros());
    if session.fetch_optional(begun).await?.is_none() {
        return Err(removed());
    }
    write::new_seats(&mut session, event, first, seats).await?;
    session.commit().await
}

/// Inserts an event with these seats; if there are none, its seats were inserted before.
async fn insert_event(
    pool: &Pool,
    command: &CreateEvent,
    checked: &CheckedCreation,
    seats: &[Seat],
) -> Result<Outcome, StoreError> {
    let mut session = pool.begin_in_task(BEGIN).await?;
    let NewEvent { event, ticket_types, seats: all } = &command.event;
    let in_parts = seats.len() < all.len();
    if in_parts {
        let ending = session.query(END_CREATION).bind(checked.id).bind(checked.now.as_micros());
        if session.execute(ending).await? == 0 {
            return Err(removed());
        }
    }
    let is_taken = is_taken(&mut session, command).await?;
    let created = match make(&mut session, checked, is_taken).await {
        Ok(created) if !created.replayed => created,
        Err(CommandError::Store(error)) => return Err(error),
        // The seats that were inserted belong to no event; without a commit, they are deleted when they are old.
        known => return Ok(known),
    };
    let map_version = all.iter().map(|seat| seat.map_version).max().unwrap_or_default();
    write::new_event(&mut session, event, map_version, any_left(ticket_types)).await?;
    write::new_ticket_types(&mut session, event.id, &ticket_types.iter().collect::<Vec<_>>()).await?;
    if !seats.is_empty() {
        write::new_seats(&mut session, event.id, 0, seats).await?;
    }
    session.commit().await?;
    Ok(Ok(created))
}

async fn is_taken(session: &mut Session, command: &CreateEvent) -> Result<bool, StoreError> {
    let NewEvent { event, ticket_types, seats: _ } = &command.event;
    let ids: Vec<Uuid> = ticket_types.iter().map(|it| it.id.as_uuid()).collect();
    let exists = session.query(EVENT_EXISTS).bind(event.id.as_uuid()).bind(ids);
    Ok(session.fetch_optional(exists).await?.is_some())
}

/// Deletes seats that belong to no event, and returns how many.
pub(crate) async fn remove_leftovers(
    store: &PostgresStore,
    before: Timestamp,
    limit: usize,
) -> Result<usize, StoreError> {
    let store = store.clone();
    let removal = tokio::spawn(async move {
        let mut removed = 0;
        while removed < limit {
            let most = SEATS_A_COMMIT.min(limit - removed);
            match retry(store.metrics(), || remove_some(store.database(), before, most)).await? {
                Some(some) => removed += some,
                None => break,
            }
        }
        Ok(removed)
    });
    removal.await.map_err(ended)?
}

/// Deletes some seats of one event; `None` if there is nothing to delete.
async fn remove_some(pool: &Pool, before: Timestamp, most: usize) -> Result<Option<usize>, StoreError> {
    let mut session = pool.begin_in_task(BEGIN).await?;
    let found = session.fetch_optional(session.query(LEFT_OVER).bind(before.as_micros())).await?;
    let Some(event) = maybe(found, |row| row.uuid("event"))? else { return Ok(None) };
    session.execute(session.query(CLAIM_LEFT_OVER).bind(event)).await?;
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let gone = session.execute(session.query(DELETE_SEATS).bind(event).bind(limit)).await?;
    let gone = usize::try_from(gone).unwrap_or(usize::MAX);
    if gone < most {
        session.execute(session.query(FORGET_LEFT_OVER).bind(event)).await?;
    }
    session.commit().await?;
    Ok(Some(gone))
}

fn removed() -> StoreError {
    StoreError::new(
        StoreErrorKind::Unavailable,
        "the event took too long to create, and its seats were removed",
    )
}

async fn insert_layout(
    pool: &Pool,
    command: &CreateLayout,
    checked: &CheckedCreation,
) -> Result<Outcome, StoreError> {
    let mut session = pool.begin_in_task(BEGIN).await?;
    let exists = session.query(LAYOUT_EXISTS).bind(command.layout.id.as_uuid());
    let is_taken = session.fetch_optional(exists).await?.is_some();
    let created = match make(&mut session, checked, is_taken).await {
        Ok(created) if !created.replayed => created,
        Err(CommandError::Store(error)) => return Err(error),
        known => return Ok(known),
    };
    let row = LayoutRow::of(&command.layout)?;
    let insert = INSERT_LAYOUT.bind(session.query(INSERT_LAYOUT.sql()), &row);
    unless_raced(session.execute(insert).await?)?;
    session.commit().await?;
    Ok(Ok(created))
}

/// Decides whether an object is created, and stores the record of the creation under its key.
async fn make(session: &mut Session, checked: &CheckedCreation, is_taken: bool) -> Outcome {
    let key = checked.key;
    let remembered = record(session, key).await?;
    match create(checked, remembered.as_ref(), is_taken)? {
        CreationVerdict::Replay(id) => Ok(Created { id, replayed: true }),
        CreationVerdict::Make(record) => {
            remember(session, key, &record).await?;
            Ok(Created { id: record.made, replayed: false })
        }
    }
}
