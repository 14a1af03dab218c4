//! One database with several stores, as several servers have them.

use std::sync::Arc;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection};
use tiketi_conformance::{Handles, SellingStore, TestShop};
use tiketi_core::store::AuditReport;
use tiketi_postgres::{PostgresStore, SchemaName, StoreOptions, migrate};
use tiketi_postgres_harness::{Database, Server};

/// Connections of each store's pool.
const CONNECTIONS: u32 = 4;

/// A shop that sells through several stores.
pub(crate) struct TestCluster {
    pub(crate) database: Database,
    pub(crate) stores: Vec<PostgresStore>,
    pub(crate) shop: TestShop,
}

impl TestCluster {
    /// Opens this many stores on a new database of the shared server.
    pub(crate) async fn of(stores: usize) -> Self {
        Self::on(Server::shared().await, stores, |options| options).await
    }

    /// Opens this many stores on a new database of a server, each with its own connection options.
    pub(crate) async fn on(
        server: &Server,
        stores: usize,
        connect: impl Fn(PgConnectOptions) -> PgConnectOptions,
    ) -> Self {
        let migrated = |options| async move { migrate(&options, &SchemaName::default()).await };
        let database = Database::fresh(server, migrated).await;
        let options = connect(database.options());
        let stores = (0..stores).map(|_| store(options.clone(), CONNECTIONS)).collect();
        Self::over(database, stores).await
    }

    /// Opens a shop over existing stores.
    pub(crate) async fn over(database: Database, stores: Vec<PostgresStore>) -> Self {
        let shop = TestShop::over(handles(&stores)).await;
        Self { database, stores, shop }
    }

    /// Opens a connection that is independent of the stores.
    pub(crate) async fn connect(&self) -> PgConnection {
        PgConnection::connect_with(&self.database.options()).await.unwrap()
    }

    /// Runs a statement on a connection that is independent of the stores.
    pub(crate) async fn run(&self, sql: &str) {
        let mut connection = self.connect().await;
        sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// Makes the handles through which a shop uses the stores in turn.
pub(crate) fn handles(stores: &[PostgresStore]) -> Handles<dyn SellingStore> {
    Handles::new(stores.iter().map(|store| Arc::new(store.clone()) as Arc<dyn SellingStore>).collect())
}

/// Opens a store over a pool that connects when a connection is needed.
pub(crate) fn store(options: PgConnectOptions, connections: u32) -> PostgresStore {
    let patience = std::time::Duration::from_secs(20);
    let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(patience);
    PostgresStore::connect_lazy(pool, options, StoreOptions::new())
}

/// Fails if the audit of a store finds a violation.
pub(crate) async fn assert_sound(store: &PostgresStore) {
    let report = AuditReport::of(store).await.unwrap();
    assert_eq!(report.violations, []);
}
