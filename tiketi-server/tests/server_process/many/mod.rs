//! A server whose store is a database that others share.

mod clock;
mod commands;
mod demo;
mod outage;
mod pooling;
mod tls;

use sqlx::postgres::PgConnectOptions;
use tiketi_core::StoreError;

/// Makes the schema of a test's database.
pub(crate) async fn migrate(options: PgConnectOptions) -> Result<(), StoreError> {
    tiketi_postgres::migrate(&options).await
}
