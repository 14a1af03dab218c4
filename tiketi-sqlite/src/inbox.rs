//! The inbox.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;
use tiketi_core::{
    StoreError, Timestamp,
    store::{Delivery, InboxStore, Receipt},
};
use tiketi_sql::{DeliveryRow, columns};

use crate::load::{all, exists, one};
use crate::row::{Row, first};
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
    async fn receive_delivery(&self, delivery: Delivery, most: usize) -> Result<Receipt, StoreError> {
        delivery.check_texts()?;
        self.write(move |set| receive(set.connection(), &delivery, most)).await
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

fn receive(connection: &Connection, delivery: &Delivery, most: usize) -> Result<Receipt, StoreError> {
    let row = DeliveryRow::of(delivery);
    let known = "SELECT 1 FROM inbox WHERE gateway = ?1 AND delivery = ?2";
    if exists(connection, known, (&row.gateway, &row.delivery))? {
        return Ok(Receipt::Known);
    }
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let sql = "SELECT count(*) FROM (SELECT 1 FROM inbox WHERE payment = ?1 LIMIT ?2)";
    if one(connection, sql, (row.payment, most), first::<i64>)? == Some(most) {
        return Ok(Receipt::Full);
    }
    INSERT.run(connection, &row)?;
    Ok(Receipt::New)
}
