//! Statements that read rows for a decision, under the lock of their event.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::postgres::PgRow;
use tiketi_core::decide::{Scope, Snapshot};
use tiketi_core::{
    BuyerId, CommandKey, Currency, Event, EventId, Payment, PaymentId, ReservationId, SeatId, StoreError,
    TicketType, TicketTypeId, Timestamp, fact::FactKinds,
};
use tiketi_sql::{
    BatchReadSet, CommandRow, EventRow, PaymentRow, ReservationRow, Row as _, SeatRow, TicketTypeRow,
    columns, stored, unreadable,
};
use uuid::Uuid;

use crate::sql::creation_records;
use crate::sql::row::{Row, each, maybe};
use crate::sql::session::Session;
use crate::working_set::WorkingSet;

/// The kinds of facts that any subscriber wants, read with the batch, so that a new subscriber misses no later
/// command.
macro_rules! wanted_kinds {
    () => {
        "(SELECT string_agg(kinds, ' ') FROM tiketi.subscribers WHERE removed_at IS NULL) AS wanted_kinds, "
    };
}
/// The clock is read after the lock is acquired, however long that takes.
const LOCK: &str = concat!(
    "SELECT revision, ctid::text AS place, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS store_now, ",
    wanted_kinds!(),
    columns!(event),
    " FROM tiketi.events WHERE id = $1 FOR UPDATE"
);
/// Finds no row if another server wrote to the event meanwhile.
const LOCK_AT: &str = concat!(
    "SELECT revision, ctid::text AS place, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS store_now, ",
    wanted_kinds!(),
    columns!(event),
    " FROM tiketi.events WHERE ctid = $2::text::tid AND id = $1 FOR UPDATE"
);
const TICKET_TYPES: &str = concat!(
    "SELECT ctid::text AS place, ",
    columns!(ticket_type),
    " FROM tiketi.ticket_types WHERE event = $1 ORDER BY position, id"
);
const COMMANDS: &str =
    concat!("SELECT ", columns!(command), " FROM tiketi.commands WHERE event = $1 AND key = ANY ($2)");
/// Finds commands without the event's row, which may be locked: the clock and the wanted facts are in every row, also in
/// the only one without a command.
const COMMANDS_AHEAD: &str = concat!(
    "SELECT store_now, wanted_kinds, ",
    columns!(command),
    " FROM (SELECT ",
    wanted_kinds!(),
    "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS store_now) AS head \
    LEFT JOIN tiketi.commands ON event = $1 AND key = ANY ($2)"
);
/// Finds no row if another server wrote to the event.
const IS_CURRENT: &str =
    "SELECT 1 FROM tiketi.events WHERE ctid = $2::text::tid AND id = $1 AND revision = $3";
/// Takes serials. A statement of its own: beside a sharded table, a sequence would be asked on every shard.
const SERIALS: &str = "SELECT array_agg(nextval('tiketi.serials')) AS serials FROM generate_series(1, $1)";
/// Finds reservations of buyers, live ones and the latest, named reservations, those of named payments, and due ones.
///
/// Ids are always compared with an array beside their event, so that each is a read by key: a join would read all
/// reservations of an event while its size is not known. Those of a buyer are looked up for each buyer alone, and then
/// read by their ids as well: a plan that was made while there were few reservations may use any index that has the
/// event, and then reads all of them once there are many.
const RESERVATIONS: &str = concat!(
    "SELECT ",
    columns!(reservation),
    " FROM tiketi.reservations WHERE event = $1 AND id = ANY (ARRAY (SELECT unnest($3::uuid[]) \
    UNION ALL SELECT unnest((SELECT array_agg(live.id) FROM tiketi.reservations AS live WHERE live.event = $1 \
        AND live.buyer = wanted.buyer AND live.state IN ('held', 'paying', 'confirmed') AND live.serial > 0)) \
        FROM unnest($2::uuid[]) AS wanted (buyer) \
    UNION ALL SELECT (SELECT latest.id FROM tiketi.reservations AS latest WHERE latest.event = $1 \
        AND latest.buyer = wanted.buyer AND latest.serial > 0 ORDER BY latest.serial DESC LIMIT 1) \
        FROM unnest($2::uuid[]) AS wanted (buyer) \
    UNION ALL SELECT reservation FROM tiketi.payments WHERE event = $1 AND id = ANY ($4))) \
    UNION ALL SELECT ",
    columns!(reservation),
    " FROM tiketi.reservations WHERE event = $1 AND state = 'held' AND state_at <= $5"
);
const PAYMENTS: &str =
    concat!("SELECT ", columns!(payment), " FROM tiketi.payments WHERE event = $1 AND id = ANY ($2)");
