//! The inbox.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::{
    StoreError, Timestamp,
    store::{Delivery, InboxStore, Receipt},
    text::can_be_kept,
};
use tiketi_sql::{DeliveryRow, columns};

use crate::sql::row::each;
use crate::sql::statement::RowStatement;
use crate::store::PostgresStore;
use crate::store::slices::slice_before;

static RECEIVE: LazyLock<RowStatement> =
    LazyLock::new(|| RowStatement::insert::<DeliveryRow<'_>>("ON CONFLICT DO NOTHING"));
/// Claims deliveries that are not processed and not locked, and that have no claim or an ended one.
const CLAIM: &str = concat!(
    "WITH free AS MATERIALIZED (SELECT gateway AS of_gateway, delivery AS of_delivery FROM tiketi.inbox \
        WHERE NOT done AND (claimed_until IS NULL OR claimed_until <= $1) \
        ORDER BY received_at LIMIT $3 FOR UPDATE SKIP LOCKED) \
    UPDATE tiketi.inbox SET claimed_until = $2 FROM free \
    WHERE gateway = of_gateway AND delivery = of_delivery RETURNING ",
    columns!(delivery)
);
const ABOUT_PAYMENT: &str = "SELECT 1 FROM tiketi.inbox WHERE payment = $1 LIMIT $2";
const KNOWN: &str = "SELECT 1 FROM tiketi.inbox WHERE gateway = $1 AND delivery = $2";
const ACKNOWLEDGE: &str =
    "UPDATE tiketi.inbox SET done = true WHERE gateway = $1 AND delivery = $2 AND NOT done";
const POSTPONE: &str = "UPDATE tiketi.inbox SET claimed_until = $3, tries = tries + 1 \
    WHERE gateway = $1 AND delivery = $2 AND NOT done";
const FORGET: &str = slice_before!("tiketi.inbox", "received_at");

#[async_trait]
impl InboxStore for PostgresStore {
    async fn receive_delivery(&self, delivery: Delivery, most: usize) -> Result<Receipt, StoreError> {
        delivery.check_texts()?;
        let row = DeliveryRow::of(&delivery);
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let names = self.query(ABOUT_PAYMENT).bind(row.payment).bind(most);
        let saved = self.database().fetch_all(names).await?;
        if i64::try_from(saved.len()).is_ok_and(|count| count == most) {
            let known = self.query(KNOWN).bind(row.gateway.as_ref()).bind(row.delivery.as_ref());
            let is_known = self.database().fetch_optional(known).await?.is_some();
            return Ok(if is_known { Receipt::Known } else { Receipt::Full });
        }
        let receive = || RECEIVE.bind(self.query(RECEIVE.sql()), &row);
        let is_new = self.write(receive).await? == 1;
        Ok(if is_new { Receipt::New } else { Receipt::Known })
    }

    async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let (now, until) = (now.as_micros(), now.after(lease).as_micros());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let claim = || self.query(CLAIM).bind(now).bind(until).bind(limit);
        let claimed = self.write_returning(claim).await?;
        let mut claimed = each(&claimed, |row| DeliveryRow::read(row)?.delivery())?;
        claimed.sort_by_key(|delivery| delivery.received_at);
        Ok(claimed)
    }

    async fn ack_delivery(&self, gateway: &str, delivery: &str) -> Result<(), StoreError> {
        if !can_be_kept(gateway) || !can_be_kept(delivery) {
            return Ok(());
        }
        self.write(|| self.query(ACKNOWLEDGE).bind(gateway).bind(delivery)).await?;
        Ok(())
    }

    async fn postpone_delivery(
        &self,
        gateway: &str,
        delivery: &str,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let until = until.as_micros();
        self.write(|| self.query(POSTPONE).bind(gateway).bind(delivery).bind(until)).await?;
        Ok(())
    }

    async fn forget_deliveries(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.delete_before(FORGET, before).await
    }
}
