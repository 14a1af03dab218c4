//! The cases that every store must pass, each on a new database that two servers have open.

#![cfg(test)]

use tiketi_conformance::{CommandOrder, Fresh, StoreFactory, async_trait};
use tiketi_postgres::{PostgresBroadcast, PostgresStore, SchemaName, StoreOptions, migrate};
use tiketi_postgres_harness::{Database, Server};

#[derive(Debug)]
struct Postgres;

/// Connections of each server's pool.
const CONNECTIONS: u32 = 4;

/// The schema has another name, so a statement that names the schema `tiketi` fails. The tests of several servers
/// use the default name.
fn schema() -> SchemaName {
    "shop_of_the_suite".parse().unwrap()
}

#[async_trait]
impl StoreFactory for Postgres {
    type Store = PostgresStore;
    type Guard = Database;

    async fn fresh(&self) -> Fresh<PostgresStore, Database> {
        let server = Server::shared().await;
        let database =
            Database::fresh(server, |options| async move { migrate(&options, &schema()).await }).await;
        let store = |pool| PostgresStore::with_options(pool, StoreOptions::new().schema(schema()));
        let first = store(database.pool(CONNECTIONS).await);
        let second = store(database.pool(CONNECTIONS).await);
        Fresh::guarded(first, database).also_open_as(second)
    }

    fn command_order(&self) -> CommandOrder {
        CommandOrder::AsSent
    }
}

tiketi_conformance::all_cases!(crate::Postgres);
tiketi_conformance::room_journal_cases!(crate::Postgres);

/// The broadcasts of two servers on one database.
#[derive(Debug)]
struct News;

#[async_trait]
impl StoreFactory for News {
    type Store = PostgresBroadcast;
    type Guard = Database;

    async fn fresh(&self) -> Fresh<PostgresBroadcast, Database> {
        let server = Server::shared().await;
        let database =
            Database::fresh(server, |options| async move { migrate(&options, &schema()).await }).await;
        let open = || PostgresBroadcast::open(&database.options(), &schema());
        let (first, second) = (open(), open());
        Fresh::guarded(first, database).also_open_as(second)
    }
}

tiketi_conformance::broadcast_cases!(crate::News);
