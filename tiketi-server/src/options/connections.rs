//! Options about connections.

use std::time::Duration;

use clap::Args;

use super::values;

/// Options about connections.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connections")]
pub(crate) struct Clients {
    /// How long the server serves on after a signal to stop, not ready any more, until load balancers have noticed
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = values::duration)]
    pub(crate) shutdown_grace: Duration,
    /// Longest time until the headers of a request have arrived
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = values::duration)]
    pub(crate) header_timeout: Duration,
    /// Longest pause while a body arrives
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = values::duration)]
    pub(crate) body_timeout: Duration,
    /// Longest time a connection is kept open between two requests
    #[arg(long, value_name = "DURATION", default_value = "75s", value_parser = values::duration)]
    pub(crate) idle_timeout: Duration,
    /// Time in which a client that reads slowly has to take at least 16 KiB of an answer
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = values::duration)]
    pub(crate) write_timeout: Duration,
    /// Most connections; health checks are answered beyond it. The limit of open files lowers it
    #[arg(long, value_name = "NUMBER", default_value_t = 65_536)]
    pub(crate) max_connections: usize,
    /// Most connections of an IPv4 /24; those of trusted proxies are not limited by it
    #[arg(long, value_name = "NUMBER", default_value_t = 16_384)]
    pub(crate) connections_ipv4: usize,
    /// The same for an IPv6 /56
    #[arg(long, value_name = "NUMBER", default_value_t = 4_096)]
    pub(crate) connections_ipv6: usize,
}
