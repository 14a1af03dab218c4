//! The cases every store has to pass, on a database of its own each, opened as two servers have it.

use tiketi_conformance::{Fresh, StoreFactory, async_trait};
use tiketi_postgres::{PostgresStore, migrate};
use tiketi_postgres_harness::{Database, Server};

#[derive(Debug)]
struct Postgres;

/// Connections of each of the two.
const CONNECTIONS: u32 = 4;

#[async_trait]
impl StoreFactory for Postgres {
    type Store = PostgresStore;
    type Guard = Database;

    async fn fresh(&self) -> Fresh<PostgresStore, Database> {
        let server = Server::shared().await;
        let database = Database::fresh(server, |options| async move { migrate(&options).await }).await;
        let first = PostgresStore::new(database.pool(CONNECTIONS).await);
        let second = PostgresStore::new(database.pool(CONNECTIONS).await);
        Fresh::guarded(first, database).also_open_as(second)
    }
}

tiketi_conformance::all_cases!(crate::Postgres);
