//! The inbox.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::{
    StoreError, Timestamp,
    store::{Delivery, InboxStore, Receipt},
};
use tiketi_sql::{DeliveryRow, columns};

use crate::load::{all, exists};
use crate::row::Row;
use crate::slices::slice_before;
use crate::statement::Statement;
use crate::store::SqliteStore;
use crate::write;

static INSERT: LazyLock<Statement> =
    LazyLock::new(|| Statement::insert::<DeliveryRow<'_>>("ON CONFLICT DO NOTHING"));

/// Finds deliveries that are not processed and not claimed, or whose claim has ended.
const FREE: &str = "done = 0 AND (claimed_until IS NULL OR claimed_until <= ?1)";

const FORGET: &str = slice_before!("inbox", "received_at");

#[async_trait]
impl InboxStore for SqliteStore {
    async fn receive_delivery(&self, delivery: Delivery) -> Result<Receipt, StoreError> {
        delivery.check_texts()?;
        self.write(move |set| {
            let is_new = INSERT.run(set.connection(), &DeliveryRow::of(&delivery))? == 1;
            Ok(if is_new { Receipt::New } else { Receipt::Known })
        })
        .await
    }

    async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        // Most rounds find nothing, so a read comes first: it does not delay the writer.
        let any = format!("SELECT 1 FROM inbox WHERE {FREE} LIMIT 1");
        if !self.read(move |connection| exists(connection, &any, [now.as_micros()])).await? {
            return Ok(Vec::new());
        }
        let until = now.after(lease).as_micros();
        self.write(move |set| {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let columns = columns!(delivery);
            let sql = format!("SELECT {columns} FROM inbox WHERE {FREE} ORDER BY received_at LIMIT ?2");
            let read = |row: &Row<'_, '_>| DeliveryRow::read(row)?.delivery();
            let found = all(set.connection(), &sql, (now.as_micros(), limit), read)?;
            for delivery in &found {
                let sql = "UPDATE inbox SET claimed_until = ?3 WHERE gateway = ?1 AND delivery = ?2";
                write::run(set.connection(), sql, (&delivery.gateway, &delivery.hint.delivery, until))?;
            }
            Ok(found)
        })
        .await
    }

    async fn ack_delivery(&self, gateway: &str, delivery: &str) -> Result<(), StoreError> {
        let named = (gateway.to_owned(), delivery.to_owned());
        self.write(move |set| {
            let sql = "UPDATE inbox SET done = 1 WHERE gateway = ?1 AND delivery = ?2";
            write::run(set.connection(), sql, (&named.0, &named.1)).map(|_| ())
        })
        .await
    }

    async fn postpone_delivery(
        &self,
        gateway: &str,
        delivery: &str,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let named = (gateway.to_owned(), delivery.to_owned());
        self.write(move |set| {
            let sql = "UPDATE inbox SET claimed_until = ?3, tries = tries + 1 \
                WHERE gateway = ?1 AND delivery = ?2 AND done = 0";
            write::run(set.connection(), sql, (&named.0, &named.1, until.as_micros())).map(|_| ())
        })
        .await
    }

    async fn forget_deliveries(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.delete_before(FORGET, before).await
    }
}
