//! Sales.

use async_trait::async_trait;
use tiketi_core::decide::{AnyCommand, AnyRefused, Applied, Command, Envelope, Subject};
use tiketi_core::{
    BuyerId, CommandError, EventId, Page, PageRequest, Payment, PaymentId, Reservation, ReservationId,
    StoreError, Timestamp,
    reservation::ReservationNumber,
    store::{CallOffProgress, ReservationQuery, SalesStore, Swept},
    text::can_be_kept,
};
use tiketi_sql::{PaymentRow, Row as _, columns, count, stored};

use crate::sql::row::{Row, each, maybe};
use crate::sql::{reads, reservation_list};
use crate::store::PostgresStore;
use crate::store::expiry::expire_due;
use crate::store::slices::slice_before;

/// Locked events are left out: their payments cannot be claimed, and may be more than the limit.
const DUE: &str = concat!(
    "SELECT ",
    columns!(payment),
    " FROM tiketi.payments WHERE reconcile_at <= $1 AND event <> ALL ($3) ORDER BY reconcile_at, id LIMIT $2"
);
/// Two lists without a common row, each with its own index.
const NEEDING_ATTENTION: &str = concat!(
    "SELECT ",
    columns!(payment),
    " FROM tiketi.payments WHERE needs_attention UNION ALL SELECT ",
    columns!(payment),
    " FROM tiketi.payments WHERE awaited_since <= $1 AND NOT needs_attention ORDER BY id LIMIT $2 OFFSET $3"
);
const COUNT_NEEDING_ATTENTION: &str = "SELECT count(*) AS total FROM \
    (SELECT id FROM tiketi.payments WHERE needs_attention \
    UNION ALL SELECT id FROM tiketi.payments WHERE awaited_since <= $1 AND NOT needs_attention) AS troubled";
const FORGET_CREATIONS: &str = slice_before!("tiketi.creations", "at");
const FORGET_COMMANDS: &str = slice_before!("tiketi.commands", "at");
const BY_KEY: &str = "SELECT id FROM tiketi.payments WHERE provider_key = $2 AND gateway = $1";
/// Held and sold reservations have an index each, which has no rows of finished events; locked events are left out. An
/// array of events is read by key also while the database has no statistics, and so is the payment of each reservation: it
/// is a value, and not joined.
const TO_CALL_OFF: &str = "SELECT held.id FROM tiketi.reservations AS held WHERE held.state = 'held' \
        AND held.event = ANY (ARRAY(SELECT event FROM tiketi.call_offs WHERE event <> ALL ($2))) \
    UNION ALL SELECT sold.id FROM tiketi.reservations AS sold WHERE sold.state = 'confirmed' \
        AND sold.event = ANY (ARRAY(SELECT event FROM tiketi.call_offs WHERE event <> ALL ($2))) \
        AND (SELECT paid.reconcile_at IS NOT NULL OR paid.call_off_refused FROM tiketi.payments AS paid \
            WHERE paid.event = sold.event AND paid.id = sold.payment) IS NOT TRUE \
    ORDER BY id LIMIT $1";
/// Takes events off the list once no reservation of theirs is live; none of a cancelled event becomes live again. Values are
/// looked for and not rows: the planner does not know that the list is short, and would join it with all reservations.
const CALLED_OFF: &str = "DELETE FROM tiketi.call_offs AS off \
    WHERE (SELECT id FROM tiketi.reservations WHERE event = off.event AND state = 'held' LIMIT 1) IS NULL \
        AND (SELECT id FROM tiketi.reservations WHERE event = off.event AND state = 'paying' LIMIT 1) IS NULL \
        AND (SELECT id FROM tiketi.reservations WHERE event = off.event AND state = 'confirmed' LIMIT 1) IS NULL";
/// An event without reservations has one row of zeroes; an unknown event has none.
const PROGRESS: &str = "WITH live AS (\
        SELECT event, payment FROM tiketi.reservations WHERE event = $1 AND state = 'held' \
        UNION ALL SELECT event, payment FROM tiketi.reservations WHERE event = $1 AND state = 'paying' \
        UNION ALL SELECT event, payment FROM tiketi.reservations WHERE event = $1 AND state = 'confirmed') \
    SELECT (SELECT count(*) FROM live) AS to_do, \
        (SELECT count(*) FROM tiketi.reservations WHERE event = $1 AND state = 'cancelled' \
            AND cancel_reason IN ('organiser', 'refunded')) AS done, \
        (SELECT count(*) FROM live JOIN tiketi.payments AS payment ON payment.event = live.event \
            AND payment.id = live.payment WHERE payment.event = $1 AND payment.call_off_refused) AS refused \
    FROM tiketi.events WHERE id = $1";

