//! The one statement that updates the rows of a batch, and with it the event's revision.

use std::sync::LazyLock;

use tiketi_core::decide::{Scope, any_left};
use tiketi_core::{EventId, SeatId, StoreError, TicketTypeId};
use tiketi_sql::{Part, PaymentRow, ReservationRow, Row as _, SeatRow, TableRow, TicketTypeRow, stored};
use uuid::Uuid;

use super::{Written, column, gone, miscounted, of};
use crate::sql::row::Row;
use crate::sql::session::Session;
use crate::sql::statement::{Arrays, Guard, Statement};
use crate::working_set::WorkingSet;
use crate::working_set::load::Places;

/// Updates the event, unless it has another revision, and seats, stocks, reservations and payments that have the
/// versions before the batch. Returns how many rows were updated, and the places of the event and of the stocks.
///
/// The event and the stocks are found by their places; see [`Places`]. The places are bound last: the batch before
/// returns them, and everything else is encoded while it commits. The event's row is updated first, and so locked, since
/// the other tables are read for its `RETURNING`.
struct ChangeStatement {
    sql: String,
    seats: Arrays,
    stocks: Arrays,
    orders: Option<(Arrays, Arrays)>,
}

/// For batches that change neither reservations nor payments, such as those of holds.
static WITHOUT_ORDERS: LazyLock<ChangeStatement> = LazyLock::new(|| ChangeStatement::of(false));
static WITH_ORDERS: LazyLock<ChangeStatement> = LazyLock::new(|| ChangeStatement::of(true));

impl ChangeStatement {
    fn of(with_orders: bool) -> Self {
        const CHANGING: &[Part] = &[Part::Key, Part::Changing];
        let seats = Arrays::of::<SeatRow<'_>>(CHANGING, 5, Guard::Version);
        let stocks = Arrays::of::<TicketTypeRow<'_>>(&[Part::Key, Part::Counted], seats.next, Guard::None);
        let mut next = stocks.next;
        let orders = with_orders.then(|| {
            let reservations = Arrays::of::<ReservationRow<'_>>(CHANGING, next, Guard::Version);
            let payments = Arrays::of::<PaymentRow<'_>>(CHANGING, reservations.next, Guard::Version);
            next = payments.next;
            (reservations, payments)
        });
        let (event_place, stock_places) = (format!("${next}"), format!("${}", next + 1));
        let update_orders = orders.as_ref().map_or_else(String::new, |(reservations, payments)| {
            let (reservations, payments) =
                (reservations.update(ReservationRow::TABLE), payments.update(PaymentRow::TABLE));
            format!(", reservations AS ({reservations} RETURNING 1), payments AS ({payments} RETURNING 1)")
        });
        let count_orders = if with_orders {
            ", (SELECT count(*) FROM reservations) AS reservations, (SELECT count(*) FROM payments) AS payments"
        } else {
            ", 0::bigint AS reservations, 0::bigint AS payments"
        };
        let update_seats = seats.update(SeatRow::TABLE);
        let update_stocks = stocks.update_at(TicketTypeRow::TABLE, &stock_places);
        let sql = format!(
            "WITH seats AS ({update_seats} RETURNING 1), \
            stocks AS ({update_stocks} RETURNING kept.id, kept.ctid::text AS place){update_orders} \
            UPDATE tiketi.events SET revision = revision + 1, map_version = $2, any_left = $3 \
            WHERE ctid = {event_place}::text::tid AND id = $1 AND revision = $4 \
            RETURNING (SELECT count(*) FROM seats) AS seats{count_orders}, ctid::text AS place, \
                (SELECT coalesce(array_agg(id ORDER BY id), '{{}}') FROM stocks) AS stocks, \
                (SELECT coalesce(array_agg(place ORDER BY id), '{{}}') FROM stocks) AS places"
        );
        Self { sql, seats, stocks, orders }
    }
}

/// How many rows of each table are updated.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    seats: usize,
    reservations: usize,
    payments: usize,
    stocks: usize,
}

/// The changes of a batch, encoded except for the places.
pub(super) struct Changes {
    statement: Statement<'static>,
    counts: Counts,
    stocks: Vec<TicketTypeId>,
}

impl Changes {
    /// Encodes the changes of an event that has this revision before the batch.
    pub(super) fn of(
        session: &Session,
        event: EventId,
        revision: i64,
        set: &WorkingSet,
        reservations: &Written<ReservationRow<'_>>,
        payments: &Written<PaymentRow<'_>>,
    ) -> Result<Self, StoreError> {
        let (writes, snapshot) = (set.writes(), set.snapshot().ok_or_else(gone)?);
        let find = |id: &SeatId| snapshot.seat(*id).map(SeatRow::of).ok_or_else(gone);
        let seats = writes.seats.keys().map(find).collect::<Result<Vec<_>, StoreError>>()?;
        let before: Vec<i64> = writes.seats.values().copied().map(stored).collect();
        let (added, edited) = (&writes.new_ticket_types, &writes.edited_ticket_types);
        let stocks = writes.stock.iter().filter(|id| !added.contains(id) && !edited.contains(id));
        let stocks = column(&of(snapshot, stocks)?, |it| TicketTypeRow::of(it));
        let is_empty = reservations.known.is_empty() && payments.known.is_empty();
        let change: &'static ChangeStatement = if is_empty { &WITHOUT_ORDERS } else { &WITH_ORDERS };
        let statement = session
            .query(&change.sql)
            .bind(event.as_uuid())
            .bind(stored(snapshot.map_version()))
            .bind(any_left(snapshot.ticket_types()))
            .bind(revision);
        let mut statement = change.stocks.bind(change.seats.bind(statement, &seats).bind(before), &stocks);
        if let Some((of_reservations, of_payments)) = &change.orders {
            statement = of_reservations.bind(statement, &reservations.known).bind(&reservations.before);
            statement = of_payments.bind(statement, &payments.known).bind(&payments.before);
        }
        let counts = Counts {
            seats: seats.len(),
            reservations: reservations.known.len(),
            payments: payments.known.len(),
            stocks: stocks.len(),
        };
        let stocks = stocks.iter().map(|row| TicketTypeId::from_uuid(row.id)).collect();
        Ok(Self { statement, counts, stocks })
    }

    /// Updates the rows and the places; returns false if the event has another revision by now.
    pub(super) async fn write(self, session: &mut Session, places: &mut Places) -> Result<bool, StoreError> {
        let Self { statement, counts, stocks } = self;
        let statement = statement.bind(places.event.clone()).bind(places.of(stocks)?);
        let Some(row) = session.fetch_optional(statement).await? else { return Ok(false) };
        let row = Row::of(&row);
        let (counted, lie): (Vec<Uuid>, Vec<String>) = (row.get("stocks")?, row.get("places")?);
        let count =
            |name| tiketi_sql::count(&row, name).map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        let updated = Counts {
            seats: count("seats")?,
            reservations: count("reservations")?,
            payments: count("payments")?,
            stocks: counted.len(),
        };
        if updated != counts {
            return Err(miscounted("rows"));
        }
        row.text("place")?.clone_into(&mut places.event);
        places.ticket_types.extend(counted.into_iter().map(TicketTypeId::from_uuid).zip(lie));
        Ok(true)
    }
}
