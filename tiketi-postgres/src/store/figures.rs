//! Figures: tallies by day, and what each reservation adds to them.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use async_trait::async_trait;
use tiketi_core::figures::{
    CountProgress, Counted, FigureCount, FigureKey, FigureSource, Tally, TallyDetail, replace,
};
use tiketi_core::payment::{Payment, RefundTickets};
use tiketi_core::store::{FigureQuery, FigureRows, FiguresStore};
use tiketi_core::{Reservation, ReservationId, SeatId, StoreError, TicketTypeId, Timestamp};
use tiketi_sql::{
    FigureCountRow, FigureRow, FigureSourceRow, PaymentRow, ReservationRow, Row as _, columns, key_columns,
    progress_columns, stored,
};
use uuid::Uuid;

use crate::error::ended;
use crate::queue::retry::retry;
use crate::sql::row::{Row, each};
use crate::sql::session::{BEGIN, Session};
use crate::sql::statement::{RowStatement, Statement};
use crate::store::PostgresStore;

/// Begins a count, unless another one has its number.
const BEGIN_COUNT: &str = "INSERT INTO tiketi.figure_counts (number, zone, begun_at, counted_to, complete) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
/// Waits for the writers of figures that began before, and lets none begin that would not see the next count.
const LOCK_NEWEST: &str = "SELECT number FROM tiketi.figure_counts ORDER BY number DESC LIMIT 1 FOR UPDATE";
const NEWEST: &str = "SELECT max(number) AS number FROM tiketi.figure_counts";
const LATEST: &str =
    concat!("SELECT ", columns!(figure_count), " FROM tiketi.figure_counts ORDER BY number DESC LIMIT 2");
const PROGRESS: &str = "UPDATE tiketi.figure_counts SET complete = $3, \
    counted_to = CASE WHEN $3 THEN NULL ELSE greatest(counted_to, $2::uuid) END \
    WHERE number = $1 AND NOT complete";
const SOURCES: &str =
    concat!("SELECT ", columns!(reservation), " FROM tiketi.reservations WHERE id = ANY($1)");
const SOURCES_AFTER: &str = concat!(
    "SELECT ",
    columns!(reservation),
    " FROM tiketi.reservations WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2"
);
const PAYMENTS: &str =
    concat!("SELECT ", columns!(payment), " FROM tiketi.payments WHERE reservation = ANY($1) ORDER BY id");
const SEAT_TYPES: &str = "SELECT id, ticket_type FROM tiketi.seats WHERE id = ANY($1)";
/// All rows of a reservation at one moment.
const ONE_MOMENT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
    SET LOCAL idle_in_transaction_session_timeout = 5000";
