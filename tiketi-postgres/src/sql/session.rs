//! How statements reach the database: prepared once a connection, or, behind a pooler, sent in full each time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::postgres::{PgConnectOptions, PgPool, PgRow};
use sqlx::{ConnectOptions as _, Error, Postgres, Transaction};
use tiketi_core::StoreError;
use tiketi_sql::closed;

use crate::error::{commit_failed, ended, failed};
use crate::sql::schema::Schema;
use crate::sql::statement::Statement;

/// Begins a transaction that no other session can keep waiting for ever, and that keeps no other one waiting for ever.
///
/// If this process or its network stops in the middle, the database ends the transaction after
/// `idle_in_transaction_session_timeout` and with it the locks; what this process then sends is refused. The settings
/// end with the transaction, so that they are right behind a pooler too.
pub(crate) const BEGIN: &str =
    "BEGIN; SET LOCAL lock_timeout = 2000; SET LOCAL idle_in_transaction_session_timeout = 5000";
/// A reader locks no rows, but a session of a pooler, and it keeps old rows from being cleaned away.
const BEGIN_READING: &str = "BEGIN READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 5000";

/// What becomes of a statement once it has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Statements {
    /// It is prepared on its connection under a name, and is not parsed again.
    Cached,
    /// Nothing: a pooler may give each transaction another session, where a name means nothing, or something else.
    ///
    /// An unnamed one is parsed in one message and run in another, so both have to be within a transaction.
    Forgotten,
}

impl Statements {
    /// Drops statements where connections may not cache any.
    fn of(options: &PgConnectOptions) -> Self {
        // The options tell their capacity only in an address, which some hosts and names do not fit into.
        let nobody = options.clone().host("localhost").username("nobody").password("");
        let none = ("statement-cache-capacity".into(), "0".into());
        if nobody.to_url_lossy().query_pairs().any(|pair| pair == none) {
            Self::Forgotten
        } else {
            Self::Cached
        }
    }
}

/// A pool of connections, each to its own session or to one that a pooler lends for a transaction.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    connections: PgPool,
    statements: Statements,
    schema: Arc<Schema>,
    /// Whether the store was closed; the connections may go on serving their host.
    is_closed: Arc<AtomicBool>,
}

impl Pool {
    /// Learns from a pool's settings what becomes of statements.
    pub(crate) fn of(connections: PgPool, schema: Arc<Schema>) -> Self {
        let statements = Statements::of(&connections.connect_options());
        Self { connections, statements, schema, is_closed: Arc::default() }
    }

