//! A running server.

use std::path::PathBuf;
use std::sync::Arc;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::OnceCell;

use crate::cluster::{Cluster, Fsync, USER};
use crate::error::{HarnessError, blocking, expect};
use crate::tls;

/// A private Postgres server; dropping the last clone ends it.
///
/// Clones share one server.
#[derive(Debug, Clone)]
pub struct Server {
    pub(crate) cluster: Arc<Cluster>,
    /// The database that [`Database::fresh`](crate::Database::fresh) copies, once the first call has prepared it.
    pub(crate) template: Arc<OnceCell<String>>,
}

impl Server {
    /// Returns the one server that the tests of this process share; its commits do not wait for the disk.
    ///
    /// A test must not stop or kill it; such a test starts its own server.
    ///
    /// # Panics
    ///
    /// If no server can be started, with the reason.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<Server> = OnceCell::const_new();
        SHARED.get_or_init(|| Self::start(Fsync::Off)).await
    }

    /// Starts a private server.
    ///
    /// # Panics
    ///
    /// If no server can be started, with the reason.
    pub async fn start(fsync: Fsync) -> Self {
        Self::start_with(fsync, &[]).await
    }

    /// Starts a private server with further settings, such as `("max_connections", "20")`.
    ///
    /// # Panics
    ///
    /// If no server can be started, with the reason.
    pub async fn start_with(fsync: Fsync, settings: &'static [(&'static str, &'static str)]) -> Self {
        Self::of(blocking(move || Cluster::start(fsync, settings)).await)
    }

    /// Starts a private server that accepts only connections over TLS.
    ///
    /// [`Server::options`] cannot connect to it.
    ///
    /// # Panics
    ///
    /// If no server can be started, with the reason.
    pub async fn start_with_tls() -> Self {
        Self::of(blocking(Cluster::start_with_tls).await)
    }

    pub(crate) fn of(cluster: Cluster) -> Self {
        Self { cluster: Arc::new(cluster), template: Arc::default() }
    }

    /// Returns the superuser's connection options for the database `postgres`.
    pub fn options(&self) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(self.port());
        let options = options.username(USER).password(self.password()).database("postgres");
        options.ssl_mode(PgSslMode::Disable).disable_statement_logging()
    }

    /// Returns the address of a database with the superuser's name and password.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}:{}@127.0.0.1:{}/{database}", self.password(), self.port())
    }

    /// Returns the port; a restart does not change it.
    pub fn port(&self) -> u16 {
        self.cluster.port
    }

    /// Returns the superuser's password.
    pub fn password(&self) -> &str {
        &self.cluster.password
    }

    /// Returns the file of the self-signed certificate for `127.0.0.1`, if the server uses TLS.
    pub fn certificate(&self) -> PathBuf {
        tls::certificate(&self.cluster.data())
    }

    /// Returns the whole log of the server.
    pub fn log(&self) -> String {
        self.cluster.log()
    }

    /// Kills the server with all its processes, and returns when they have ended.
    ///
    /// # Panics
    ///
    /// If it does not run.
    pub async fn kill9(&self) {
        self.work(Cluster::kill).await;
    }

    /// Stops the server as an operator does; it closes its connections.
    ///
    /// # Panics
    ///
    /// If it does not run.
    pub async fn stop(&self) {
        self.work(Cluster::stop).await;
    }

    /// Stops the server if it runs and starts it again, at the same port, with crash recovery if it was killed.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn restart(&self) {
        self.work(|cluster| {
            if cluster.is_started() {
                cluster.stop()?;
            }
            cluster.start_again()
        })
        .await;
    }

    /// Opens a connection to the database `postgres` as superuser.
    ///
    /// # Panics
    ///
    /// If the server does not answer.
    pub async fn connect(&self) -> PgConnection {
        let connected = PgConnection::connect_with(&self.options()).await;
        expect(connected.map_err(HarnessError::sql("cannot connect to a Postgres server of the tests")))
    }

    pub(crate) async fn work(
        &self,
        work: impl FnOnce(&Cluster) -> Result<(), HarnessError> + Send + 'static,
    ) {
        let cluster = Arc::clone(&self.cluster);
        blocking(move || work(&cluster)).await;
    }
}
