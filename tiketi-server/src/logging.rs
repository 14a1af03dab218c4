//! Log lines, on standard error.

use std::io::{self, IsTerminal};
use std::panic::{self, PanicHookInfo};

use tracing_subscriber::EnvFilter;
#[cfg(feature = "otlp")]
use tracing_subscriber::{Layer, layer::SubscriberExt, util::SubscriberInitExt};

use crate::failure::Failure;
use crate::options::LogFormat;

/// What a pool says of each of its connections while its database is down: a line for each, within one request.
const OF_POOLS: &str = "sqlx_core::pool::inner=off";

/// Parses a log filter; `check` does no more than this.
///
/// Pools are silent unless the filter names their crate: the request says once that the store failed.
pub(crate) fn filter(text: &str) -> Result<EnvFilter, Failure> {
    let whole = if text.contains("sqlx") { text.to_owned() } else { format!("{text},{OF_POOLS}") };
    EnvFilter::try_new(whole).map_err(|error| Failure::during(format!("--log {text}"), &error))
}

/// Starts logging what passes the filter.
#[cfg(not(feature = "otlp"))]
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

/// Starts logging what passes the filter, and sending traces, which have a filter of their own.
#[cfg(feature = "otlp")]
pub(crate) fn start(
    text: &str,
    format: LogFormat,
    traces: Option<crate::traces::BoxedLayer>,
) -> Result<(), Failure> {
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).with_filter(filter(text)?).boxed(),
        LogFormat::Json => {
            panic::set_hook(Box::new(log_panic));
            lines.json().flatten_event(true).with_filter(filter(text)?).boxed()
        }
    };
    let layers: Vec<crate::traces::BoxedLayer> = std::iter::once(lines).chain(traces).collect();
    let started = tracing_subscriber::registry().with(layers).try_init();
    started.map_err(|error| Failure::during("cannot start logging", &error))
}

/// Logs panics as JSON: the default hook writes plain text between the lines.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let at = panic.location().map(ToString::to_string);
    tracing::error!(at, problem = panic.payload_as_str(), "panicked");
}