const COUNTED: &str = concat!(
    "SELECT ",
    columns!(figure_source),
    " FROM tiketi.figure_sources WHERE number = $1 AND reservation = ANY($2)"
);
/// Only one writer of figures runs at a time, because it holds the lock of the newest count.
const KNOWN: &str = concat!(
    "SELECT ",
    columns!(figure),
    " FROM unnest($2::uuid[], $3::bigint[]) AS wanted (of_scope, of_day) CROSS JOIN LATERAL \
        (SELECT * FROM tiketi.figures WHERE number = $1 AND scope = of_scope AND day = of_day OFFSET 0) AS found"
);
static UPSERT_SOURCES: LazyLock<RowStatement> =
    LazyLock::new(RowStatement::upsert_all::<FigureSourceRow<'_>>);
static UPSERT_TALLIES: LazyLock<RowStatement> = LazyLock::new(RowStatement::upsert_all::<FigureRow<'_>>);
/// The counts, and the moment of the oldest fact that waits for the subscriber.
const STATE: &str = concat!(
    "SELECT ",
    columns!(figure_count),
    ", (SELECT at FROM tiketi.outbox WHERE subscriber = \
        (SELECT id FROM tiketi.subscribers WHERE name = $1 AND removed_at IS NULL) ORDER BY id LIMIT 1) AS oldest \
    FROM tiketi.figure_counts ORDER BY number DESC LIMIT 2"
);
/// Tallies of scopes and days, and of the busiest scopes of a day. One statement sees one commit.
const TALLIES: &str = concat!(
    "SELECT ",
    columns!(figure),
    ", false AS busiest FROM unnest($2::uuid[], $3::bigint[], $4::bigint[]) AS wanted (of_scope, first_day, last_day) \
        CROSS JOIN LATERAL (SELECT * FROM tiketi.figures WHERE number = $1 AND scope = of_scope \
        AND day BETWEEN first_day AND last_day OFFSET 0) AS found \
    UNION ALL (SELECT ",
    columns!(figure),
    ", true FROM tiketi.figures WHERE number = $1 AND day = $5 AND tickets_sold > 0 \
        ORDER BY tickets_sold DESC, scope LIMIT $6)"
);
const READ: &str = "SELECT max(number) AS number FROM tiketi.figure_counts WHERE complete";
const FORGET_SOURCES: &str = "DELETE FROM tiketi.figure_sources WHERE number < $1 AND (number, reservation) IN \
    (SELECT number, reservation FROM tiketi.figure_sources WHERE number < $1 ORDER BY number, reservation LIMIT $2)";
const FORGET_TALLIES: &str = "DELETE FROM tiketi.figures WHERE number < $1 AND (number, scope, day) IN \
    (SELECT number, scope, day FROM tiketi.figures WHERE number < $1 ORDER BY number, scope, day LIMIT $2)";
const FORGET_COUNTS: &str = "DELETE FROM tiketi.figure_counts WHERE number < $1";

#[async_trait]
impl FiguresStore for PostgresStore {
    async fn figure_counts(&self) -> Result<Vec<FigureCount>, StoreError> {
        let found = self.database().fetch_all(self.query(LATEST)).await?;
        each(&found, |row| FigureCountRow::read(row)?.count())
    }

    async fn begin_figures(&self, count: &FigureCount) -> Result<bool, StoreError> {
        let (store, count) = (self.clone(), count.clone());
        // A separate task, so that a caller that drops its future does not stop it.
        let begun = tokio::spawn(async move { retry(store.metrics(), || begin(&store, &count)).await });
        begun.await.map_err(ended)?
    }

    async fn figures_progressed(&self, number: u64, progress: CountProgress) -> Result<(), StoreError> {
        let (to, complete) = progress_columns(progress);
        self.write(|| self.query(PROGRESS).bind(stored(number)).bind(to).bind(complete)).await.map(drop)
    }

    async fn figure_sources(&self, ids: &[ReservationId]) -> Result<Vec<FigureSource>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
        let mut session = self.database().begin(ONE_MOMENT).await?;
        let found = session.fetch_all(session.query(SOURCES).bind(ids)).await?;
        let reservations = each(&found, |row| ReservationRow::read(row)?.reservation())?;
        sources(session, reservations).await
    }

    async fn figure_sources_after(
        &self,
        after: Option<ReservationId>,
        limit: usize,
    ) -> Result<Vec<FigureSource>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut session = self.database().begin(ONE_MOMENT).await?;
        let page = session.query(SOURCES_AFTER).bind(after.map(ReservationId::as_uuid)).bind(limit);
        let found = session.fetch_all(page).await?;
        let reservations = each(&found, |row| ReservationRow::read(row)?.reservation())?;
        sources(session, reservations).await
    }

    async fn replace_figures(&self, number: u64, counted: Vec<Counted>) -> Result<bool, StoreError> {
        let store = self.clone();
        let written =
            tokio::spawn(
                async move { retry(store.metrics(), || write(&store, number, counted.clone())).await },
            );
        written.await.map_err(ended)?
    }

    async fn figures(&self, query: &FigureQuery) -> Result<FigureRows, StoreError> {
        let state = self.query(STATE).bind(query.subscriber.as_str());
        let state = self.database().fetch_all(state).await?;
        let oldest = each(&state, |row| row.maybe_int("oldest"))?;
        let mut rows = FigureRows {
            counts: each(&state, |row| FigureCountRow::read(row)?.count())?,
            uncounted_since: oldest.first().copied().flatten().map(Timestamp::from_micros),
            ..FigureRows::default()
        };
        let read = rows.counts.iter().find(|count| count.progress == CountProgress::Complete);
        let Some(number) = read.map(|count| stored(count.number)) else { return Ok(rows) };
        let found = self.database().fetch_all(self.tallies(number, query)).await?;
        let found =
            each(&found, |row| Ok((row.flag("busiest")?, FigureRow::read(row)?.tally(query.detail)?)))?;
        let limit = query.busiest.map_or(0, |(_, limit)| limit);
        for (busiest, (key, tally)) in found {
            match key.event {
                _ if !busiest => rows.tallies.push((key, tally)),
                Some(event) if rows.busiest.len() < usize::try_from(limit).unwrap_or(usize::MAX) => {
                    rows.busiest.push((event, tally));
                }
                // The shop itself.
                Some(_) | None => {}
            }
        }
        Ok(rows)
    }

    async fn forget_figures(&self, limit: u32) -> Result<u64, StoreError> {
        let read = self.database().fetch_one(self.query(READ)).await?;
        let Some(read) = Row::of(&read).maybe_int("number")? else { return Ok(0) };
        let sources = self.write(|| self.query(FORGET_SOURCES).bind(read).bind(i64::from(limit))).await?;
        let tallies = self.write(|| self.query(FORGET_TALLIES).bind(read).bind(i64::from(limit))).await?;
        if sources + tallies == 0 {
            self.write(|| self.query(FORGET_COUNTS).bind(read)).await?;
        }
        Ok(sources + tallies)
    }
}

