//! Options about traces.

use clap::Args;

/// Options about traces.
#[derive(Debug, Args)]
#[command(next_help_heading = "Logging")]
pub(crate) struct Traced {
    /// Collector of OpenTelemetry that gets traces over OTLP/HTTP, such as `http://localhost:4318`; none by default
    #[arg(long, value_name = "URL")]
    pub(crate) otlp_endpoint: Option<String>,
    /// Share of requests that are traced, from 0 to 1
    #[arg(long, value_name = "RATIO", default_value_t = 1.0)]
    pub(crate) otlp_ratio: f64,
}
