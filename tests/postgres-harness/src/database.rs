//! A database for one test.

use std::fmt::Display;
use std::future::Future;
use std::thread;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection};

use crate::Server;
use crate::error::{HarnessError, expect};

/// As long as a busy machine may take to open a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// A database of its own, dropped with all its connections at the end.
#[derive(Debug)]
pub struct Database {
    server: Server,
    name: String,
}

impl Database {
    /// Makes a copy of a database that `migrate` prepared, once a server: the first caller's is used for all.
    ///
    /// `migrate` has to close its connections.
    ///
    /// # Panics
    ///
    /// If the server refuses, or `migrate` does.
    pub async fn fresh<F, E>(server: &Server, migrate: impl FnOnce(PgConnectOptions) -> F) -> Self
    where
        F: Future<Output = Result<(), E>>,
        E: Display,
    {
        let template = server.template.get_or_try_init(|| make_template(server, migrate)).await;
        let template = expect(template.map(String::as_str));
        expect(Self::make(server, "fresh", template).await)
    }

    /// Makes a database with nothing in it.
    ///
    /// # Panics
    ///
    /// If the server refuses.
    pub async fn empty(server: &Server) -> Self {
        expect(Self::make(server, "empty", "template1").await)
    }

    async fn make(server: &Server, kind: &str, template: &str) -> Result<Self, HarnessError> {
        let name = format!("{kind}_{:032x}", rand::random::<u128>());
        create(server, &name, template).await?;
        Ok(Self { server: server.clone(), name })
    }

    /// Returns how to connect, as superuser.
    pub fn options(&self) -> PgConnectOptions {
        self.server.options().database(&self.name)
    }

    /// Returns the address, with the superuser's name and password.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// Returns the database's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens a pool of up to `connections`.
    ///
    /// # Panics
    ///
    /// If the server does not answer.
    pub async fn pool(&self, connections: u32) -> PgPool {
        let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT);
        let pool = pool.connect_with(self.options()).await;
        expect(pool.map_err(HarnessError::sql("cannot open a pool to a database of the tests")))
    }

    /// Cuts off up to `most` clients of the database, chosen at random, and returns how many there were.
    ///
    /// # Panics
    ///
    /// If the server does not answer.
    pub async fn terminate_backends(&self, most: i64) -> i64 {
        const TERMINATE: &str = "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity \
             WHERE datname = $1 AND pid <> pg_backend_pid() ORDER BY random() LIMIT $2) AS unlucky";
        let mut connection = self.server.connect().await;
        let asked =
            sqlx::query_scalar(TERMINATE).bind(&self.name).bind(most).fetch_one(&mut connection).await;
        expect(asked.map_err(HarnessError::sql("cannot cut off the clients of a database")))
    }
}

impl Drop for Database {
    /// Drops it on a separate thread, because the test that drops it may run within a runtime.
    fn drop(&mut self) {
        let (options, name) = (self.server.options(), self.name.clone());
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            // A server that was killed takes its databases along: what fails here is of no consequence.
            runtime.map(|runtime| runtime.block_on(discard(options, name)))
        });
        let _dropped = dropping.join();
    }
}

async fn discard(options: PgConnectOptions, name: String) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect_with(&options).await?;
    // The name is our own, and an identifier cannot be bound.
    let drop = AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
    sqlx::query(drop).execute(&mut connection).await?;
    connection.close().await
}

async fn make_template<F, E>(
    server: &Server,
    migrate: impl FnOnce(PgConnectOptions) -> F,
) -> Result<String, HarnessError>
where
    F: Future<Output = Result<(), E>>,
    E: Display,
{
    let name = "migrated".to_owned();
    create(server, &name, "template1").await?;
    let migrated = migrate(server.options().database(&name)).await;
    migrated.map_err(|error| HarnessError::Migration(error.to_string()))?;
    Ok(name)
}

async fn create(server: &Server, name: &str, template: &str) -> Result<(), HarnessError> {
    let failed = || HarnessError::sql("cannot make a database for a test");
    let mut connection = server.connect().await;
    // The names are our own, and an identifier cannot be bound.
    let create = AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE {template}"));
    sqlx::query(create).execute(&mut connection).await.map_err(failed())?;
    connection.close().await.map_err(failed())
}