const SEATS: &str =
    concat!("SELECT ", columns!(seat), " FROM tiketi.seats WHERE event = $1 AND id = ANY ($2)");
const ANY_RESERVATION: &str = "SELECT 1 FROM tiketi.reservations WHERE event = $1 AND state = 'held' \
    UNION ALL SELECT 1 FROM tiketi.reservations WHERE event = $1 AND state = 'paying' \
    UNION ALL SELECT 1 FROM tiketi.reservations WHERE event = $1 AND state = 'confirmed' \
    UNION ALL SELECT 1 FROM tiketi.reservations WHERE event = $1 AND state = 'expired' \
    UNION ALL SELECT 1 FROM tiketi.reservations WHERE event = $1 AND state = 'cancelled' LIMIT 1";

/// The place (`ctid`) of the newest version of the event's row and of those of its ticket types.
///
/// Every batch leaves a dead version of these rows. While a session reads from an old snapshot, such as `pg_dump`,
/// the database cannot clean them up, and a read by key has to visit each of them: thousands in minutes. A read by
/// place visits one. A place is only a hint: it is used together with the key, and only for rows that no other
/// server has written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    pub(crate) event: String,
    pub(crate) ticket_types: BTreeMap<TicketTypeId, String>,
}

impl Places {
    /// Returns the places of some ticket types.
    pub(crate) fn of(&self, ids: impl IntoIterator<Item = TicketTypeId>) -> Result<Vec<String>, StoreError> {
        let find = |id| self.ticket_types.get(&id).cloned();
        let missing = || StoreError::corrupt("a ticket type was changed that was not read");
        ids.into_iter().map(|id| find(id).ok_or_else(missing)).collect()
    }
}

/// An event's own row, locked until its transaction ends.
pub(crate) struct Locked {
    pub(crate) revision: i64,
    /// The time of the database's clock.
    pub(crate) store_now: Timestamp,
    /// The kinds of facts that any subscriber wants.
    pub(crate) wanted: FactKinds,
    /// The place of the row.
    pub(crate) place: String,
    event: Event,
    map_version: u64,
}

/// Locks an event's row, so that no other server changes the event.
///
/// Reads the place where this server wrote the row, if it is known.
pub(crate) async fn lock(
    session: &mut Session,
    id: EventId,
    place: Option<&str>,
) -> Result<Option<Locked>, StoreError> {
    if let Some(place) = place {
        let there = session.query(LOCK_AT).bind(id.as_uuid()).bind(place);
        let locked = read(session.fetch_optional(there).await?)?;
        if locked.is_some() {
            return Ok(locked);
        }
    }
    read(session.fetch_optional(session.query(LOCK).bind(id.as_uuid())).await?)
}

fn read(row: Option<PgRow>) -> Result<Option<Locked>, StoreError> {
    maybe(row, |row| {
        let (event, map_version) = EventRow::read(row)?.event()?;
        Ok(Locked {
            revision: row.int("revision")?,
            store_now: Timestamp::from_micros(row.int("store_now")?),
            wanted: tiketi_sql::kinds(row.maybe_text("wanted_kinds")?.unwrap_or_default()),
            place: row.text("place")?.to_owned(),
            event,
            map_version,
        })
    })
}

/// Loads the ticket types of a locked event, and their places.
pub(crate) async fn event(session: &mut Session, locked: Locked) -> Result<(Snapshot, Places), StoreError> {
    let ticket_types = ticket_types(session, locked.event.id, locked.event.currency).await?;
    let mut snapshot = Snapshot::new(locked.event);
    snapshot.set_map_version(locked.map_version);
    let mut places = Places { event: locked.place, ticket_types: BTreeMap::new() };
    for (row, place) in ticket_types {
        places.ticket_types.insert(row.id, place);
        snapshot.put_ticket_type(row);
    }
    Ok((snapshot, places))
}

