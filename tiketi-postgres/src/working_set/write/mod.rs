//! Statements that write the changes of a batch: one for each table.

mod catalog;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use tiketi_core::decide::{CommandRecord, Scope, Snapshot, any_left};
use tiketi_core::{
    CommandKey, EventId, FactBody, Payment, PaymentId, Reservation, ReservationId, SeatId, StoreError,
    TicketType, TicketTypeId, Timestamp,
};
use tiketi_sql::{
    CommandRow, Part, PaymentRow, ReservationRow, Row as _, SeatRow, TableRow, TicketTypeRow, fact_text,
    stored,
};
use uuid::Uuid;

use crate::sql::row::Row;
use crate::sql::session::Session;
use crate::sql::statement::{Arrays, Guard, RowStatement, Statement};
use crate::sql::{creation_records, event_list};
use crate::working_set::WorkingSet;
use crate::working_set::load::Places;

pub(crate) use catalog::{new_event, new_seats, new_ticket_types};

static UPDATE_RESERVATIONS: LazyLock<RowStatement> =
    LazyLock::new(|| RowStatement::update_of_event::<ReservationRow<'_>>(&[Part::Changing], Guard::Version));
static INSERT_RESERVATIONS: LazyLock<RowStatement> =
    LazyLock::new(RowStatement::insert_of_event::<ReservationRow<'_>>);
static UPDATE_PAYMENTS: LazyLock<RowStatement> =
    LazyLock::new(|| RowStatement::update_of_event::<PaymentRow<'_>>(&[Part::Changing], Guard::Version));
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

/// Updates seats that have the expected versions, stocks, and the event. Returns how many seats and stocks were
/// updated, and the places of the written rows. Stocks and the event are found by their places; see [`Places`].
struct WriteRevision {
    sql: String,
    seats: Arrays,
    stocks: Arrays,
}

static WRITE_REVISION: LazyLock<WriteRevision> = LazyLock::new(|| {
    let seats = Arrays::of::<SeatRow<'_>>(&[Part::Key, Part::Changing], 6, Guard::Version);
    let stocks = Arrays::of::<TicketTypeRow<'_>>(&[Part::Key, Part::Counted], seats.next, Guard::None);
    let update_seats = seats.update(SeatRow::TABLE);
    let update_stocks = stocks.update_at(TicketTypeRow::TABLE, "$4");
    let sql = format!(
        "WITH seats AS ({update_seats} RETURNING 1), \
        stocks AS ({update_stocks} RETURNING kept.id, kept.ctid::text AS place) \
        UPDATE tiketi.events SET revision = revision + 1, map_version = $2, any_left = $5 WHERE ctid = $3::text::tid AND id = $1 \
        RETURNING (SELECT count(*) FROM seats) AS seats, ctid::text AS place, \
            (SELECT coalesce(array_agg(id ORDER BY id), '{{}}') FROM stocks) AS stocks, \
            (SELECT coalesce(array_agg(place ORDER BY id), '{{}}') FROM stocks) AS places"
    );
    WriteRevision { sql, seats, stocks }
});

/// Writes all changes of a batch.
///
/// Updates come before inserts: an ended reservation makes room for its buyer's next one. Of the facts,
/// only those that a subscriber wants are written.
pub(crate) async fn all(
    session: &mut Session,
    event: EventId,
    set: &WorkingSet,
    new_facts: &[(Timestamp, FactBody)],
    places: &mut Places,
) -> Result<(), StoreError> {
    let writes = set.writes();
    let Some(snapshot) = set.snapshot() else {
        return catalog::delete_event(session, event).await;
    };
    if writes.deleted {
        return Err(StoreError::corrupt("an event is deleted and here"));
    }
    reservations(session, event, snapshot, &writes.reservations).await?;
    payments(session, event, snapshot, &writes.payments).await?;
    catalog::remove_ticket_types(session, event, &writes.removed_ticket_types).await?;
    let (added, edited) = (&writes.new_ticket_types, &writes.edited_ticket_types);
    new_ticket_types(session, event, &of(snapshot, added)?).await?;
    let edited: BTreeSet<_> = edited.difference(added).copied().collect();
    catalog::edit_ticket_types(session, event, &of(snapshot, &edited)?).await?;
    let counted = writes.stock.iter().filter(|id| !added.contains(id) && !edited.contains(id));
    let counted = of(snapshot, counted)?;
    commands(session, event, &writes.commands).await?;
    for (key, record) in &writes.creations {
        creation_records::remember(session, *key, record).await?;
    }
    let saved = new_facts.iter().filter(|(_, body)| set.wanted().contains(body.kind()));
    facts(session, event, &saved.collect::<Vec<_>>()).await?;
    if writes.event {
        places.event = catalog::details(session, snapshot).await?;
    }
    if writes.search {
        event_list::write_search(session, snapshot.event()).await?;
    }
    take_revision(session, event, snapshot, &writes.seats, &counted, places).await
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

    /// Writes the updates, and then the inserts.
    async fn write(
        self,
        session: &mut Session,
        event: EventId,
        update: &'static RowStatement,
        insert: &'static RowStatement,
    ) -> Result<(), StoreError> {
        if !self.known.is_empty() {
            let statement = session.query(update.sql()).bind(event.as_uuid());
            let statement = update.bind_all(statement, &self.known).bind(self.before);
            run(session, statement, self.known.len()).await?;
        }
        insert_all(session, event, insert, &self.new).await
    }
}

async fn insert_all<R: TableRow>(
    session: &mut Session,
    event: EventId,
    insert: &'static RowStatement,
    new: &[R],
) -> Result<(), StoreError> {
    if new.is_empty() {
        return Ok(());
    }
    let statement = insert.bind_all(session.query(insert.sql()).bind(event.as_uuid()), new);
    run(session, statement, new.len()).await
}

/// Writes reservations.
async fn reservations(
    session: &mut Session,
    event: EventId,
    snapshot: &Snapshot,
    writes: &BTreeMap<ReservationId, u64>,
) -> Result<(), StoreError> {
    let mut written = Written::new();
    for (id, before) in writes {
        let row: &Reservation = snapshot.reservation(*id).ok_or_else(gone)?;
        written.add(ReservationRow::of(row)?, *before);
    }
    written.write(session, event, &UPDATE_RESERVATIONS, &INSERT_RESERVATIONS).await
}

/// Writes payments.
async fn payments(
    session: &mut Session,
    event: EventId,
    snapshot: &Snapshot,
    writes: &BTreeMap<PaymentId, u64>,
) -> Result<(), StoreError> {
    let mut written = Written::new();
    for (id, before) in writes {
        let row: &Payment = snapshot.payment(*id).ok_or_else(gone)?;
        written.add(PaymentRow::of(row)?, *before);
    }
    written.write(session, event, &UPDATE_PAYMENTS, &INSERT_PAYMENTS).await
}

/// Inserts the records of applied commands.
async fn commands(
    session: &mut Session,
    event: EventId,
    new: &[(CommandKey, CommandRecord)],
) -> Result<(), StoreError> {
    insert_all(session, event, &INSERT_COMMANDS, &column(new, |(key, record)| CommandRow::of(*key, record)))
        .await
}

/// Adds facts to the outbox, in order.
async fn facts(
    session: &mut Session,
    event: EventId,
    new: &[&(Timestamp, FactBody)],
) -> Result<(), StoreError> {
    if new.is_empty() {
        return Ok(());
    }
    let bodies = new.iter().map(|(_, body)| fact_text(body)).collect::<Result<Vec<_>, _>>()?;
    let statement = session
        .query(INSERT_FACTS)
        .bind(event.as_uuid())
        .bind(column(new, |it| it.0.as_micros()))
        .bind(column(new, |it| it.1.kind().name()))
        .bind(bodies)
        .bind(column(new, |it| it.1.reservation().map(ReservationId::as_uuid)));
    session.execute(statement).await?;
    Ok(())
}

/// Increases an event's revision, and writes the seats and stocks that changed in it.
async fn take_revision(
    session: &mut Session,
    event: EventId,
    snapshot: &Snapshot,
    writes: &BTreeMap<SeatId, u64>,
    stocks: &[&TicketType],
    places: &mut Places,
) -> Result<(), StoreError> {
    let find = |id: &SeatId| snapshot.seat(*id).map(SeatRow::of).ok_or_else(gone);
    let seats = writes.keys().map(find).collect::<Result<Vec<_>, StoreError>>()?;
    let before: Vec<i64> = writes.values().copied().map(stored).collect();
    let stocks = column(stocks, |it| TicketTypeRow::of(it));
    let revision = &*WRITE_REVISION;
    let statement = session
        .query(&revision.sql)
        .bind(event.as_uuid())
        .bind(stored(snapshot.map_version()))
        .bind(places.event.clone())
        .bind(places.of(stocks.iter().map(|it| TicketTypeId::from_uuid(it.id)))?)
        .bind(any_left(snapshot.ticket_types()));
    let statement = revision.seats.bind(statement, &seats).bind(before);
    let statement = revision.stocks.bind(statement, &stocks);
    let row = session.fetch_optional(statement).await?.ok_or_else(|| miscounted("events"))?;
    let row = Row(&row);
    let (counted, lie): (Vec<Uuid>, Vec<String>) = (row.get("stocks")?, row.get("places")?);
    if usize::try_from(row.int("seats")?) != Ok(seats.len()) || counted.len() != stocks.len() {
        return Err(miscounted("seats or stocks"));
    }
    row.text("place")?.clone_into(&mut places.event);
    places.ticket_types.extend(counted.into_iter().map(TicketTypeId::from_uuid).zip(lie));
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
