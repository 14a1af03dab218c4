//! Sales.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use rusqlite::{Connection, params};
use tiketi_core::decide::{AnyCommand, AnyRefused, Applied, Envelope};
use tiketi_core::{
    BuyerId, CommandError, EventId, Page, PageRequest, Payment, PaymentId, Reservation, ReservationId,
    StoreError, StoreErrorKind, Timestamp,
    reservation::ReservationNumber,
    store::{CallOffProgress, ReservationQuery, SalesStore, Swept},
};
use tiketi_sql::{PaymentRow, columns, stored};
use uuid::Uuid;

use crate::load::{all, exists, one};
use crate::reads::total;
use crate::row::first;
use crate::slices::slice_before;
use crate::store::SqliteStore;
use crate::{load, reads, write};

impl SqliteStore {
    /// Ends due reservations, one event at a time.
    async fn expire_each(&self, now: Timestamp, limit: usize) -> Result<Swept<Reservation>, StoreError> {
        let due = self.read(move |connection| load::due(connection, now, limit)).await?;
        let mut swept = Swept::default();
        let events: BTreeSet<EventId> = due.iter().map(|(event, _)| *event).collect();
        for event in events {
            let of_event: Vec<_> = due.iter().filter(|(of, _)| *of == event).map(|(_, id)| *id).collect();
            match self.write(move |set| set.expire_these(event, &of_event, now)).await {
                Ok(ended) => swept.done.extend(ended),
                Err(error) => swept.skipped.push((event, error)),
            }
        }
        let place: HashMap<_, _> = due.iter().map(|(_, id)| *id).zip(0..).collect();
        swept.done.sort_by_key(|row| place.get(&row.id).copied().unwrap_or(usize::MAX));
        Ok(swept)
    }
}

/// Expands to the events on the list of those being called off without a live reservation. None of a cancelled event
/// becomes live again.
macro_rules! called_off {
    () => {
        " FROM call_offs WHERE NOT EXISTS (SELECT 1 FROM reservations \
            WHERE reservations.event = call_offs.event AND reservations.state IN ('held', 'paying', 'confirmed'))"
    };
}
const ANY_CALLED_OFF: &str = concat!("SELECT 1", called_off!(), " LIMIT 1");
const CALLED_OFF: &str = concat!("DELETE", called_off!());
const FORGET_CREATIONS: &str = slice_before!("creations", "at");
const FORGET_COMMANDS: &str = slice_before!("commands", "at");

#[async_trait]
impl SalesStore for SqliteStore {
    async fn execute_any(&self, command: Envelope<AnyCommand>) -> Result<Applied, CommandError<AnyRefused>> {
        self.writer().run(command).await
    }

    async fn expire_due(&self, now: Timestamp, limit: usize) -> Result<Swept<Reservation>, StoreError> {
        // Most rounds find nothing, so a read comes first: it does not delay the writer.
        if self.read(load::next_end).await? > now {
            return Ok(Swept::default());
        }
        // One commit for all events. If an event fails, each event has its own commit, so that the failure delays
        // no other.
        match self.write(move |set| set.expire_due(now, limit)).await {
            Err(error) if error.kind() == StoreErrorKind::Corrupt => self.expire_each(now, limit).await,
            done => done.map(Swept::all),
        }
    }

    async fn forget_commands(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.delete_before(FORGET_CREATIONS, before).await?;
        self.delete_before(FORGET_COMMANDS, before).await
    }

    async fn reservation(&self, id: ReservationId) -> Result<Option<Reservation>, StoreError> {
        self.read(move |connection| load::reservation(connection, id)).await
    }

    async fn reservations_of(
        &self,
        buyer: BuyerId,
        event: Option<EventId>,
        page: PageRequest,
    ) -> Result<Page<Reservation>, StoreError> {
        self.read(move |connection| reads::reservations_of(connection, buyer, event, page)).await
    }

    async fn list_reservations(&self, query: ReservationQuery) -> Result<Vec<Reservation>, StoreError> {
        self.read(move |connection| reads::list_reservations(connection, &query)).await
    }

    async fn reservation_numbered(
        &self,
        number: ReservationNumber,
    ) -> Result<Option<Reservation>, StoreError> {
        self.read(move |connection| reads::reservation_numbered(connection, number)).await
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        self.read(move |connection| load::payment(connection, id)).await
    }

