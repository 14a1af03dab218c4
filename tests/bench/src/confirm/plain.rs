//! Confirms as most applications write them: a transaction before the provider is asked and one after it, statement
//! by statement.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgPool;
use tiketi_core::{
    PaymentGateway,
    gateway::{ConfirmAnswer, ConfirmRequest},
};
use tiketi_postgres_harness::Database;
use uuid::Uuid;

use crate::confirm::Order;
use crate::figures::Timings;
use crate::load::{self, More};

/// Connections that confirm one order at a time.
const CONNECTIONS: u32 = 32;

const LOCK: &str = "SELECT state FROM tiketi.payments WHERE event = $1 AND id = $2 FOR UPDATE";
const LOCK_RESERVATION: &str =
    "SELECT state FROM tiketi.reservations WHERE event = $1 AND id = $2 FOR UPDATE";
const CONFIRMING: &str = "UPDATE tiketi.payments SET state = 'confirming', state_at = 1, reconciliation = '{\"since\":1,\"tries\":0}', \
    reconcile_at = 4000000000000000, awaited_since = 1, version = version + 1 WHERE event = $1 AND id = $2";
const PAYING: &str =
    "UPDATE tiketi.reservations SET state = 'paying', version = version + 1 WHERE event = $1 AND id = $2";
const PAID: &str = "UPDATE tiketi.payments SET state = 'paid', captured = amount, captured_at = 1, taken_in = currency, reconciliation = NULL, \
    reconcile_at = NULL, awaited_since = NULL, provider_key = $3, version = version + 1 WHERE event = $1 AND id = $2";
const CONFIRMED: &str =
    "UPDATE tiketi.reservations SET state = 'confirmed', version = version + 1 WHERE event = $1 AND id = $2";
const SOLD: &str = "UPDATE tiketi.seats SET state = 'sold', until = NULL, version = version + 1, \
    map_version = map_version + 1 WHERE event = $1 AND id = $2";

/// Confirms as many orders, from the last one backwards, until the time is up or none of them is left.
pub(super) async fn confirm(
    database: &Database,
    gateway: Arc<dyn PaymentGateway>,
    orders: Arc<Vec<Order>>,
    most: usize,
    callers: u32,
    time: Duration,
) -> Result<Timings, Box<dyn Error>> {
    let pool = database.pool(CONNECTIONS).await;
    load::run(callers, time, move |turn| {
        let (pool, gateway, orders) = (pool.clone(), Arc::clone(&gateway), Arc::clone(&orders));
        async move {
            let Some(order) = orders.iter().rev().take(most).nth(turn) else {
                return Ok(More::No);
            };
            if !begin(&pool, order).await.map_err(|error| error.to_string())? {
                return Ok(More::No);
            }
            let key = take(&*gateway, order).await?;
            finish(&pool, order, &key).await.map_err(|error| error.to_string())?;
            Ok(More::Yes)
        }
    })
    .await
}

/// Commits the intent, unless another connection did.
async fn begin(pool: &PgPool, order: &Order) -> Result<bool, sqlx::Error> {
    let (event, payment, reservation, _) = ids(order);
    let mut transaction = pool.begin().await?;
    let row = sqlx::query(LOCK).bind(event).bind(payment).fetch_one(&mut *transaction).await?;
    if sqlx::Row::try_get::<String, _>(&row, "state")? != "ready" {
        return Ok(false);
    }
    sqlx::query(LOCK_RESERVATION).bind(event).bind(reservation).fetch_one(&mut *transaction).await?;
    sqlx::query(CONFIRMING).bind(event).bind(payment).execute(&mut *transaction).await?;
    sqlx::query(PAYING).bind(event).bind(reservation).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn take(gateway: &dyn PaymentGateway, order: &Order) -> Result<String, String> {
    let request = ConfirmRequest::new(
        order.payment.id,
        order.payment.buyer,
        order.payment.amount,
        order.payment.method.clone(),
    )
    .provider_key(order.key.clone());
    match gateway.confirm(request).await {
        ConfirmAnswer::Paid(captured) => Ok(captured.provider_key),
        other => Err(format!("a provider says {other:?}")),
    }
}

/// Commits that the order is paid.
async fn finish(pool: &PgPool, order: &Order, key: &str) -> Result<(), sqlx::Error> {
    let (event, payment, reservation, seat) = ids(order);
    let mut transaction = pool.begin().await?;
    sqlx::query(LOCK).bind(event).bind(payment).fetch_one(&mut *transaction).await?;
    sqlx::query(PAID).bind(event).bind(payment).bind(key).execute(&mut *transaction).await?;
    sqlx::query(CONFIRMED).bind(event).bind(reservation).execute(&mut *transaction).await?;
    sqlx::query(SOLD).bind(event).bind(seat).execute(&mut *transaction).await?;
    transaction.commit().await
}

fn ids(order: &Order) -> (Uuid, Uuid, Uuid, Uuid) {
    let payment = &order.payment;
    (payment.event.as_uuid(), payment.id.as_uuid(), payment.reservation.as_uuid(), order.seat.as_uuid())
}
