//! Options about limits by account and address.

use clap::{Args, ValueEnum};
use tiketi_http::ForwardedHeader;

use super::values::{self, Limit};

/// Options about limits by account and address.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits by account and address")]
pub(crate) struct Guards {
    /// Networks of the proxies in front of the server, such as `10.0.0.0/8,2001:db8::/32`: only their headers name
    /// clients; none by default
    #[arg(long, value_name = "NETWORKS", value_delimiter = ',')]
    pub(crate) trusted_proxies: Vec<String>,
    /// The header in which trusted proxies name their clients; the other one is not read
    #[arg(long, value_name = "HEADER", value_enum, default_value_t)]
    pub(crate) forwarded_header: Forwarded,
    /// Places of one event that an account gets before further ones go to the back of the line; `off` for no limit
    #[arg(long, value_name = "NUMBER/TIME", default_value = "10/1h", value_parser = values::limit)]
    pub(crate) join_limit_account: Limit,
    /// The same for an IPv4 /24, behind which a school or a mobile carrier may be
    #[arg(long, value_name = "NUMBER/TIME", default_value = "2000/1h", value_parser = values::limit)]
    pub(crate) join_limit_ipv4: Limit,
    /// The same for an IPv6 /56
    #[arg(long, value_name = "NUMBER/TIME", default_value = "100/1h", value_parser = values::limit)]
    pub(crate) join_limit_ipv6: Limit,
    /// Failed sign-ins of an account from one network before further ones from there are refused; `off` for no limit
    #[arg(long, value_name = "NUMBER/TIME", default_value = "10/15m", value_parser = values::limit)]
    pub(crate) sign_in_limit_account: Limit,
    /// Failed sign-ins and registrations of an IPv4 /24 before further ones wait behind those of others
    #[arg(long, value_name = "NUMBER/TIME", default_value = "300/15m", value_parser = values::limit)]
    pub(crate) sign_in_limit_ipv4: Limit,
    /// The same for an IPv6 /56
    #[arg(long, value_name = "NUMBER/TIME", default_value = "60/15m", value_parser = values::limit)]
    pub(crate) sign_in_limit_ipv6: Limit,
    /// Reads of a user whose network has no more; further ones are answered with 429; `off` for no limit
    #[arg(long, value_name = "NUMBER/TIME", default_value = "1200/1m", value_parser = values::limit)]
    pub(crate) read_limit_user: Limit,
    /// Reads of an IPv4 /24, counted by each server alone; this and the networks below do not include the machine itself
    #[arg(long, value_name = "NUMBER/TIME", default_value = "30000/1m", value_parser = values::limit)]
    pub(crate) read_limit_ipv4: Limit,
    /// The same for an IPv6 /56
    #[arg(long, value_name = "NUMBER/TIME", default_value = "3000/1m", value_parser = values::limit)]
    pub(crate) read_limit_ipv6: Limit,
    /// Writes of a user
    #[arg(long, value_name = "NUMBER/TIME", default_value = "600/1m", value_parser = values::limit)]
    pub(crate) write_limit_user: Limit,
    /// Writes without a user of an IPv4 /24
    #[arg(long, value_name = "NUMBER/TIME", default_value = "3000/1m", value_parser = values::limit)]
    pub(crate) write_limit_ipv4: Limit,
    /// The same for an IPv6 /56
    #[arg(long, value_name = "NUMBER/TIME", default_value = "600/1m", value_parser = values::limit)]
    pub(crate) write_limit_ipv6: Limit,
    /// Holds of signed-in users of an IPv4 /24, in addition to their writes
    #[arg(long, value_name = "NUMBER/TIME", default_value = "30000/10m", value_parser = values::limit)]
    pub(crate) hold_limit_ipv4: Limit,
    /// The same for an IPv6 /56
    #[arg(long, value_name = "NUMBER/TIME", default_value = "1200/10m", value_parser = values::limit)]
    pub(crate) hold_limit_ipv6: Limit,
    /// Holds of users without a proved address of an IPv4 /24: what protects a shop without mail, where all are such users
    #[arg(long, value_name = "NUMBER/TIME", default_value = "60/10m", value_parser = values::limit)]
    pub(crate) unverified_hold_limit_ipv4: Limit,
    /// The same for an IPv6 /56
    #[arg(long, value_name = "NUMBER/TIME", default_value = "20/10m", value_parser = values::limit)]
    pub(crate) unverified_hold_limit_ipv6: Limit,
    /// Requests that sign in, renew or prove something, right or wrong, of an IPv4 /24
    #[arg(long, value_name = "NUMBER/TIME", default_value = "1200/1m", value_parser = values::limit)]
    pub(crate) auth_limit_ipv4: Limit,
    /// The same for an IPv6 /56
    #[arg(long, value_name = "NUMBER/TIME", default_value = "240/1m", value_parser = values::limit)]
    pub(crate) auth_limit_ipv6: Limit,
    /// Registrations of an IPv4 /24
    #[arg(long, value_name = "NUMBER/TIME", default_value = "1000/1h", value_parser = values::limit)]
    pub(crate) register_limit_ipv4: Limit,
    /// The same for an IPv6 /56
    #[arg(long, value_name = "NUMBER/TIME", default_value = "100/1h", value_parser = values::limit)]
    pub(crate) register_limit_ipv6: Limit,
    /// Webhooks of an IPv4 /24
    #[arg(long, value_name = "NUMBER/TIME", default_value = "12000/1m", value_parser = values::limit)]
    pub(crate) webhook_limit_ipv4: Limit,
    /// The same for an IPv6 /56
    #[arg(long, value_name = "NUMBER/TIME", default_value = "2400/1m", value_parser = values::limit)]
    pub(crate) webhook_limit_ipv6: Limit,
}

/// The header in which trusted proxies name their clients.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Forwarded {
    /// A list of addresses
    #[default]
    XForwardedFor,
    /// By RFC 7239
    Forwarded,
}

impl From<Forwarded> for ForwardedHeader {
    fn from(header: Forwarded) -> Self {
        match header {
            Forwarded::XForwardedFor => Self::XForwardedFor,
            Forwarded::Forwarded => Self::Forwarded,
        }
    }
}
