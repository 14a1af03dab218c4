//! Figures: tallies by day, and what each reservation adds to them.

use std::sync::LazyLock;

use async_trait::async_trait;
use rusqlite::Connection;
use tiketi_core::figures::{
    CountProgress, Counted, DayRange, FigureCount, FigureKey, FigureSource, Tally, TallyDetail, replace,
};
use tiketi_core::payment::{Payment, RefundTickets};
use tiketi_core::store::{FigureQuery, FigureRows, FiguresStore};
use tiketi_core::{EventId, Reservation, ReservationId, SeatId, StoreError, TicketTypeId, Timestamp};
use tiketi_sql::{
    FigureCountRow, FigureRow, FigureSourceRow, Part, PaymentRow, ReservationRow, columns, key_columns,
    progress_columns, stored,
};
use uuid::Uuid;

use crate::load::{all, one};
use crate::row::first;
use crate::statement::{Guard, Statement};
use crate::store::SqliteStore;
use crate::write;

static INSERT_COUNT: LazyLock<Statement> = LazyLock::new(|| Statement::insert::<FigureCountRow<'_>>(""));
static INSERT_SOURCE: LazyLock<Statement> = LazyLock::new(|| Statement::insert::<FigureSourceRow<'_>>(""));
static UPDATE_SOURCE: LazyLock<Statement> =
    LazyLock::new(|| Statement::update::<FigureSourceRow<'_>>(&[Part::Changing], Guard::None));
static INSERT_TALLY: LazyLock<Statement> = LazyLock::new(|| Statement::insert::<FigureRow<'_>>(""));
static UPDATE_TALLY: LazyLock<Statement> =
    LazyLock::new(|| Statement::update::<FigureRow<'_>>(&[Part::Changing], Guard::None));
const LATEST: &str =
    concat!("SELECT ", columns!(figure_count), " FROM figure_counts ORDER BY number DESC LIMIT 2");
const PROGRESS: &str = "UPDATE figure_counts SET complete = ?3, \
    counted_to = CASE WHEN ?3 THEN NULL ELSE max(coalesce(counted_to, ?2), ?2) END \
    WHERE number = ?1 AND NOT complete";
const RESERVATION: &str = concat!("SELECT ", columns!(reservation), " FROM reservations WHERE id = ?1");
const RESERVATIONS_AFTER: &str = concat!(
    "SELECT ",
    columns!(reservation),
    " FROM reservations WHERE ?1 IS NULL OR id > ?1 ORDER BY id LIMIT ?2"
);
const PAYMENTS: &str =
    concat!("SELECT ", columns!(payment), " FROM payments WHERE reservation = ?1 ORDER BY id");
const SOURCE: &str = concat!(
    "SELECT ",
    columns!(figure_source),
    " FROM figure_sources WHERE number = ?1 AND reservation = ?2"
);
const TALLY: &str =
    concat!("SELECT ", columns!(figure), " FROM figures WHERE number = ?1 AND scope = ?2 AND day = ?3");
const TALLIES: &str = concat!(
    "SELECT ",
    columns!(figure),
    " FROM figures WHERE number = ?1 AND scope = ?2 AND day BETWEEN ?3 AND ?4"
);
/// The shop itself is among them, so one more is read. Those of equal rank may be cut by the limit in any order.
const BUSIEST: &str = concat!(
    "SELECT ",
    columns!(figure),
    " FROM figures WHERE number = ?1 AND day = ?2 AND tickets_sold > 0 ORDER BY tickets_sold DESC, scope LIMIT ?3"
);
const OLDEST: &str = "SELECT at FROM outbox WHERE subscriber = \
    (SELECT id FROM subscribers WHERE name = ?1 AND removed_at IS NULL) ORDER BY id LIMIT 1";
const READ: &str = "SELECT max(number) FROM figure_counts WHERE complete";
const FORGET_SOURCES: &str = "DELETE FROM figure_sources WHERE (number, reservation) IN \
    (SELECT number, reservation FROM figure_sources WHERE number < ?1 LIMIT ?2)";
const FORGET_TALLIES: &str = "DELETE FROM figures WHERE (number, scope, day) IN \
    (SELECT number, scope, day FROM figures WHERE number < ?1 LIMIT ?2)";

#[async_trait]
impl FiguresStore for SqliteStore {
    async fn figure_counts(&self) -> Result<Vec<FigureCount>, StoreError> {
        self.read(latest).await
    }

    async fn begin_figures(&self, count: &FigureCount) -> Result<bool, StoreError> {
        let count = count.clone();
        self.write(move |set| {
            let connection = set.connection();
            let newest = latest(connection)?.first().map_or(0, |newest| newest.number);
            if newest.checked_add(1) != Some(count.number) {
                return Ok(false);
            }
            INSERT_COUNT.run_one(connection, &FigureCountRow::of(&count)).map(|()| true)
        })
        .await
    }

    async fn figures_progressed(&self, number: u64, progress: CountProgress) -> Result<(), StoreError> {
        let (to, complete) = progress_columns(progress);
        self.write(move |set| {
            write::run(set.connection(), PROGRESS, (stored(number), to, complete)).map(drop)
        })
        .await
    }

    async fn figure_sources(&self, ids: &[ReservationId]) -> Result<Vec<FigureSource>, StoreError> {
        let ids = ids.to_vec();
        self.read(move |connection| {
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                let read = |row: &crate::row::Row<'_, '_>| ReservationRow::read(row)?.reservation();
                if let Some(reservation) = one(connection, RESERVATION, [id.as_uuid()], read)? {
                    found.push(source(connection, reservation)?);
                }
            }
            Ok(found)
        })
        .await
    }

    async fn figure_sources_after(
        &self,
        after: Option<ReservationId>,
        limit: usize,
    ) -> Result<Vec<FigureSource>, StoreError> {
        let values = (after.map(ReservationId::as_uuid), i64::try_from(limit).unwrap_or(i64::MAX));
        self.read(move |connection| {
            let read = |row: &crate::row::Row<'_, '_>| ReservationRow::read(row)?.reservation();
            let page = all(connection, RESERVATIONS_AFTER, values, read)?;
            page.into_iter().map(|reservation| source(connection, reservation)).collect()
        })
        .await
    }

    async fn replace_figures(&self, number: u64, counted: Vec<Counted>) -> Result<bool, StoreError> {
        self.write(move |set| write_counted(set.connection(), number, counted.clone())).await
    }

    async fn figures(&self, query: &FigureQuery) -> Result<FigureRows, StoreError> {
        let query = query.clone();
        self.read(move |connection| figures(connection, &query)).await
    }

    async fn forget_figures(&self, limit: u32) -> Result<u64, StoreError> {
        self.write(move |set| {
            let connection = set.connection();
            let Some(read) = one(connection, READ, (), first::<Option<i64>>)?.flatten() else { return Ok(0) };
            let sources = write::run(connection, FORGET_SOURCES, (read, limit))?;
            let tallies = write::run(connection, FORGET_TALLIES, (read, limit))?;
            if sources + tallies == 0 {
                write::run(connection, "DELETE FROM figure_counts WHERE number < ?1", [read])?;
            }
            Ok((sources + tallies) as u64)
        })
        .await
    }
}

fn latest(connection: &Connection) -> Result<Vec<FigureCount>, StoreError> {
    all(connection, LATEST, (), |row| FigureCountRow::read(row)?.count())
}

/// Reads the other rows of a reservation.
fn source(connection: &Connection, reservation: Reservation) -> Result<FigureSource, StoreError> {
    let id = [reservation.id.as_uuid()];
    let payments = all(connection, PAYMENTS, id, |row| PaymentRow::read(row)?.payment())?;
    let mut returned_seats = Vec::new();
    let sql = "SELECT ticket_type FROM seats WHERE event = ?1 AND id = ?2";
    for seat in seats_back(&payments) {
        let values = (reservation.event.as_uuid(), seat.as_uuid());
        if let Some(ticket_type) = one(connection, sql, values, first::<Uuid>)? {
            returned_seats.push((seat, TicketTypeId::from_uuid(ticket_type)));
        }
    }
    Ok(FigureSource { reservation, payments, returned_seats })
}

fn seats_back(payments: &[Payment]) -> impl Iterator<Item = SeatId> {
    let refunds = payments.iter().flat_map(|payment| &payment.refunds);
    let seats = refunds.filter_map(|refund| match &refund.tickets {
        RefundTickets::Returned(returned) => Some(&returned.seats),
        RefundTickets::None | RefundTickets::Kept | RefundTickets::Unstated => None,
    });
    seats.flatten().copied()
}

fn write_counted(connection: &Connection, number: u64, new: Vec<Counted>) -> Result<bool, StoreError> {
    if latest(connection)?.first().map(|newest| newest.number) != Some(number) {
        return Ok(false);
    }
    let mut known = Vec::new();
    for counted in &new {
        let values = (stored(number), counted.reservation.as_uuid());
        known.extend(one(connection, SOURCE, values, |row| FigureSourceRow::read(row)?.counted())?);
    }
    let change = replace(known, new);
    for counted in &change.counted {
        let row = FigureSourceRow::of(number, counted)?;
        if UPDATE_SOURCE.run(connection, &row)? == 0 {
            INSERT_SOURCE.run_one(connection, &row)?;
        }
    }
    for (key, sum) in change.sums {
        let (scope, day) = key_columns(key);
        let known = one(connection, TALLY, (stored(number), scope, day), |row| {
            FigureRow::read(row)?.tally(TallyDetail::Full)
        })?;
        let is_new = known.is_none();
        let mut tally = known.map(|(_, tally)| tally).unwrap_or_default();
        tally.add(&sum);
        let row = FigureRow::of(number, key, &tally)?;
        if is_new {
            INSERT_TALLY.run_one(connection, &row)?;
        } else {
            UPDATE_TALLY.run_one(connection, &row)?;
        }
    }
    Ok(true)
}

fn figures(connection: &Connection, query: &FigureQuery) -> Result<FigureRows, StoreError> {
    let oldest = one(connection, OLDEST, [query.subscriber.as_str()], first::<i64>)?;
    let mut rows = FigureRows {
        counts: latest(connection)?,
        uncounted_since: oldest.map(Timestamp::from_micros),
        ..FigureRows::default()
    };
    let read = rows.counts.iter().find(|count| count.progress == CountProgress::Complete);
    let Some(number) = read.map(|count| stored(count.number)) else { return Ok(rows) };
    for (event, range) in &query.days {
        rows.tallies.extend(of_days(connection, number, *event, *range, query.detail)?);
    }
    for event in &query.totals {
        let (scope, day) = key_columns(FigureKey { event: *event, day: None });
        rows.tallies.extend(one(connection, TALLY, (number, scope, day), |row| {
            FigureRow::read(row)?.tally(query.detail)
        })?);
    }
    if let Some((day, limit)) = query.busiest {
        let values = (number, i64::from(day.number()), i64::from(limit) + 1);
        let found = all(connection, BUSIEST, values, |row| FigureRow::read(row)?.tally(query.detail))?;
        let events = found.into_iter().filter_map(|(key, tally)| Some((key.event?, tally)));
        rows.busiest = events.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
    }
    Ok(rows)
}

fn of_days(
    connection: &Connection,
    number: i64,
    event: Option<EventId>,
    range: DayRange,
    detail: TallyDetail,
) -> Result<Vec<(FigureKey, Tally)>, StoreError> {
    let (scope, first) = key_columns(FigureKey { event, day: Some(range.first()) });
    let values = (number, scope, first, i64::from(range.last().number()));
    all(connection, TALLIES, values, |row| FigureRow::read(row)?.tally(detail))
}
