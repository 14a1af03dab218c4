//! Options about browsers.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::values;

/// Options about browsers.
#[derive(Debug, Args)]
#[command(next_help_heading = "Browsers")]
pub(crate) struct Web {
    /// Whether the server shows web pages for buyers and organisers, or only the API
    #[arg(long, value_name = "SWITCH", value_enum, default_value_t)]
    pub(crate) pages: Pages,
    /// Origins whose pages may call the API, such as `https://app.example`; `*` for every origin; none by default
    #[arg(long, value_name = "ORIGINS", value_delimiter = ',')]
    pub(crate) cors_origins: Vec<String>,
    /// How long browsers use HTTPS only, once a trusted proxy said that they came over it; `0s` for not at all
    #[arg(long, value_name = "DURATION", default_value = "365d", value_parser = values::duration)]
    pub(crate) hsts: Duration,
}

/// Whether there are web pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Pages {
    /// Pages and the API
    #[default]
    On,
    /// The API alone
    Off,
}
