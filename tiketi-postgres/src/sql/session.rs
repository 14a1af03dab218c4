//! How statements are sent: prepared once for each connection, or, behind a pooler, as a whole each time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgRow};
use sqlx::{ConnectOptions as _, Error, Postgres, Transaction};
use tiketi_core::StoreError;
use tiketi_sql::closed;

use crate::error::{commit_failed, ended, failed};
use crate::sql::holds::{Held, Holds};
use crate::sql::line::Line;
use crate::sql::schema::{Schema, SchemaName};
use crate::sql::statement::Statement;

/// Begins a transaction that does not wait for other sessions without limit, and does not block them without limit.
///
/// If this process or its network stops in the middle, the database ends the transaction after
/// `idle_in_transaction_session_timeout`, and with it the locks; later statements of this process are refused. The
/// settings end with the transaction, so that they are right behind a pooler too.
pub(crate) const BEGIN: &str =
    "BEGIN; SET LOCAL lock_timeout = 2000; SET LOCAL idle_in_transaction_session_timeout = 5000";
/// A reader locks no rows, but it uses a session of a pooler, and it prevents the clean-up of old row versions.
const BEGIN_READING: &str = "BEGIN READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 5000";

/// Whether a statement stays prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Statements {
    /// It is prepared on its connection under a name, and is not parsed again.
    Cached,
    /// It is not kept: a pooler may use another session for each transaction, in which the name does not exist, or
    /// is that of another statement.
    ///
    /// An unnamed statement is parsed by one message and executed by another, so both must be within a transaction.
    Forgotten,
}

impl Statements {
    /// Keeps no statements if the connections have no statement cache.
    fn of(options: &PgConnectOptions) -> Self {
        // The options show their capacity only in a URL, and some hosts and names cannot be written in a URL.
        let nobody = options.clone().host("localhost").username("nobody").password("");
        let none = ("statement-cache-capacity".into(), "0".into());
        if nobody.to_url_lossy().query_pairs().any(|pair| pair == none) {
            Self::Forgotten
        } else {
            Self::Cached
        }
    }
}

/// Returns whether the connections may lead to a pooler that lends another session for each transaction: they keep no
/// statements.
pub(crate) fn may_change_sessions(options: &PgConnectOptions) -> bool {
    Statements::of(options) == Statements::Forgotten
}

/// A pool of connections, each to its own session or to one that a pooler lends for a transaction.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    connections: PgPool,
    statements: Statements,
    schema: Arc<Schema>,
    holds: Holds,
    line: Line,
    /// Whether the store was closed; the connections may continue to serve the host.
    is_closed: Arc<AtomicBool>,
}

impl Pool {
    /// Reads from a pool's settings whether statements stay prepared; it is measured under a name.
    pub(crate) fn of(connections: PgPool, schema: Arc<Schema>, name: &'static str) -> Self {
        let statements = Statements::of(&connections.connect_options());
        let line = Line::of(connections.options().get_max_connections());
        Self { connections, statements, schema, holds: Holds::of(name), line, is_closed: Arc::default() }
    }