impl PostgresStore {
    fn tallies(&self, number: i64, query: &FigureQuery) -> Statement<'static> {
        let days = query.days.iter().map(|(event, range)| {
            let (scope, first) = key_columns(FigureKey { event: *event, day: Some(range.first()) });
            (scope, first, i64::from(range.last().number()))
        });
        let totals = query.totals.iter().map(|event| {
            let (scope, day) = key_columns(FigureKey { event: *event, day: None });
            (scope, day, day)
        });
        let (mut scopes, mut first, mut last) = (Vec::new(), Vec::new(), Vec::new());
        for (scope, from, to) in days.chain(totals) {
            scopes.push(scope);
            first.push(from);
            last.push(to);
        }
        let (day, limit) = query.busiest.map_or((0, 0), |(day, limit)| (day.number(), i64::from(limit) + 1));
        let statement = self.query(TALLIES).bind(number).bind(scopes).bind(first).bind(last);
        statement.bind(i64::from(day)).bind(limit)
    }
}

async fn begin(store: &PostgresStore, count: &FigureCount) -> Result<bool, StoreError> {
    let mut session = store.database().begin_in_task(BEGIN).await?;
    let newest = newest_locked(&mut session).await?;
    if newest.checked_add(1) != Some(stored(count.number)) {
        session.rollback().await?;
        return Ok(false);
    }
    let row = FigureCountRow::of(count);
    let insert = session.query(BEGIN_COUNT).bind(row.number).bind(&*row.zone).bind(row.begun_at);
    let begun = session.execute(insert.bind(row.counted_to).bind(row.complete)).await?;
    session.commit().await?;
    Ok(begun == 1)
}

/// Locks the newest count, and returns its number; 0 if there is none.
///
/// A count may have been begun while the lock was awaited, so the number is read again under the lock.
async fn newest_locked(session: &mut Session) -> Result<i64, StoreError> {
    session.execute(session.query(LOCK_NEWEST)).await?;
    let newest = session.fetch_optional(session.query(NEWEST)).await?;
    Ok(newest.map(|row| Row::of(&row).maybe_int("number")).transpose()?.flatten().unwrap_or(0))
}

