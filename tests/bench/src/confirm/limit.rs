//! The limit of confirms: the same rows as the store writes, 256 orders in each of two transactions, by hand.

mod postgres;
mod sqlite;

use std::error::Error;
use std::time::Duration;

use tiketi_core::PaymentGateway;
use tiketi_core::gateway::{ConfirmAnswer, ConfirmRequest};

use crate::confirm::Order;
use crate::figures::Timings;
use crate::shop::{Guard, Shop};

/// Orders that share a transaction; both stores take as many.
const BATCH: usize = 256;
/// A moment that no bench reaches, in UTC microseconds.
const FAR: i64 = 4_000_000_000_000_000;

/// Confirms orders until the time is up or none is left; `None` if the store has no limit to compare with.
pub(super) async fn confirm(
    shop: &Shop,
    gateway: &dyn PaymentGateway,
    orders: &[Order],
    time: Duration,
) -> Result<Option<Timings>, Box<dyn Error>> {
    match &shop.guard {
        Guard::Nothing => Ok(None),
        Guard::Folder(folder) => {
            sqlite::confirm(&folder.path().join("bench.db"), gateway, orders, time).await.map(Some)
        }
        Guard::Database { database, .. } => {
            postgres::confirm(database, gateway, orders, time).await.map(Some)
        }
    }
}

/// Asks the provider for the money of orders, and returns its key for each.
async fn take(gateway: &dyn PaymentGateway, orders: &[Order]) -> Result<Vec<String>, Box<dyn Error>> {
    let mut keys = Vec::with_capacity(orders.len());
    for Order { payment, key, .. } in orders {
        let request = ConfirmRequest::new(payment.id, payment.buyer, payment.amount, payment.method.clone())
            .provider_key(key.clone());
        match gateway.confirm(request).await {
            ConfirmAnswer::Paid(captured) => keys.push(captured.provider_key),
            other => return Err(format!("a provider says {other:?}").into()),
        }
    }
    Ok(keys)
}
