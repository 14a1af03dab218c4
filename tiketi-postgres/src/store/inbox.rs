//! The inbox.

use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::{
    StoreError, Timestamp,
    store::{Delivery, InboxStore, Receipt},
    text::can_be_kept,
};
use tiketi_sql::columns;

use crate::sql::row::each;
use crate::store::PostgresStore;

const RECEIVE: &str = "INSERT INTO tiketi.inbox (gateway, delivery, payment, provider_key, received_at, tries, done) \
    VALUES ($1, $2, $3, $4, $5, 0, false) ON CONFLICT DO NOTHING";
/// Claims deliveries that are not processed and not locked, and whose claim, if any, has run out.
const CLAIM: &str = concat!(
    "WITH free AS MATERIALIZED (SELECT gateway AS of_gateway, delivery AS of_delivery FROM tiketi.inbox \
        WHERE NOT done AND (claimed_until IS NULL OR claimed_until <= $1) \
        ORDER BY received_at LIMIT $3 FOR UPDATE SKIP LOCKED) \
    UPDATE tiketi.inbox SET claimed_until = $2 FROM free \
    WHERE gateway = of_gateway AND delivery = of_delivery RETURNING ",
    columns!(delivery)
);
const ACKNOWLEDGE: &str =
    "UPDATE tiketi.inbox SET done = true WHERE gateway = $1 AND delivery = $2 AND NOT done";
const POSTPONE: &str = "UPDATE tiketi.inbox SET claimed_until = $3, tries = tries + 1 \
    WHERE gateway = $1 AND delivery = $2 AND NOT done";
const FORGET: &str = "DELETE FROM tiketi.inbox WHERE received_at < $1";

#[async_trait]
impl InboxStore for PostgresStore {
    async fn receive_delivery(&self, delivery: Delivery) -> Result<Receipt, StoreError> {
        delivery.check_texts()?;
        let hint = &delivery.hint;
        let receive = || {
            sqlx::query(RECEIVE)
                .bind(&*delivery.gateway)
                .bind(&*hint.delivery)
                .bind(hint.payment.as_uuid())
                .bind(hint.provider_key.as_deref())
                .bind(delivery.received_at.as_micros())
        };
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
        let claim = || sqlx::query(CLAIM).bind(now).bind(until).bind(limit);
        let claimed = self.write_returning(claim).await?;
        let mut claimed = each(&claimed, |row| tiketi_sql::delivery(row))?;
        claimed.sort_by_key(|delivery| delivery.received_at);
        Ok(claimed)
    }

    async fn ack_delivery(&self, gateway: &str, delivery: &str) -> Result<(), StoreError> {
        if !can_be_kept(gateway) || !can_be_kept(delivery) {
            return Ok(());
        }
        self.write(|| sqlx::query(ACKNOWLEDGE).bind(gateway).bind(delivery)).await?;
        Ok(())
    }

    async fn postpone_delivery(
        &self,
        gateway: &str,
        delivery: &str,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let until = until.as_micros();
        self.write(|| sqlx::query(POSTPONE).bind(gateway).bind(delivery).bind(until)).await?;
        Ok(())
    }

    async fn forget_deliveries(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write(|| sqlx::query(FORGET).bind(before.as_micros())).await
    }
}