impl PostgresStore {
    /// Finds the event of a command.
    async fn event_of(&self, subject: Subject) -> Result<Option<EventId>, StoreError> {
        let (id, sql) = match subject {
            Subject::Event(event) => return Ok(Some(event)),
            Subject::Reservation(id) => (ReservationId::as_uuid(id), reads::EVENT_OF_RESERVATION),
            Subject::Payment(id) => (PaymentId::as_uuid(id), reads::EVENT_OF_PAYMENT),
        };
        if let Some(event) = self.event_ids.find(id) {
            return Ok(Some(event));
        }
        reads::event_of(self.database(), sql, id).await
    }

    /// Caches the event of the reservation and the payment in an answer.
    fn learn(&self, applied: &Applied) {
        let event = applied.reservation.event;
        self.event_ids.learn(applied.reservation.id.as_uuid(), event);
        if let Some(payment) = &applied.payment {
            self.event_ids.learn(payment.id.as_uuid(), event);
        }
    }
}

#[async_trait]
impl SalesStore for PostgresStore {
    async fn execute_any(&self, command: Envelope<AnyCommand>) -> Result<Applied, CommandError<AnyRefused>> {
        let unknown = || CommandError::Refused(command.command.subject_unknown());
        let event = self.event_of(command.command.subject()).await?.ok_or_else(unknown)?;
        let applied = self.work(event, command).await?;
        self.learn(&applied);
        Ok(applied)
    }

    async fn expire_due(&self, now: Timestamp, limit: usize) -> Result<Swept<Reservation>, StoreError> {
        expire_due(self, now, limit).await
    }

    async fn forget_commands(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.delete_before(FORGET_CREATIONS, before).await?;
        self.delete_before(FORGET_COMMANDS, before).await
    }

    async fn reservation(&self, id: ReservationId) -> Result<Option<Reservation>, StoreError> {
        self.find_reservation(id).await
    }

    async fn reservations_of(
        &self,
        buyer: BuyerId,
        event: Option<EventId>,
        page: PageRequest,
    ) -> Result<Page<Reservation>, StoreError> {
        reads::reservations_of(self.database(), buyer, event, page).await
    }

    async fn list_reservations(&self, query: ReservationQuery) -> Result<Vec<Reservation>, StoreError> {
        reservation_list::list_reservations(self.database(), &query).await
    }

    async fn reservation_numbered(
        &self,
        number: ReservationNumber,
    ) -> Result<Option<Reservation>, StoreError> {
        reservation_list::reservation_numbered(self.database(), number).await
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        self.find_payment(id).await
    }

    async fn payments_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Payment>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let due = self.query(DUE).bind(now.as_micros()).bind(limit).bind(self.passed_over());
        let due = self.database().fetch_all(due).await?;
        each(&due, |row| PaymentRow::read(row)?.payment())
    }

    async fn payments_needing_attention(
        &self,
        slow_before: Timestamp,
        page: PageRequest,
    ) -> Result<Page<Payment>, StoreError> {
        let slow_before = slow_before.as_micros();
        let (size, offset) = (i64::from(page.size()), stored(page.offset()));
        let found = self
            .database()
            .fetch_all(self.query(NEEDING_ATTENTION).bind(slow_before).bind(size).bind(offset))
            .await?;
        let total = self.database().fetch_one(self.query(COUNT_NEEDING_ATTENTION).bind(slow_before)).await?;
        let total = count(&Row::of(&total), "total")?;
        Ok(Page::counted(each(&found, |row| PaymentRow::read(row)?.payment())?, total, page))
    }

    async fn payment_by_key(
        &self,
        gateway: &str,
        provider_key: &str,
    ) -> Result<Option<PaymentId>, StoreError> {
        if !can_be_kept(gateway) || !can_be_kept(provider_key) {
            return Ok(None);
        }
        let row = self.database().fetch_optional(self.query(BY_KEY).bind(gateway).bind(provider_key)).await?;
        maybe(row, |row| row.uuid("id").map(PaymentId::from_uuid))
    }

    async fn to_call_off(&self, limit: usize) -> Result<Vec<ReservationId>, StoreError> {
        self.write(|| self.query(CALLED_OFF)).await?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found =
            self.database().fetch_all(self.query(TO_CALL_OFF).bind(limit).bind(self.passed_over())).await?;
        each(&found, |row| row.uuid("id").map(ReservationId::from_uuid))
    }

    async fn call_off_progress(&self, event: EventId) -> Result<Option<CallOffProgress>, StoreError> {
        let row = self.database().fetch_optional(self.query(PROGRESS).bind(event.as_uuid())).await?;
        maybe(row, |row| {
            let [to_do, done, refused] = ["to_do", "done", "refused"].map(|name| count(row, name));
            Ok(CallOffProgress { to_do: to_do?, done: done?, refused: refused? })
        })
    }
}
