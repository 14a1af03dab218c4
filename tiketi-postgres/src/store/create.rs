//! Creates events and layouts: all their rows and the record of the creation, in one transaction.

use std::sync::{Arc, LazyLock};

use tiketi_core::decide::{
    CreateEvent, CreateLayout, CreateRefused, Created, Creation, CreationVerdict, any_left, create,
};
use tiketi_core::{CommandError, StoreError, catalog::NewEvent};
use tiketi_sql::LayoutRow;
use uuid::Uuid;

use crate::error::ended;
use crate::queue::retry::retry;
use crate::sql::creation_records::{record, remember, unless_raced};
use crate::sql::session::{BEGIN, Pool, Session};
use crate::sql::statement::RowStatement;
use crate::store::PostgresStore;
use crate::working_set::write;

/// Most seats that one statement inserts.
const SEATS_A_STATEMENT: usize = 10_000;

/// From this number of seats on, the planner's best plan changes.
const MANY_SEATS: usize = 1_000;

const EVENT_EXISTS: &str = "SELECT 1 FROM tiketi.events WHERE id = $1 \
    UNION ALL SELECT 1 FROM tiketi.ticket_types WHERE id = ANY($2) LIMIT 1";
const LAYOUT_EXISTS: &str = "SELECT 1 FROM tiketi.layouts WHERE id = $1";
static INSERT_LAYOUT: LazyLock<RowStatement> =
    LazyLock::new(|| RowStatement::insert::<LayoutRow<'_>>("ON CONFLICT DO NOTHING"));

type Outcome = Result<Created, CommandError<CreateRefused>>;

/// Stores a new event with its ticket types and seats.
///
/// A separate task, so that a caller that drops its future does not stop it.
pub(crate) async fn create_event(store: &PostgresStore, command: CreateEvent) -> Outcome {
    let (store, command) = (store.clone(), Arc::new(command));
    let created = tokio::spawn(async move {
        let pool = store.database();
        let created = unless_refused(retry(store.metrics(), || insert_event(pool, &command)).await)?;
        if !created.replayed && command.event.seats.len() >= MANY_SEATS {
            count_seats(pool).await;
        }
        Ok(created)
    });
    created.await.map_err(ended)?
}

/// Stores a new layout.
pub(crate) async fn create_layout(store: &PostgresStore, command: CreateLayout) -> Outcome {
    let store = store.clone();
    let created = tokio::spawn(async move {
        let pool = store.database();
        unless_refused(retry(store.metrics(), || insert_layout(pool, &command)).await)
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

async fn insert_event(pool: &Pool, command: &CreateEvent) -> Result<Outcome, StoreError> {
    let mut session = pool.begin_in_task(BEGIN).await?;
    let NewEvent { event, ticket_types, seats } = &command.event;
    let ids: Vec<Uuid> = ticket_types.iter().map(|it| it.id.as_uuid()).collect();
    let exists = session.query(EVENT_EXISTS).bind(event.id.as_uuid()).bind(ids);
    let is_taken = session.fetch_optional(exists).await?.is_some();
    let created = match make(&mut session, command, is_taken).await {
        Ok(created) if !created.replayed => created,
        Err(CommandError::Store(error)) => return Err(error),
        known => return Ok(known),
    };
    let map_version = seats.iter().map(|seat| seat.map_version).max().unwrap_or_default();
    write::new_event(&mut session, event, map_version, any_left(ticket_types)).await?;
    write::new_ticket_types(&mut session, event.id, &ticket_types.iter().collect::<Vec<_>>()).await?;
    let firsts = (0..).step_by(SEATS_A_STATEMENT);
    for (first, seats) in firsts.zip(seats.chunks(SEATS_A_STATEMENT)) {
        write::new_seats(&mut session, event.id, first, seats).await?;
    }
    session.commit().await?;
    Ok(Ok(created))
}

async fn insert_layout(pool: &Pool, command: &CreateLayout) -> Result<Outcome, StoreError> {
    let mut session = pool.begin_in_task(BEGIN).await?;
    let exists = session.query(LAYOUT_EXISTS).bind(command.layout.id.as_uuid());
    let is_taken = session.fetch_optional(exists).await?.is_some();
    let created = match make(&mut session, command, is_taken).await {
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
async fn make<C: Creation>(session: &mut Session, command: &C, is_taken: bool) -> Outcome {
    let key = command.key();
    let remembered = record(session, key).await?;
    match create(command, remembered.as_ref(), is_taken)? {
        CreationVerdict::Replay(id) => Ok(Created { id, replayed: true }),
        CreationVerdict::Make(record) => {
            remember(session, key, &record).await?;
            Ok(Created { id: record.made, replayed: false })
        }
    }
}
