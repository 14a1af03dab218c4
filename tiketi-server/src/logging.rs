//! Log lines, on standard error.

use std::io::{self, IsTerminal};
use std::panic::{self, PanicHookInfo};

use tracing_subscriber::EnvFilter;

use crate::failure::Failure;
use crate::options::LogFormat;

/// Reads a log filter; `check` does only this.
pub(crate) fn filter(text: &str) -> Result<EnvFilter, Failure> {
    EnvFilter::try_new(text).map_err(|error| Failure::during(format!("--log {text}"), &error))
}

/// Writes what passes the filter from now on.
pub(crate) fn start(text: &str, format: LogFormat) -> Result<(), Failure> {
    let lines = tracing_subscriber::fmt().with_env_filter(filter(text)?).with_writer(io::stderr);
    let started = match format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => {
            panic::set_hook(Box::new(log_panic));
            lines.json().flatten_event(true).try_init()
        }
    };
    started.map_err(|error| Failure::during("cannot start logging", error.as_ref()))
}

/// Keeps every line JSON: by itself a panic writes plain text between the others.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let at = panic.location().map(ToString::to_string);
    tracing::error!(at, problem = panic.payload_as_str(), "panicked");
}
