//! Sends what waits, as few notifications as possible.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection, Error};
use tokio::time::{sleep, timeout};

use crate::broadcast::Shared;
use crate::broadcast::payload::encode;
use crate::sql::schema::SchemaName;

/// How long messages are merged before they are sent: 20 milliseconds after the send before, so that the first one is
/// sent at once, and a server sends at most 50 times a second.
const MERGE_FOR: Duration = Duration::from_millis(20);
/// How often something is sent at least, so that each process notices whether it still receives.
const SEND_AT_LEAST_EVERY: Duration = Duration::from_secs(1);
/// Longest wait for the database.
const PATIENCE: Duration = Duration::from_secs(2);
/// Pause after a send that failed.
const RETRY_AFTER: Duration = Duration::from_millis(250);

/// The task that sends.
pub(super) struct Sender {
    shared: Arc<Shared>,
    server: PgConnectOptions,
    channel: String,
    /// Not of a pool: a connection that does not answer is dropped at once.
    connection: Option<PgConnection>,
}

impl Sender {
    pub(super) fn new(shared: Arc<Shared>, server: PgConnectOptions, schema: &SchemaName) -> Self {
        Self { shared, server, channel: schema.to_string(), connection: None }
    }

    /// Sends until the task is aborted.
    pub(super) async fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        loop {
            let _woken_or_due = timeout(SEND_AT_LEAST_EVERY, shared.has_pending.notified()).await;
            let pending = std::mem::take(&mut *shared.pending());
            let statement = self.statement(&encode(shared.me, pending));
            // The same messages again, also if they were sent and only the answer was lost: to receive them twice is
            // harmless. Those that come meanwhile are merged.
            while let Err(error) = self.send(&statement).await {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "changes were not sent; will try again"
                );
                sleep(RETRY_AFTER).await;
            }
            shared.sent.fetch_add(1, Ordering::Relaxed);
            sleep(MERGE_FOR).await;
        }
    }

    /// Returns one statement that sends every payload.
    ///
    /// It has no parameters, so that it is a single message, which any pooler passes on. Nothing in it needs quotes:
    /// a schema's name has letters, digits and underscores, and a payload has hexadecimal digits. A notification is
    /// lost with the server anyway, so its transaction does not wait for the disk or for a standby, and holds the lock
    /// of the notifications only shortly.
    fn statement(&self, payloads: &[String]) -> String {
        let payloads: Vec<_> = payloads.iter().map(|payload| format!("('{payload}')")).collect();
        format!(
            "SELECT set_config('synchronous_commit', 'off', true), pg_notify('{}', payload) \
             FROM (VALUES {}) AS payloads (payload)",
            self.channel,
            payloads.join(", "),
        )
    }

    /// Sends; after a failure it connects again the next time.
    async fn send(&mut self, statement: &str) -> Result<(), Error> {
        let sent =
            timeout(PATIENCE, self.try_send(statement)).await.unwrap_or_else(|_| Err(Error::PoolTimedOut));
        if sent.is_err() {
            self.connection = None;
        }
        sent
    }

    async fn try_send(&mut self, statement: &str) -> Result<(), Error> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(PgConnection::connect_with(&self.server).await?),
        };
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.map(drop)
    }
}
