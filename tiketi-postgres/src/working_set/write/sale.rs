//! Reservations, payments, records of commands, and facts.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use tiketi_core::decide::{CommandRecord, Scope, Snapshot};
use tiketi_core::{
    CommandKey, EventId, FactBody, Payment, PaymentId, Reservation, ReservationId, StoreError, Timestamp,
};
use tiketi_sql::{CommandRow, Part, PaymentRow, ReservationRow, TableRow, fact_text, stored};

use super::{column, gone, run};
use crate::sql::session::Session;
use crate::sql::statement::{Guard, RowStatement};

static UPDATE_RESERVATIONS: LazyLock<RowStatement> =
    LazyLock::new(|| RowStatement::update_of_event::<ReservationRow<'_>>(&[Part::Changing], Guard::Version));
static INSERT_RESERVATIONS: LazyLock<RowStatement> =
    LazyLock::new(RowStatement::insert_of_event::<ReservationRow<'_>>);
static UPDATE_PAYMENTS: LazyLock<RowStatement> =
    LazyLock::new(|| RowStatement::update_of_event::<PaymentRow<'_>>(&[Part::Changing], Guard::Version));
static INSERT_PAYMENTS: LazyLock<RowStatement> =
    LazyLock::new(RowStatement::insert_of_event::<PaymentRow<'_>>);
static INSERT_COMMANDS: LazyLock<RowStatement> = LazyLock::new(RowStatement::insert_of_event::<CommandRow>);
/// Facts are numbered in their order, under the lock of their event: later ones of it have greater numbers.
const INSERT_FACTS: &str = "INSERT INTO tiketi.outbox (id, event, at, body, reservation) \
    SELECT nextval('tiketi.facts'), $1, n.at, n.body, n.reservation \
    FROM unnest($2::bigint[], $3::text[], $4::uuid[]) AS n (at, body, reservation)";

/// Rows to write: those that are new, and those that were there, with the versions they had.
struct Written<R> {
    new: Vec<R>,
    known: Vec<R>,
    before: Vec<i64>,
}

impl<R: TableRow> Written<R> {
    fn new() -> Self {
        Self { new: Vec::new(), known: Vec::new(), before: Vec::new() }
    }

    /// Adds a row with the version it had; 0 for a new one.
    fn add(&mut self, row: R, before: u64) {
        if before == 0 {
            self.new.push(row);
        } else {
            self.known.push(row);
            self.before.push(stored(before));
        }
    }

    /// Writes what was there, and then what is new.
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
pub(super) async fn reservations(
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
pub(super) async fn payments(
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

/// Remembers commands that took effect.
pub(super) async fn commands(
    session: &mut Session,
    event: EventId,
    new: &[(CommandKey, CommandRecord)],
) -> Result<(), StoreError> {
    insert_all(session, event, &INSERT_COMMANDS, &column(new, |(key, record)| CommandRow::of(*key, record)))
        .await
}

/// Puts facts into the outbox, in their order.
pub(super) async fn facts(
    session: &mut Session,
    event: EventId,
    new: &[(Timestamp, FactBody)],
) -> Result<(), StoreError> {
    if new.is_empty() {
        return Ok(());
    }
    let bodies = new.iter().map(|(_, body)| fact_text(body)).collect::<Result<Vec<_>, _>>()?;
    let statement = session
        .query(INSERT_FACTS)
        .bind(event.as_uuid())
        .bind(column(new, |it| it.0.as_micros()))
        .bind(bodies)
        .bind(column(new, |it| it.1.reservation().map(ReservationId::as_uuid)));
    run(session, statement, new.len()).await
}
