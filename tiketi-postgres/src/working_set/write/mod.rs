//! Statements that write the changes of a batch: one for all updates, and one for the new rows of each table.

mod catalog;
mod changes;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use tiketi_core::decide::{Scope, Snapshot};
use tiketi_core::{
    EventId, FactBody, Payment, Reservation, ReservationId, StoreError, TicketType, TicketTypeId, Timestamp,
};
use tiketi_sql::{CommandRow, PaymentRow, ReservationRow, TableRow, fact_text, stored};

use crate::sql::session::Session;
use crate::sql::statement::{RowStatement, Statement};
use crate::sql::{creation_records, event_list};
use crate::working_set::WorkingSet;
use crate::working_set::load::Places;
use crate::working_set::write::changes::Changes;

pub(crate) use catalog::{new_event, new_seats, new_ticket_types};

static INSERT_RESERVATIONS: LazyLock<RowStatement> =
    LazyLock::new(RowStatement::insert_of_event::<ReservationRow<'_>>);
static INSERT_PAYMENTS: LazyLock<RowStatement> =
    LazyLock::new(RowStatement::insert_of_event::<PaymentRow<'_>>);
static INSERT_COMMANDS: LazyLock<RowStatement> = LazyLock::new(RowStatement::insert_of_event::<CommandRow>);
/// Facts are numbered in order, under the lock of their event: a later fact of the event has a greater number.
///
/// The statement reads the subscribers itself, so that no server needs a notification of a new one.
const INSERT_FACTS: &str = "WITH fact AS MATERIALIZED (SELECT nextval('tiketi.facts') AS id, n.* \
        FROM unnest($2::bigint[], $3::text[], $4::text[], $5::uuid[]) AS n (at, kind, body, reservation)) \
    INSERT INTO tiketi.outbox (subscriber, id, event, at, tries, body, reservation) \
    SELECT subscriber.id, fact.id, $1, fact.at, 0, fact.body, fact.reservation \
    FROM tiketi.subscribers AS subscriber \
    JOIN fact ON fact.kind = ANY (string_to_array(subscriber.kinds, ' ')) WHERE subscriber.removed_at IS NULL";

/// What a batch writes, encoded as the statements that write it.
///
/// It needs none of the rows any more, so that the next batch can change them.
pub(crate) struct Encoded {
    changes: Changes,
    /// New rows, each statement with their number.
    new: Vec<(Statement<'static>, usize)>,
    facts: Option<Statement<'static>>,
}

impl Encoded {
    /// Encodes the changes of sales; [`catalog()`] writes those of the catalogue. Of the facts, only those that a
    /// subscriber wants are written.
    pub(crate) fn of(
        session: &Session,
        event: EventId,
        revision: i64,
        set: &WorkingSet,
        facts: &[(Timestamp, FactBody)],
    ) -> Result<Self, StoreError> {
        let (writes, snapshot) = (set.writes(), set.snapshot().ok_or_else(gone)?);
        let (mut reservations, mut payments) = (Written::new(), Written::new());
        for (id, before) in &writes.reservations {
            let row: &Reservation = snapshot.reservation(*id).ok_or_else(gone)?;
            reservations.add(ReservationRow::of(row)?, *before);
        }
        for (id, before) in &writes.payments {
            let row: &Payment = snapshot.payment(*id).ok_or_else(gone)?;
            payments.add(PaymentRow::of(row)?, *before);
        }
        let commands = column(&writes.commands, |(key, record)| CommandRow::of(*key, record));
        let mut new = Vec::new();
        insert_all(session, event, &INSERT_RESERVATIONS, &reservations.new, &mut new);
        insert_all(session, event, &INSERT_PAYMENTS, &payments.new, &mut new);
        insert_all(session, event, &INSERT_COMMANDS, &commands, &mut new);
        let saved = facts.iter().filter(|(_, body)| set.wanted().contains(body.kind()));
        let facts = self::facts(session, event, &saved.collect::<Vec<_>>())?;
        let changes = Changes::of(session, event, revision, set, &reservations, &payments)?;
        Ok(Self { changes, new, facts })
    }

    /// Writes everything, and updates the places; returns false if the event has another revision by now.
    ///
    /// The event's row comes first: nothing is written before it is locked. Updates come before inserts: an ended
    /// reservation makes room for its buyer's next one.
    pub(crate) async fn write(self, session: &mut Session, places: &mut Places) -> Result<bool, StoreError> {
        if !self.changes.write(session, places).await? {
            return Ok(false);
        }
        for (statement, rows) in self.new {
            run(session, statement, rows).await?;
        }
        if let Some(facts) = self.facts {
            session.execute(facts).await?;
        }
        Ok(true)
    }
}

/// Rows to write: new ones, and existing ones with the versions before the batch.
struct Written<R> {
    new: Vec<R>,
    known: Vec<R>,
    before: Vec<i64>,
}

impl<R: TableRow> Written<R> {
    fn new() -> Self {
        Self { new: Vec::new(), known: Vec::new(), before: Vec::new() }
    }

    /// Adds a row with the version before the batch; 0 for a new one.
    fn add(&mut self, row: R, before: u64) {
        if before == 0 {
            self.new.push(row);
        } else {
            self.known.push(row);
            self.before.push(stored(before));
        }
    }
}

fn insert_all<R: TableRow>(
    session: &Session,
    event: EventId,
    insert: &'static RowStatement,
    rows: &[R],
    all: &mut Vec<(Statement<'static>, usize)>,
) {
    if !rows.is_empty() {
        let statement = session.query(insert.sql()).bind(event.as_uuid());
        all.push((insert.bind_all(statement, rows), rows.len()));
    }
}

/// Adds facts to the outbox, in order.
fn facts(
    session: &Session,
    event: EventId,
    new: &[&(Timestamp, FactBody)],
) -> Result<Option<Statement<'static>>, StoreError> {
    if new.is_empty() {
        return Ok(None);
    }
    let bodies = new.iter().map(|(_, body)| fact_text(body)).collect::<Result<Vec<_>, _>>()?;
    let statement = session
        .query(INSERT_FACTS)
        .bind(event.as_uuid())
        .bind(column(new, |it| it.0.as_micros()))
        .bind(column(new, |it| it.1.kind().name()))
        .bind(bodies)
        .bind(column(new, |it| it.1.reservation().map(ReservationId::as_uuid)));
    Ok(Some(statement))
}

/// Writes what batches of the organiser change, under the event's lock: ticket types, details, and that the event is
/// deleted.
pub(crate) async fn catalog(
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
    catalog::remove_ticket_types(session, event, &writes.removed_ticket_types).await?;
    let (added, edited) = (&writes.new_ticket_types, &writes.edited_ticket_types);
    new_ticket_types(session, event, &of(snapshot, added)?).await?;
    let edited: BTreeSet<_> = edited.difference(added).copied().collect();
    catalog::edit_ticket_types(session, event, &of(snapshot, &edited)?).await?;
    for (key, record) in &writes.creations {
        creation_records::remember(session, *key, record).await?;
    }
    if writes.event {
        places.event = catalog::details(session, snapshot).await?;
    }
    if writes.search {
        event_list::write_search(session, snapshot.event()).await?;
    }
    Ok(())
}

/// Finds ticket types that were changed, and so are loaded.
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

/// Returns the error of rows that another writer has changed.
fn miscounted(what: &str) -> StoreError {
    StoreError::corrupt(format!("a write changed more or fewer {what} than were read"))
}

/// Returns the error of a changed row that is not loaded.
fn gone() -> StoreError {
    StoreError::corrupt("a row was changed and is gone")
}

/// Runs a statement, and fails unless it changes exactly this many rows.
async fn run(session: &mut Session, statement: Statement<'_>, rows: usize) -> Result<(), StoreError> {
    let writes = session.execute(statement).await?;
    if writes == rows as u64 { Ok(()) } else { Err(miscounted("rows")) }
}
