//! Why the server ends before or instead of doing what it was told.

use std::error::Error;
use std::fmt::Display;
use std::process::ExitCode;

/// A sentence for whoever started the server, and the code the process exits with.
#[derive(Debug)]
pub(crate) struct Failure {
    sentence: String,
    code: u8,
}

impl Failure {
    /// Something is not as it has to be: exit code 1.
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), code: 1 }
    }

    /// The server was told something it does not understand: exit code 2.
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), code: 2 }
    }

    /// An error met while doing something, with all its causes.
    pub(crate) fn during(doing: impl Display, error: &dyn Error) -> Self {
        Self::new(format!("{doing}: {}", with_causes(error)))
    }

    /// Says in which file it was.
    pub(crate) fn within(self, file: &str) -> Self {
        Self { sentence: format!("{file}: {}", self.sentence), ..self }
    }

    /// Makes it something that was looked for and found: exit code 1.
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
            error.exit(); // Help and version are no failures: they are printed, and that is all.
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
