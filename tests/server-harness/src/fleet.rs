//! Three servers on one Postgres database.

use std::sync::Arc;

use sqlx::postgres::PgConnectOptions;
use tiketi_core::StoreError;
use tiketi_postgres::{PostgresStore, SchemaName};
use tiketi_postgres_harness::{Database, Server, free_port};

use crate::process::{Running, raise_open_file_limit, run, server};
use crate::shop::{SECRET, ServerShop, Stock};

/// How many servers sell together.
pub const SERVERS: usize = 3;

/// A shop in a database, and its servers, each of which keeps its address over restarts.
#[derive(Debug)]
pub struct Fleet {
    /// What the servers sell.
    pub shop: Arc<ServerShop>,
    /// The address of each server, such as `127.0.0.1:4711`.
    pub addresses: Arc<[String]>,
    /// The database of all servers.
    pub database: Database,
    running: Vec<Option<Running>>,
    options: Vec<String>,
}

/// Creates the schema in a test's database.
pub async fn migrate(options: PgConnectOptions) -> Result<(), StoreError> {
    tiketi_postgres::migrate(&options, &SchemaName::default()).await
}

impl Fleet {
    /// Creates a shop and starts the servers, each with these options.
    pub async fn open(postgres: &Server, stock: Stock, options: &[&str]) -> Self {
        raise_open_file_limit();
        let database = Database::fresh(postgres, migrate).await;
        let pool = database.pool(2).await;
        let store = Arc::new(PostgresStore::new(pool.clone()));
        let shop = Arc::new(ServerShop::over(store, database.url(), stock).await);
        pool.close().await;
        let addresses = (0..SERVERS).map(|_| format!("127.0.0.1:{}", free_port())).collect();
        let running = (0..SERVERS).map(|_| None).collect();
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let mut fleet = Self { shop, addresses, database, running, options };
        for at in 0..SERVERS {
            fleet.start(at).await;
        }
        fleet
    }

    /// Starts a server that does not run.
    pub async fn start(&mut self, at: usize) {
        let shop = ["--store", &self.database.url(), "--jwt-secret", SECRET, "--log=warn"];
        let listen = ["--listen", &self.addresses[at]];
        let options: Vec<_> = self.options.iter().map(String::as_str).collect();
        let running = Running::of(server(&[&shop[..], &listen, &options].concat())).await;
        assert_eq!(running.address(), self.addresses[at]);
        self.running[at] = Some(running);
    }

    /// Kills a server.
    pub async fn kill(&mut self, at: usize) {
        self.running[at].take().expect("it runs").kill().await;
    }

    /// Returns a running server.
    pub fn server(&self, at: usize) -> &Running {
        self.running[at].as_ref().expect("it is down")
    }

    /// Stops all running servers and asserts that each ends with code 0.
    pub async fn stop(&mut self) {
        for running in self.running.iter_mut().filter_map(Option::take) {
            let said = running.stop().await;
            assert_eq!(said.code, Some(0), "{said:?}");
        }
    }

    /// Stops all servers and asserts that the audit of their store passes.
    pub async fn close(mut self) {
        self.stop().await;
        let said = run(&["audit", "--store", &self.database.url()]).await;
        assert!(said.code == Some(0) && said.out.contains("no violations"), "{said:?}");
    }
}
