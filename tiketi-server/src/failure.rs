//! Failures that end the process, with their exit codes.

use std::error::Error;
use std::fmt::Display;
use std::process::ExitCode;

/// A sentence for the operator, and the exit code of the process.
#[derive(Debug)]
pub(crate) struct Failure {
    sentence: String,
    code: u8,
}

impl Failure {
    /// Builds a failure with exit code 1: a check or an operation failed.
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), code: 1 }
    }

    /// Builds a failure with exit code 2: the options cannot be understood.
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), code: 2 }
    }

    /// Builds a failure from what was being done and an error with all its causes.
    pub(crate) fn during(doing: impl Display, error: &dyn Error) -> Self {
        Self::new(format!("{doing}: {}", with_causes(error)))
    }

    /// Adds the file in which the failure was found.
    pub(crate) fn within(self, file: &str) -> Self {
        Self { sentence: format!("{file}: {}", self.sentence), ..self }
    }

    /// Changes the exit code to 1, for commands that look for problems.
    pub(crate) fn found(self) -> Self {
        Self { code: 1, ..self }
    }

    /// Prints the sentence and returns the code.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("error: {}", self.sentence);
        ExitCode::from(self.code)
    }

    /// Returns the sentence.
    pub(crate) fn sentence(&self) -> &str {
        &self.sentence
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        if !error.use_stderr() {
            error.exit(); // Help and version are not failures: clap prints them and exits with 0.
        }
        let text = error.render().to_string();
        Self::usage(text.trim_start_matches("error: ").trim_end())
    }
}

/// Writes an error and everything that caused it.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
