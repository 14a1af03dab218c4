//! Options about waiting rooms.

use clap::Args;
use secrecy::SecretString;

use super::values;

/// Options about waiting rooms.
#[derive(Debug, Args)]
#[command(next_help_heading = "Waiting rooms")]
pub(crate) struct Waiting {
    /// Secret that signs admission passes, at least 32 bytes, the same for every server; the secret that signs tokens
    /// by default
    #[arg(long, value_name = "SECRET", value_parser = values::secret)]
    pub(crate) admission_secret: Option<SecretString>,
    /// No other server uses the Postgres store: the places of waiting rooms are saved in it, and survive a restart; a
    /// store of one file always saves them
    #[arg(long)]
    pub(crate) single_server: bool,
}