    async fn payments_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Payment>, StoreError> {
        self.read(move |connection| payments_due(connection, now, limit)).await
    }

    async fn payments_needing_attention(
        &self,
        slow_before: Timestamp,
        page: PageRequest,
    ) -> Result<Page<Payment>, StoreError> {
        self.read(move |connection| needing_attention(connection, slow_before, page)).await
    }

    async fn payment_by_key(
        &self,
        gateway: &str,
        provider_key: &str,
    ) -> Result<Option<PaymentId>, StoreError> {
        let named = (gateway.to_owned(), provider_key.to_owned());
        self.read(move |connection| {
            let sql = "SELECT id FROM payments WHERE gateway = ?1 AND provider_key = ?2";
            one(connection, sql, (&named.0, &named.1), |row| first::<Uuid>(row).map(PaymentId::from_uuid))
        })
        .await
    }

    async fn to_call_off(&self, limit: usize) -> Result<Vec<ReservationId>, StoreError> {
        if self.read(|connection| exists(connection, ANY_CALLED_OFF, ())).await? {
            self.write(|set| write::run(set.connection(), CALLED_OFF, ())).await?;
        }
        self.read(move |connection| to_call_off(connection, limit)).await
    }

    async fn call_off_progress(&self, event: EventId) -> Result<Option<CallOffProgress>, StoreError> {
        self.read(move |connection| progress(connection, event)).await
    }
}

fn payments_due(connection: &Connection, now: Timestamp, limit: usize) -> Result<Vec<Payment>, StoreError> {
    let sql = concat!(
        "SELECT ",
        columns!(payment),
        " FROM payments WHERE reconcile_at <= ?1 ORDER BY reconcile_at, id LIMIT ?2"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    all(connection, sql, (now.as_micros(), limit), |row| PaymentRow::read(row)?.payment())
}

fn needing_attention(
    connection: &Connection,
    slow_before: Timestamp,
    page: PageRequest,
) -> Result<Page<Payment>, StoreError> {
    let wanted = "id IN (SELECT id FROM payments WHERE needs_attention \
        UNION SELECT id FROM payments WHERE awaited_since <= ?1)";
    let columns = columns!(payment);
    let sql = format!("SELECT {columns} FROM payments WHERE {wanted} ORDER BY id LIMIT ?2 OFFSET ?3");
    let values = params![slow_before.as_micros(), page.size(), stored(page.offset())];
    let found = all(connection, &sql, values, |row| PaymentRow::read(row)?.payment())?;
    let sql = format!("SELECT count(*) FROM payments WHERE {wanted}");
    Ok(Page::counted(found, total(connection, &sql, [slow_before.as_micros()])?, page))
}

fn to_call_off(connection: &Connection, limit: usize) -> Result<Vec<ReservationId>, StoreError> {
    // A cross join begins with the events that are being called off, which are few; the order by id would begin with all
    // reservations.
    let sql = "SELECT reservations.id FROM call_offs \
        CROSS JOIN reservations ON reservations.event = call_offs.event AND reservations.state IN ('held', 'confirmed') \
        LEFT JOIN payments ON payments.id = reservations.payment \
        WHERE (reservations.state = 'held' OR payments.id IS NULL \
            OR payments.reconcile_at IS NULL AND NOT payments.call_off_refused) \
        ORDER BY reservations.id LIMIT ?1";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    all(connection, sql, [limit], |row| first::<Uuid>(row).map(ReservationId::from_uuid))
}

fn progress(connection: &Connection, event: EventId) -> Result<Option<CallOffProgress>, StoreError> {
    let of_event = [event.as_uuid()];
    if !exists(connection, "SELECT 1 FROM events WHERE id = ?1", of_event)? {
        return Ok(None);
    }
    let count = |wanted: &str| {
        let sql = format!(
            "SELECT count(*) FROM reservations LEFT JOIN payments ON payments.id = reservations.payment \
             WHERE reservations.event = ?1 AND {wanted}"
        );
        total(connection, &sql, of_event)
    };
    let live = "reservations.state IN ('held', 'paying', 'confirmed')";
    Ok(Some(CallOffProgress {
        to_do: count(live)?,
        done: count("reservations.cancel_reason IN ('organiser', 'refunded')")?,
        refused: count(&format!("{live} AND payments.call_off_refused"))?,
    }))
}