/// Returns an event's ticket types by position, with their places.
pub(crate) async fn ticket_types(
    session: &mut Session,
    event: EventId,
    currency: Currency,
) -> Result<Vec<(TicketType, String)>, StoreError> {
    let found = session.fetch_all(session.query(TICKET_TYPES).bind(event.as_uuid())).await?;
    each(&found, |row| Ok((TicketTypeRow::read(row)?.ticket_type(currency)?, row.text("place")?.to_owned())))
}

/// What the database knows at the time of a batch that is decided ahead.
pub(crate) struct Ahead {
    pub(crate) store_now: Timestamp,
    pub(crate) wanted: FactKinds,
}

/// Loads the records of commands without the event's lock.
pub(crate) async fn commands_ahead(
    session: &mut Session,
    event: EventId,
    set: &mut WorkingSet,
    reads: &BatchReadSet,
) -> Result<Ahead, StoreError> {
    let found = session.query(COMMANDS_AHEAD).bind(event.as_uuid()).bind(keys(reads));
    let found = session.fetch_all(found).await?;
    let first = found.first().map(Row::of).ok_or_else(|| StoreError::corrupt("the database has no clock"))?;
    let ahead = Ahead {
        store_now: Timestamp::from_micros(first.int("store_now")?),
        wanted: tiketi_sql::kinds(first.maybe_text("wanted_kinds")?.unwrap_or_default()),
    };
    if first.maybe_uuid("key")?.is_some() {
        put_records(&found, set)?;
    }
    Ok(ahead)
}

/// Returns whether an event still has this revision.
pub(crate) async fn is_current(
    session: &mut Session,
    event: EventId,
    place: &str,
    revision: i64,
) -> Result<bool, StoreError> {
    let current = session.query(IS_CURRENT).bind(event.as_uuid()).bind(place).bind(revision);
    Ok(session.fetch_optional(current).await?.is_some())
}

/// Loads the rows that commands read, unless they are loaded; `spare` serials are taken for later batches.
pub(crate) async fn rows(
    session: &mut Session,
    event: EventId,
    set: &mut WorkingSet,
    reads: &BatchReadSet,
    spare: i64,
) -> Result<(), StoreError> {
    serials(session, set, reads, spare).await?;
    for key in &reads.creations {
        if let Some(record) = creation_records::record(session, *key).await? {
            set.put_creation(*key, record);
        }
    }
    let mut more = More::of(set, reads);
    if !more.is_empty() {
        reservations(session, event, set, &mut more, reads.due).await?;
    }
    set.know_buyers(reads.buyers.iter().copied());
    payments(session, event, set, &more.payments).await?;
    seats(session, event, set, &more.seats).await?;
    if reads.any_reservation {
        let any = session.query(ANY_RESERVATION).bind(event.as_uuid());
        set.set_has_reservations(session.fetch_optional(any).await?.is_some());
    }
    Ok(())
}

/// The rows that are still to be loaded: reservations add their seats and payments.
struct More {
    buyers: Vec<Uuid>,
    reservations: BTreeSet<ReservationId>,
    payments: BTreeSet<PaymentId>,
    seats: BTreeSet<SeatId>,
    due: Option<Timestamp>,
}

impl More {
    fn of(set: &WorkingSet, reads: &BatchReadSet) -> Self {
        let buyers = reads.buyers.iter().filter(|buyer| !set.knows(**buyer));
        let mut more = Self {
            buyers: buyers.copied().map(BuyerId::as_uuid).collect(),
            reservations: reads.reservations.clone(),
            payments: reads.payments.clone(),
            seats: reads.seats.clone(),
            due: reads.due,
        };
        // A repetition is answered with the rows that the first command was about.
        for effect in reads.keys.iter().filter_map(|key| set.effect(*key)) {
            more.reservations.insert(effect.reservation);
            more.payments.extend(effect.payment);
        }
        if let Some(snapshot) = set.snapshot() {
            more.reservations.retain(|id| snapshot.reservation(*id).is_none());
            // A loaded reservation has its seats and its latest payment beside it.
            let is_loaded = |payment: &Payment| snapshot.reservation(payment.reservation).is_some();
            more.payments.retain(|id| !snapshot.payment(*id).is_some_and(is_loaded));
        }
        more
    }

