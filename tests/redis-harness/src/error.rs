//! The errors of this crate, and the one function that panics with them.

use std::error::Error;
use std::io;

#[derive(Debug, thiserror::Error)]
pub(crate) enum HarnessError {
    #[error("cannot start {program}; in Debian, install the package `redis-server`")]
    NotInstalled { program: String, source: io::Error },
    #[error("{doing}")]
    Io { doing: &'static str, source: io::Error },
    #[error("Redis answered {command} with {answer}")]
    Refused { command: String, answer: String },
    #[error("cannot make a certificate: {0}")]
    Certificate(String),
    #[error("{0} took too long")]
    Late(&'static str),
}

impl HarnessError {
    pub(crate) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }
}

/// Fails the test with the error and its cause.
#[expect(clippy::panic, reason = "what fails here fails the test that needs it")]
pub(crate) fn expect<T>(outcome: Result<T, HarnessError>) -> T {
    outcome.unwrap_or_else(|error| {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        panic!("{error}{cause}")
    })
}
