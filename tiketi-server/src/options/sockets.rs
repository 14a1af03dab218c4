//! Options about live updates.

use clap::Args;

/// Options about live updates.
#[derive(Debug, Args)]
#[command(next_help_heading = "Live updates")]
pub(crate) struct LiveUpdates {
    /// Origins whose pages may open a socket, besides those of the same host, such as `https://app.example`; `*` for every
    /// origin
    #[arg(long, value_name = "ORIGINS", value_delimiter = ',')]
    pub(crate) allowed_origins: Vec<String>,
    /// Most open sockets of this server; its limit of open files must be above it
    #[arg(long, value_name = "NUMBER", default_value_t = 50_000)]
    pub(crate) max_sockets: usize,
    /// Most sockets of one user; a further one ends the user's oldest
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    pub(crate) sockets_per_user: usize,
    /// Most sockets without a user of an IPv4 /24, behind which a school or a mobile carrier may be; users are not
    /// limited by it
    #[arg(long, value_name = "NUMBER", default_value_t = 2_000)]
    pub(crate) anonymous_sockets_ipv4: usize,
    /// The same for an IPv6 /56
    #[arg(long, value_name = "NUMBER", default_value_t = 200)]
    pub(crate) anonymous_sockets_ipv6: usize,
}
