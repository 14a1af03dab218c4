//! Payments that are not over.

use async_trait::async_trait;
use tiketi_core::{
    EventId, Page, PageRequest, Payment, PaymentId, ReservationId, StoreError, Timestamp,
    store::{CallOffProgress, PaymentStore},
    text::can_be_kept,
};
use tiketi_sql::{PaymentRow, Row as _, columns, count, stored};

use crate::sql::row::{Row, each, maybe};
use crate::store::PostgresStore;

/// Locked events are left out: their payments cannot be claimed, and may be more than the limit.
const DUE: &str = concat!(
    "SELECT ",
    columns!(payment),
    " FROM tiketi.payments WHERE reconcile_at <= $1 AND event <> ALL ($3) ORDER BY reconcile_at, id LIMIT $2"
);
/// Two lists without a row in common, each by its own index.
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
const BY_KEY: &str = "SELECT id FROM tiketi.payments WHERE provider_key = $2 AND gateway = $1";
/// What is held and what is sold have an index each, in which events that are settled have no row; events that somebody
/// has locked are left out.
const TO_CALL_OFF: &str = "SELECT held.id FROM tiketi.events AS off \
        JOIN tiketi.reservations AS held ON held.event = off.id AND held.state = 'held' \
        WHERE off.state = 'cancelled' AND off.id <> ALL ($2) \
    UNION ALL SELECT sold.id FROM tiketi.events AS off \
        JOIN tiketi.reservations AS sold ON sold.event = off.id AND sold.state = 'confirmed' \
        LEFT JOIN tiketi.payments AS paid ON paid.event = sold.event AND paid.id = sold.payment \
        WHERE off.state = 'cancelled' AND paid.reconcile_at IS NULL AND paid.call_off_refused IS NOT TRUE \
            AND off.id <> ALL ($2) \
    ORDER BY id LIMIT $1";
/// An event without reservations has one row of zeroes; one that does not exist has none.
const PROGRESS: &str = "WITH live AS (\
        SELECT event, payment FROM tiketi.reservations WHERE event = $1 AND state = 'held' \
        UNION ALL SELECT event, payment FROM tiketi.reservations WHERE event = $1 AND state = 'paying' \
        UNION ALL SELECT event, payment FROM tiketi.reservations WHERE event = $1 AND state = 'confirmed') \
    SELECT (SELECT count(*) FROM live) AS to_do, \
        (SELECT count(*) FROM tiketi.reservations WHERE event = $1 AND state IN ('expired', 'cancelled') \
            AND cancel_reason IN ('organiser', 'refunded')) AS done, \
        (SELECT count(*) FROM live JOIN tiketi.payments AS payment ON payment.event = live.event \
            AND payment.id = live.payment WHERE payment.event = $1 AND payment.call_off_refused) AS refused \
    FROM tiketi.events WHERE id = $1";

#[async_trait]
impl PaymentStore for PostgresStore {
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
        let total = count(&Row(&total), "total")?;
        Ok(Page { rows: each(&found, |row| PaymentRow::read(row)?.payment())?, total })
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
