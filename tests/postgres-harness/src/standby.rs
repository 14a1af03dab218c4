//! A standby that follows a first server and can replace it.

use std::sync::Arc;
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::PgConnection;

use crate::Server;
use crate::cluster::Cluster;
use crate::error::{HarnessError, blocking, expect};

const PATIENCE: Duration = Duration::from_secs(30);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

const CONFIRM: &str = "ALTER SYSTEM SET synchronous_standby_names = '*'";
const RELOAD: &str = "SELECT pg_reload_conf()";
const IS_SYNCHRONOUS: &str = "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')";

impl Server {
    /// Starts a synchronous standby: from now on the first server answers a commit only when the standby has
    /// written it.
    ///
    /// The standby has the same databases, user and password, and another port. When the standby has ended, the
    /// first server answers no commit.
    ///
    /// # Panics
    ///
    /// If it does not start, or does not follow.
    pub async fn standby(&self) -> Self {
        let primary = Arc::clone(&self.cluster);
        let standby = Self::of(blocking(move || Cluster::start_standby(&primary)).await);
        expect(self.wait_for_standby().await);
        standby
    }

    /// Promotes a standby; when this returns, it accepts writes.
    ///
    /// # Panics
    ///
    /// If the server is not a standby.
    pub async fn promote(&self) {
        self.work(Cluster::promote).await;
    }

    async fn wait_for_standby(&self) -> Result<(), HarnessError> {
        let failed = || HarnessError::sql("cannot make a standby synchronous");
        let mut connection = self.connect().await;
        sqlx::query(CONFIRM).execute(&mut connection).await.map_err(failed())?;
        sqlx::query(RELOAD).execute(&mut connection).await.map_err(failed())?;
        let follows = async {
            while !is_synchronous(&mut connection).await.map_err(failed())? {
                tokio::time::sleep(BETWEEN_LOOKS).await;
            }
            Ok(())
        };
        let followed = tokio::time::timeout(PATIENCE, follows).await;
        followed.map_err(|_| HarnessError::Late("a synchronous standby"))??;
        connection.close().await.map_err(failed())
    }
}

async fn is_synchronous(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(IS_SYNCHRONOUS).fetch_one(connection).await
}