    /// Returns whether no reservation has to be read.
    fn is_empty(&self) -> bool {
        self.buyers.is_empty()
            && self.reservations.is_empty()
            && self.payments.is_empty()
            && self.due.is_none()
    }
}

/// Loads the records of commands.
pub(crate) async fn commands(
    session: &mut Session,
    event: EventId,
    set: &mut WorkingSet,
    reads: &BatchReadSet,
) -> Result<(), StoreError> {
    put_records(&of_event(session, COMMANDS, event, keys(reads)).await?, set)
}

fn keys(reads: &BatchReadSet) -> Vec<Uuid> {
    reads.keys.iter().map(|key| key.as_uuid()).collect()
}

fn put_records(found: &[PgRow], set: &mut WorkingSet) -> Result<(), StoreError> {
    for row in found {
        let row = &Row::of(row);
        set.put_record(CommandKey::from_uuid(row.uuid("key")?), CommandRow::read(row)?.record());
    }
    Ok(())
}

/// Takes a serial for each reservation that the batch may make, unless earlier batches left enough.
async fn serials(
    session: &mut Session,
    set: &mut WorkingSet,
    reads: &BatchReadSet,
    spare: i64,
) -> Result<(), StoreError> {
    let missing = reads.serials - stored(set.serials() as u64);
    if missing <= 0 {
        return Ok(());
    }
    let query = session.query(SERIALS).bind(missing + spare);
    for row in &session.fetch_all(query).await? {
        for serial in Row::of(row).get::<Vec<i64>>("serials")? {
            set.put_serial(u64::try_from(serial).map_err(|_| unreadable("serials"))?);
        }
    }
    Ok(())
}

async fn reservations(
    session: &mut Session,
    event: EventId,
    set: &mut WorkingSet,
    more: &mut More,
    due: Option<Timestamp>,
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = more.reservations.iter().map(|id| id.as_uuid()).collect();
    let payments: Vec<Uuid> = more.payments.iter().map(|id| id.as_uuid()).collect();
    let query = session
        .query(RESERVATIONS)
        .bind(event.as_uuid())
        .bind(&more.buyers)
        .bind(ids)
        .bind(payments)
        .bind(due.map(Timestamp::as_micros));
    let found = session.fetch_all(query).await?;
    let snapshot = set.loading()?;
    for row in each(&found, |row| ReservationRow::read(row)?.reservation())? {
        // A loaded row may have changes that are not written yet.
        if snapshot.reservation(row.id).is_none() {
            more.seats.extend(row.seats.iter().map(|line| line.seat));
            more.payments.extend(row.payment);
            snapshot.put_reservation(row);
        }
    }
    Ok(())
}

async fn payments(
    session: &mut Session,
    event: EventId,
    set: &mut WorkingSet,
    wanted: &BTreeSet<PaymentId>,
) -> Result<(), StoreError> {
    let snapshot = set.loading()?;
    let missing = wanted.iter().filter(|id| snapshot.payment(**id).is_none());
    let missing = missing.map(|id| id.as_uuid()).collect();
    for row in &of_event(session, PAYMENTS, event, missing).await? {
        snapshot.put_payment(PaymentRow::read(&Row::of(row))?.payment()?);
    }
    Ok(())
}

async fn seats(
    session: &mut Session,
    event: EventId,
    set: &mut WorkingSet,
    wanted: &BTreeSet<SeatId>,
) -> Result<(), StoreError> {
    let snapshot = set.loading()?;
    let missing = wanted.iter().filter(|id| snapshot.seat(**id).is_none());
    let missing = missing.map(|id| id.as_uuid()).collect();
    for row in &of_event(session, SEATS, event, missing).await? {
        snapshot.put_seat(SeatRow::read(&Row::of(row))?.seat()?);
    }
    Ok(())
}

/// Reads rows of an event by their ids, if there are any.
async fn of_event(
    session: &mut Session,
    sql: &'static str,
    event: EventId,
    ids: Vec<Uuid>,
) -> Result<Vec<PgRow>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    session.fetch_all(session.query(sql).bind(event.as_uuid()).bind(ids)).await
}