    /// Starts a statement, with the name of the shop's schema in it.
    pub(crate) fn query<'q>(&self, statement: &'static str) -> Statement<'q> {
        sqlx::query(self.schema.sql(statement))
    }

    /// Refuses all that comes from now on, and leaves the connections open.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    fn refuse_if_closed(&self) -> Result<(), StoreError> {
        if self.is_closed.load(Ordering::Relaxed) { Err(closed()) } else { Ok(()) }
    }

    /// Returns the connections.
    pub(crate) fn connections(&self) -> &PgPool {
        &self.connections
    }

    /// Begins a transaction for a caller who may leave at any time.
    ///
    /// In a separate task: sqlx takes a connection back as idle whose `BEGIN` was sent and its answer not awaited,
    /// and its next user finds a transaction open.
    pub(crate) async fn begin(&self, begin: &'static str) -> Result<Session, StoreError> {
        let pool = self.clone();
        let session = tokio::spawn(async move { pool.begin_in_task(begin).await });
        session.await.map_err(ended)?
    }

    /// Begins a transaction in a task that no caller can cancel.
    pub(crate) async fn begin_in_task(&self, begin: &'static str) -> Result<Session, StoreError> {
        self.refuse_if_closed()?;
        let transaction = self.connections.begin_with(begin).await.map_err(failed)?;
        Ok(Session { transaction, statements: self.statements, schema: Arc::clone(&self.schema) })
    }

    /// Returns what a statement that only reads finds.
    pub(crate) async fn fetch_all(&self, statement: Statement<'_>) -> Result<Vec<PgRow>, StoreError> {
        self.refuse_if_closed()?;
        if self.statements == Statements::Cached {
            return statement.fetch_all(&self.connections).await.map_err(failed);
        }
        let mut session = self.begin(BEGIN_READING).await?;
        let found = session.fetch_all(statement).await?;
        // Nothing was written, so no outcome can be unknown.
        session.transaction.commit().await.map_err(failed)?;
        Ok(found)
    }

    /// Returns the first row that a statement that only reads finds, if any.
    pub(crate) async fn fetch_optional(&self, statement: Statement<'_>) -> Result<Option<PgRow>, StoreError> {
        Ok(self.fetch_all(statement).await?.into_iter().next())
    }

    /// Returns the row that a statement that only reads always has.
    pub(crate) async fn fetch_one(&self, statement: Statement<'_>) -> Result<PgRow, StoreError> {
        self.fetch_optional(statement).await?.ok_or_else(no_row)
    }

    /// Commits one statement, and returns how many rows it changed.
    pub(crate) async fn execute(&self, statement: Statement<'_>) -> Result<u64, StoreError> {
        self.refuse_if_closed()?;
        if self.statements == Statements::Cached {
            let mut connection = self.connections.acquire().await.map_err(failed)?;
            let done = statement.execute(&mut *connection).await.map_err(commit_failed)?;
            return Ok(done.rows_affected());
        }
        let mut session = self.begin(BEGIN).await?;
        let changed = session.execute(statement).await?;
        session.commit().await?;
        Ok(changed)
    }

    /// Commits one statement, and returns the rows it answers with.
    pub(crate) async fn execute_returning(&self, statement: Statement<'_>) -> Result<Vec<PgRow>, StoreError> {
        self.refuse_if_closed()?;
        if self.statements == Statements::Cached {
            let mut connection = self.connections.acquire().await.map_err(failed)?;
            return statement.fetch_all(&mut *connection).await.map_err(commit_failed);
        }
        let mut session = self.begin(BEGIN).await?;
        let answered = session.fetch_all(statement).await?;
        session.commit().await?;
        Ok(answered)
    }
}

/// A session for as long as a transaction; dropped, the transaction is rolled back.
pub(crate) struct Session {
    transaction: Transaction<'static, Postgres>,
    statements: Statements,
    schema: Arc<Schema>,
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

    /// Runs a statement, and returns what it answers.
    pub(crate) async fn fetch_all(&mut self, statement: Statement<'_>) -> Result<Vec<PgRow>, StoreError> {
        let statement = self.said(statement);
        statement.fetch_all(&mut *self.transaction).await.map_err(failed)
    }

    /// Runs a statement, and returns the first row it answers with, if any.
    pub(crate) async fn fetch_optional(
        &mut self,
        statement: Statement<'_>,
    ) -> Result<Option<PgRow>, StoreError> {
        Ok(self.fetch_all(statement).await?.into_iter().next())
    }

    /// Makes durable what was written; if that fails, the outcome may be unknown.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        self.transaction.commit().await.map_err(commit_failed)
    }

    /// Undoes what was written.
    pub(crate) async fn rollback(self) -> Result<(), StoreError> {
        self.transaction.rollback().await.map_err(failed)
    }

    /// Leaves a statement a name only where the next of its kind finds it.
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

    /// As an address, these would end the process.
    #[test]
    fn hosts_and_names_that_fit_into_no_address_are_no_trouble() {
        let options = PgConnectOptions::new_without_pgpass().host("::1").username("a b:c/d").password("?#");
        assert_eq!(Statements::of(&options), Statements::Cached);
        let options = options.socket("/var/run/some place").database("?#");
        assert_eq!(Statements::of(&options.statement_cache_capacity(0)), Statements::Forgotten);
    }
}