/// Reads the other rows of reservations in the same transaction.
async fn sources(
    mut session: Session,
    reservations: Vec<Reservation>,
) -> Result<Vec<FigureSource>, StoreError> {
    let ids: Vec<Uuid> = reservations.iter().map(|reservation| reservation.id.as_uuid()).collect();
    let found = session.fetch_all(session.query(PAYMENTS).bind(ids)).await?;
    let mut payments: HashMap<ReservationId, Vec<Payment>> = HashMap::new();
    for payment in each(&found, |row| PaymentRow::read(row)?.payment())? {
        payments.entry(payment.reservation).or_default().push(payment);
    }
    let seats: Vec<Uuid> = payments.values().flatten().flat_map(seats_back).map(SeatId::as_uuid).collect();
    let mut types = HashMap::new();
    if !seats.is_empty() {
        let found = session.fetch_all(session.query(SEAT_TYPES).bind(seats)).await?;
        types.extend(each(&found, |row| Ok((row.uuid("id")?, row.uuid("ticket_type")?)))?);
    }
    session.rollback().await?;
    let source = |reservation: Reservation| {
        let payments = payments.remove(&reservation.id).unwrap_or_default();
        let type_of =
            |seat: SeatId| types.get(&seat.as_uuid()).map(|id| (seat, TicketTypeId::from_uuid(*id)));
        let returned_seats = payments.iter().flat_map(seats_back).filter_map(type_of).collect();
        FigureSource { reservation, payments, returned_seats }
    };
    Ok(reservations.into_iter().map(source).collect())
}

fn seats_back(payment: &Payment) -> impl Iterator<Item = SeatId> {
    let seats = payment.refunds.iter().filter_map(|refund| match &refund.tickets {
        RefundTickets::Returned(returned) => Some(&returned.seats),
        RefundTickets::None | RefundTickets::Kept | RefundTickets::Unstated => None,
    });
    seats.flatten().copied()
}

async fn write(store: &PostgresStore, number: u64, new: Vec<Counted>) -> Result<bool, StoreError> {
    let mut session = store.database().begin_in_task(BEGIN).await?;
    if newest_locked(&mut session).await? != stored(number) {
        session.rollback().await?;
        return Ok(false);
    }
    let ids: Vec<Uuid> = new.iter().map(|counted| counted.reservation.as_uuid()).collect();
    let known = session.fetch_all(session.query(COUNTED).bind(stored(number)).bind(ids)).await?;
    let change = replace(each(&known, |row| FigureSourceRow::read(row)?.counted())?, new);
    let rows = change.counted.iter().map(|counted| FigureSourceRow::of(number, counted));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    session.execute(UPSERT_SOURCES.bind_all(session.query(UPSERT_SOURCES.sql()), &rows)).await?;
    let tallies = added(&mut session, number, change.sums).await?;
    session.execute(UPSERT_TALLIES.bind_all(session.query(UPSERT_TALLIES.sql()), &tallies)).await?;
    session.commit().await?;
    Ok(true)
}

/// Adds sums to the tallies that are stored.
async fn added(
    session: &mut Session,
    number: u64,
    sums: BTreeMap<FigureKey, Tally>,
) -> Result<Vec<FigureRow<'static>>, StoreError> {
    let (scopes, days): (Vec<Uuid>, Vec<i64>) = sums.keys().map(|key| key_columns(*key)).unzip();
    let known = session.query(KNOWN).bind(stored(number)).bind(scopes).bind(days);
    let known = session.fetch_all(known).await?;
    let mut known: HashMap<_, _> =
        each(&known, |row| FigureRow::read(row)?.tally(TallyDetail::Full))?.into_iter().collect();
    let row = |(key, sum): (FigureKey, Tally)| {
        let mut tally = known.remove(&key).unwrap_or_default();
        tally.add(&sum);
        FigureRow::of(number, key, &tally)
    };
    sums.into_iter().map(row).collect()
}
