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
    /// Redis for the waiting rooms and the live changes of several servers: `redis://HOST:PORT`, or
    /// `rediss://USER:PASSWORD@HOST:PORT` with TLS; several nodes separated by commas are a Cluster
    // A secret, because the address may contain a password.
    #[arg(long, value_name = "ADDRESSES", value_parser = values::secret)]
    pub(crate) redis: Option<SecretString>,
    /// First part of every key in Redis; give each shop its own if several share a Redis
    #[arg(long, value_name = "NAME", default_value = "tiketi")]
    pub(crate) redis_prefix: String,
    /// How many replicas of Redis must have a buyer's place before it is answered, so that it survives the death of a
    /// master; see the page of tiketi-redis
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) redis_replicas: u32,
    /// No other server uses the Postgres store: the places of waiting rooms are saved in it, and survive a restart; a
    /// store of one file always saves them
    #[arg(long)]
    pub(crate) single_server: bool,
}
