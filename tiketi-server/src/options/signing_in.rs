//! Options about accounts, besides the first administrator.

use clap::Args;

/// The address of Google's keys (source: its discovery document).
const GOOGLE_KEYS: &str = "https://www.googleapis.com/oauth2/v3/certs";

/// Options about accounts.
#[derive(Debug, Args)]
#[command(next_help_heading = "Signing in")]
pub(crate) struct SigningIn {
    /// Fewest characters of a new password; NIST SP 800-63B-4 asks for 15 where there is no second factor
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u16).range(8..=64))]
    pub(crate) min_password_length: u16,
    /// Let buyers hold tickets before their address is verified; without it they may not, where mail is sent
    #[arg(long)]
    pub(crate) unverified_holds: bool,
    /// Client id of the shop at Google; if set, buyers may sign in with Google
    #[arg(long, value_name = "ID")]
    pub(crate) google_client_id: Option<String>,
    /// Where Google publishes its keys; plain http is allowed for this machine only
    #[arg(long, value_name = "URL", default_value = GOOGLE_KEYS)]
    pub(crate) google_jwks_url: String,
    /// Another issuer than Google whose ID tokens are accepted instead, such as `https://id.example`
    #[arg(long, value_name = "ISSUER")]
    pub(crate) google_issuer: Option<String>,
}