    /// Starts a statement, with the name of the shop's schema in it.
    pub(crate) fn query<'q>(&self, statement: &'static str) -> Statement<'q> {
        sqlx::query(self.schema.sql(statement))
    }

    /// Returns the name of the schema that contains the shop's tables.
    pub(crate) fn schema(&self) -> &SchemaName {
        self.schema.name()
    }

    /// Refuses all later calls, and leaves the connections open.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    /// Returns what measures the connections.
    pub(crate) fn holds(&self) -> &Holds {
        &self.holds
    }

    fn refuse_if_closed(&self) -> Result<(), StoreError> {
        if self.is_closed.load(Ordering::Relaxed) { Err(closed()) } else { Ok(()) }
    }

    /// Returns the connections.
    pub(crate) fn connections(&self) -> &PgPool {
        &self.connections
    }

    /// Waits for a connection, unless so many wait that the wait would be long.
    ///
    /// A caller that waits longer than the pool's time limit gets an error after all that time. Refused at once, a client can
    /// come back when it is asked to, and those who wait are served in time.
    async fn connection(&self) -> Result<(PoolConnection<Postgres>, Held), StoreError> {
        let _place = self.line.enter()?;
        let waiting = self.holds.wait();
        let connection = self.connections.acquire().await.map_err(failed)?;
        Ok((connection, waiting.held()))
    }

    /// Begins a transaction for a caller that may drop its future at any time.
    ///
    /// It runs in a separate task: if the caller is dropped while `BEGIN` is under way, sqlx returns the connection
    /// to the pool, and its next user finds an open transaction.
    pub(crate) async fn begin(&self, begin: &'static str) -> Result<Session, StoreError> {
        let pool = self.clone();
        let session = tokio::spawn(async move { pool.begin_in_task(begin).await });
        session.await.map_err(ended)?
    }

    /// Begins a transaction in a task that no caller can cancel.
    pub(crate) async fn begin_in_task(&self, begin: &'static str) -> Result<Session, StoreError> {
        self.refuse_if_closed()?;
        let waiting = self.holds.wait();
        let transaction = self.connections.begin_with(begin).await.map_err(failed)?;
        let (schema, held) = (Arc::clone(&self.schema), waiting.held());
        Ok(Session { transaction, statements: self.statements, schema, _held: held })
    }

    /// Runs a statement that only reads, and returns its rows.
    pub(crate) async fn fetch_all(&self, statement: Statement<'_>) -> Result<Vec<PgRow>, StoreError> {
        self.refuse_if_closed()?;
        if self.statements == Statements::Cached {
            let (mut connection, _held) = self.connection().await?;
            return statement.fetch_all(&mut *connection).await.map_err(failed);
        }
        let mut session = self.begin(BEGIN_READING).await?;
        let found = session.fetch_all(statement).await?;
        // Nothing was written, so the outcome is never unknown.
        session.transaction.commit().await.map_err(failed)?;
        Ok(found)
    }

    /// Runs a statement that only reads, and returns its first row, if any.
    pub(crate) async fn fetch_optional(&self, statement: Statement<'_>) -> Result<Option<PgRow>, StoreError> {
        Ok(self.fetch_all(statement).await?.into_iter().next())
    }

    /// Runs a statement that only reads, and returns its row.
    pub(crate) async fn fetch_one(&self, statement: Statement<'_>) -> Result<PgRow, StoreError> {
        self.fetch_optional(statement).await?.ok_or_else(no_row)
    }

    /// Runs one statement in its own transaction, and returns how many rows it changed.
    pub(crate) async fn execute(&self, statement: Statement<'_>) -> Result<u64, StoreError> {
        self.refuse_if_closed()?;
        if self.statements == Statements::Cached {
            let (mut connection, _held) = self.connection().await?;
            let done = statement.execute(&mut *connection).await.map_err(commit_failed)?;
            return Ok(done.rows_affected());
        }
        let mut session = self.begin(BEGIN).await?;
        let changed = session.execute(statement).await?;
        session.commit().await?;
        Ok(changed)
    }

    /// Runs one statement in its own transaction, and returns its rows.
    pub(crate) async fn execute_returning(&self, statement: Statement<'_>) -> Result<Vec<PgRow>, StoreError> {
        self.refuse_if_closed()?;
        if self.statements == Statements::Cached {
            let (mut connection, _held) = self.connection().await?;
            return statement.fetch_all(&mut *connection).await.map_err(commit_failed);
        }
        let mut session = self.begin(BEGIN).await?;
        let answered = session.fetch_all(statement).await?;
        session.commit().await?;
        Ok(answered)
    }
}

/// A session during one transaction; dropping it rolls the transaction back.
pub(crate) struct Session {
    transaction: Transaction<'static, Postgres>,
    statements: Statements,
    schema: Arc<Schema>,
    _held: Held,
}

impl Session {
    /// Starts a statement, with the name of the shop's schema in it.
    pub(crate) fn query<'q>(&self, statement: &'static str) -> Statement<'q> {
        sqlx::query(self.schema.sql(statement))
    }

    /// Runs a statement, and returns how many rows it changed.
    pub(crate) async fn execute(&mut self, statement: Statement<'_>) -> Result<u64, StoreError> {
        let statement = self.said(statement);
        let done = statement.execute(&mut *self.transaction).await.map_err(failed)?;
        Ok(done.rows_affected())
    }

    /// Runs a statement, and returns its rows.
    pub(crate) async fn fetch_all(&mut self, statement: Statement<'_>) -> Result<Vec<PgRow>, StoreError> {
        let statement = self.said(statement);
        statement.fetch_all(&mut *self.transaction).await.map_err(failed)
    }

    /// Runs a statement, and returns its first row, if any.
    pub(crate) async fn fetch_optional(
        &mut self,
        statement: Statement<'_>,
    ) -> Result<Option<PgRow>, StoreError> {
        Ok(self.fetch_all(statement).await?.into_iter().next())
    }

    /// Commits; if that fails, the outcome may be unknown.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        self.transaction.commit().await.map_err(commit_failed)
    }

    /// Rolls back.
    pub(crate) async fn rollback(self) -> Result<(), StoreError> {
        self.transaction.rollback().await.map_err(failed)
    }

    /// Gives a statement a name only where the name stays valid.
    fn said<'q>(&self, statement: Statement<'q>) -> Statement<'q> {
        statement.persistent(self.statements == Statements::Cached)
    }
}

fn no_row() -> StoreError {
    failed(Error::RowNotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_kept_unless_connections_keep_none() {
        let options = PgConnectOptions::new_without_pgpass();
        assert_eq!(Statements::of(&options), Statements::Cached);
        assert_eq!(Statements::of(&options.statement_cache_capacity(0)), Statements::Forgotten);
    }

    #[test]
    fn an_address_says_that_no_statement_is_kept() {
        let options = "postgres://shop@db.example.com/shop?statement-cache-capacity=0";
        assert_eq!(Statements::of(&options.parse().unwrap()), Statements::Forgotten);
    }

    /// In a URL, these names would end the process.
    #[test]
    fn hosts_and_names_that_fit_into_no_url_are_accepted() {
        let options = PgConnectOptions::new_without_pgpass().host("::1").username("a b:c/d").password("?#");
        assert_eq!(Statements::of(&options), Statements::Cached);
        let options = options.socket("/var/run/some place").database("?#");
        assert_eq!(Statements::of(&options.statement_cache_capacity(0)), Statements::Forgotten);
    }
}
