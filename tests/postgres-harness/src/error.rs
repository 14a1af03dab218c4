//! The errors of this crate, and the one function that panics with them.

use std::error::Error;
use std::io;

/// Why a server could not be started, stopped or queried.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HarnessError {
    #[error(
        "no Postgres server is installed: initdb, pg_ctl, postgres and pg_basebackup were not found together \
         in PATH, in `pg_config --bindir` or in /usr/lib/postgresql/*/bin; in Debian, install the package \
         `postgresql`"
    )]
    NotInstalled,
    #[error(
        "Postgres refuses to run as root, and there is neither a user `postgres` nor `nobody` to run it as"
    )]
    NobodyToRunAs,
    #[error(
        "no PgBouncer is installed: `pgbouncer` was found neither in PATH nor in /usr/sbin; in Debian, install \
         the package `pgbouncer`"
    )]
    NoPooler,
    #[error("{doing}")]
    Io { doing: String, source: io::Error },
    #[error("{command} failed: {said}")]
    Command { command: String, said: String },
    #[error("{doing}")]
    Sql { doing: &'static str, source: sqlx::Error },
    #[error("cannot make a certificate: {0}")]
    Certificate(String),
    #[error("the database could not be migrated: {0}")]
    Migration(String),
    #[error("{0} took too long")]
    Late(&'static str),
}

impl HarnessError {
    /// Adds what was being done when input or output failed.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    /// Adds what was being done when the server refused.
    pub(crate) fn sql(doing: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Sql { doing, source }
    }
}

/// Fails the test with the error and all its causes.
#[expect(clippy::panic, reason = "what fails here fails the test that needs it")]
pub(crate) fn expect<T>(outcome: Result<T, HarnessError>) -> T {
    outcome.unwrap_or_else(|error| {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        panic!("{error}{cause}")
    })
}

/// Runs blocking work on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HarnessError> + Send + 'static,
) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => expect(outcome),
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}
