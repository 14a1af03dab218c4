//! The server's options: by flag, environment variable or file.
//!
//! A new option is one field of [`Options`]. Its variable and its key in the file follow from its flag: `--hold-ttl`
//! is `TIKETI_HOLD_TTL` and `hold-ttl`. A field of type `bool` is a switch: `--demo` and `--demo=true` set it.

mod cancellation;
mod connections;
mod file;
mod guards;
mod layers;
mod mail;
mod paying;
mod rehearse;
mod signing_in;
mod sockets;
#[cfg(feature = "otlp")]
mod traced;
mod values;
mod waiting;
mod web;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use secrecy::SecretString;
use tiketi_http::TimeZone;
use tiketi_postgres::SchemaName;

pub(crate) use connections::Clients;
pub(crate) use guards::Guards;
pub(crate) use layers::{read, unknown_variables};
pub(crate) use mail::Mailing;
pub(crate) use paying::Paying;
pub(crate) use rehearse::Rehearse;
pub(crate) use signing_in::SigningIn;
pub(crate) use sockets::LiveUpdates;
#[cfg(feature = "otlp")]
pub(crate) use traced::Traced;
pub(crate) use values::Limit;
pub(crate) use waiting::Waiting;
pub(crate) use web::{Pages, Web};

/// Sells tickets: a complete shop in one process
#[derive(Debug, Parser)]
#[command(
    name = "tiketi-server",
    version,
    max_term_width = 110,
    after_help = "Durations have units: 90s, 5m, 1h30m. Sizes too: 64KiB, 1MiB, or plain bytes.\n\
                  Every option may also be set by its environment variable, or by its name in the file given with \
                  --config,\nas in `hold-ttl = \"5m\"`. Flags win over the environment, the environment over the \
                  file."
)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The command to run.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve until a signal to stop (the default)
    Serve,
    /// Check the configuration and everything it names; exit 1 if something is wrong
    Check,
    /// Print the OpenAPI document
    Openapi,
    /// Migrate the store to the schema of this release, and print the schema before and after
    Migrate,
    /// Check every invariant from the store's rows, also while a server is running; exit 1 if one is violated
    ///
    /// Each event is checked as it is when its reading begins. A line on standard error says every two seconds how far it is.
    Audit(AuditScope),
    /// Copy the store to a new file, also while a server is running
    Backup(Backup),
    /// Count the figures of `/api/stats` again from the rows of reservations and payments
    ///
    /// On Postgres also while servers run, which show the figures of before until it is complete; on a file only while no
    /// server uses it. If it is interrupted, the servers continue it.
    RebuildFigures,
    /// Check a seating plan and store it
    ImportLayout(ImportLayout),
    /// Recompute a buyer's number from the published seed of a waiting room's draw; exit 1 if the seed is another one
    VerifyDraw(VerifyDraw),
    /// Measure how many buyers a minute this machine, store and Redis can serve, and recommend a waiting room's policy
    ///
    /// Buyers join a waiting room, hold seats and pay by a method that moves no money, in a scratch shop: a file beside
    /// the store's (`-rehearsal`), a schema beside the shop's (`_rehearsal`), or keys with a prefix of their own in
    /// Redis. No buyer sees it, and it is removed at the end, also after Ctrl-C; what cannot be removed is named.
    ///
    /// It refuses to run while the shop sells: on a file, while a server uses it; on Postgres, while a published event is
    /// on sale or sold out, or opens within ten minutes after the rehearsal. --beside-sales runs it anyway.
    ///
    /// It measures one process without HTTP. Several servers that share a Postgres serve little more of one event:
    /// its sales are serialised there.
    Rehearse(Rehearse),
}

/// What the waiting room has published about its draw, at `/api/queue/{eventId}/serving`.
#[derive(Debug, Args)]
pub(crate) struct VerifyDraw {
    /// The buyer's place, such as `01890a5d-ac96-774b-bcce-b302099a8057.s42`
    #[arg(value_name = "QUEUE_ID")]
    pub(crate) queue_id: tiketi_core::PlaceId,
    /// The seed
    #[arg(long, value_name = "HEX", value_parser = values::bytes32)]
    pub(crate) seed: values::Bytes32,
    /// The hash that was published before the draw, `draw.commitment`
    #[arg(long, value_name = "HEX", value_parser = values::bytes32)]
    pub(crate) commitment: values::Bytes32,
    /// How many buyers of the place's class took part, `draw.lobby.CLASS.drawn`
    #[arg(long, value_name = "NUMBER")]
    pub(crate) drawn: u64,
    /// The last arrival number before the room was cleared, if it was
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) cleared: u64,
    /// The hash of the chain of the draw's beacon, if it has one
    #[arg(long, value_name = "HEX", requires_all = ["beacon_round", "beacon_signature"])]
    pub(crate) beacon_chain: Option<tiketi_core::waiting_room::BeaconChain>,
    /// The round of the beacon
    #[arg(long, value_name = "NUMBER", requires = "beacon_chain")]
    pub(crate) beacon_round: Option<u64>,
    /// The signature of the round, which is verified
    #[arg(long, value_name = "HEX", requires = "beacon_chain")]
    pub(crate) beacon_signature: Option<tiketi_core::waiting_room::BeaconSignature>,
}

/// What is audited.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct AuditScope {
    /// Only this event; without it, all
    #[arg(long, value_name = "EVENT_ID")]
    pub(crate) event: Option<tiketi_core::EventId>,
}

/// Where the copy is written.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// File to create; it must not exist
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// A seating plan to import.
#[derive(Debug, Args)]
pub(crate) struct ImportLayout {
    /// JSON file: a pretix seating plan, or Tiketi's own shape
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// ISO 4217 currency of the prices, such as KRW; required if the plan does not name one
    #[arg(long, value_name = "CODE")]
    pub(crate) currency: Option<tiketi_core::Currency>,
    /// Price of a category or section in minor units: VIP=2500 is 25.00 EUR, or 2500 KRW; may be repeated
    #[arg(long, value_name = "CATEGORY=AMOUNT", value_parser = values::price)]
    pub(crate) price: Vec<(String, i64)>,
    /// Name of the building; by default the plan's venue, or its name
    #[arg(long, value_name = "NAME")]
    pub(crate) venue: Option<String>,
}

/// The options of every command.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// TOML file with options
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Address to listen on; port 0 takes a free port
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:3001", help_heading = "Serving")]
    pub(crate) listen: String,
    /// Longest a request may take
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = values::duration, help_heading = "Serving")]
    pub(crate) request_timeout: Duration,
    /// Largest request body; seat layouts have their own limit
    #[arg(long, value_name = "SIZE", default_value = "64KiB", value_parser = values::size, help_heading = "Serving")]
    pub(crate) body_limit: usize,

    /// Where data is stored: `sqlite:PATH`, one file; `postgres://USER:PASSWORD@HOST/DATABASE`, for many servers;
    /// or `memory:`, which is lost when the server stops
    // A secret, because the address of a database may contain its password.
    #[arg(long, value_name = "ADDRESS", default_value = "sqlite:tiketi.db", value_parser = values::secret, help_heading = "Storage")]
    pub(crate) store: SecretString,
    /// Schema of the shop's tables in Postgres: shops in two schemas of one database do not see each other
    #[arg(long, value_name = "NAME", default_value_t, help_heading = "Storage")]
    pub(crate) postgres_schema: SchemaName,
    /// Connections to Postgres that the server keeps open, in addition to up to 5 that write; those of all servers must
    /// fit into its `max_connections`
    #[arg(long, value_name = "NUMBER", default_value_t = 16, help_heading = "Storage")]
    pub(crate) store_connections: u32,
    /// Migrate Postgres to the schema of this release before serving; without it, run `migrate` first
    #[arg(long, help_heading = "Storage")]
    pub(crate) migrate: bool,
    /// Serve from a Postgres that may lose sales in a crash, because `synchronous_commit`, `fsync` or
    /// `full_page_writes` is off; for tests
    #[arg(long, help_heading = "Storage")]
    pub(crate) allow_unsafe_durability: bool,
    /// Where uploaded images are stored: a folder, `tiketi-images` by default, or a bucket of S3, as in
    /// `s3://BUCKET/PATH?endpoint=https://HOST&region=REGION`
    ///
    /// The keys of a bucket are read from `AWS_ACCESS_KEY_ID` and the other variables that programs for S3 read. All servers
    /// of a shop need the same place; with Postgres there is none by default, and images are not taken.
    #[arg(long, value_name = "PLACE", value_parser = values::secret, help_heading = "Storage")]
    pub(crate) images: Option<SecretString>,
    /// Fill an empty store with halls, events and a buyer, to try the shop
    #[arg(long, help_heading = "Storage")]
    pub(crate) demo: bool,

    /// E-mail address of the first administrator; the account is created if it does not exist
    #[arg(long, value_name = "EMAIL", help_heading = "Signing in")]
    pub(crate) admin_email: Option<String>,
    /// The administrator's password; without it one is generated and printed once on standard error
    #[arg(long, value_name = "PASSWORD", value_parser = values::secret, help_heading = "Signing in")]
    pub(crate) admin_password: Option<SecretString>,
    /// Secret that signs tokens, at least 32 bytes; without it one is generated and stored beside the SQLite file;
    /// required with Postgres, the same for every server
    #[arg(long, value_name = "SECRET", value_parser = values::secret, help_heading = "Signing in")]
    pub(crate) jwt_secret: Option<SecretString>,

    /// How long a hold lasts from its last renewal
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = values::duration, help_heading = "Selling")]
    pub(crate) hold_ttl: Duration,
    /// Longest time a hold may last from its first seat, however often it is renewed
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = values::duration, help_heading = "Selling")]
    pub(crate) hold_cap: Duration,
    /// Longest time a buyer may hold tickets of one event without paying, in all reservations; it comes back in 24 times
    /// that time
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = values::duration, help_heading = "Selling")]
    pub(crate) hold_allowance: Duration,
    /// Time a buyer has to pay, added to a hold once
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = values::duration, help_heading = "Selling")]
    pub(crate) payment_window: Duration,
    /// Most tickets of one event a buyer may hold and own
    #[arg(long, value_name = "NUMBER", default_value_t = 8, help_heading = "Selling")]
    pub(crate) max_seats_per_buyer: u32,

    /// How often expired holds are ended and facts are delivered; no value can cause a double sale
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = values::duration, help_heading = "Selling")]
    pub(crate) sweep_every: Duration,
    /// Archives events this long after they began, once nothing of them is open: they can be read and not changed, and are in
    /// no list but the archive; by default staff archive events
    #[arg(long, value_name = "DURATION", value_parser = values::duration, help_heading = "Selling")]
    pub(crate) archive_after: Option<Duration>,

    /// Time zone of the days in figures, a name of the IANA database; the same for all servers of a shop
    ///
    /// With another zone than before, the server counts all figures again, and shows those of before until it has done so.
    #[arg(long, value_name = "NAME", default_value_t, help_heading = "Selling")]
    pub(crate) time_zone: TimeZone,

    #[command(flatten)]
    pub(crate) paying: Paying,

    #[command(flatten)]
    pub(crate) waiting: Waiting,

    #[command(flatten)]
    pub(crate) connections: Clients,

    #[command(flatten)]
    pub(crate) signing_in: SigningIn,

    #[command(flatten)]
    pub(crate) mail: Mailing,

    #[command(flatten)]
    pub(crate) guards: Guards,

    #[command(flatten)]
    pub(crate) sockets: LiveUpdates,

    #[command(flatten)]
    pub(crate) web: Web,

    /// What to log, as a filter such as `info` or `info,tiketi_http=debug`
    #[arg(long, value_name = "FILTER", default_value = "info", help_heading = "Logging")]
    pub(crate) log: String,
    /// How to log, on standard error
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, help_heading = "Logging")]
    pub(crate) log_format: LogFormat,

    #[cfg(feature = "otlp")]
    #[command(flatten)]
    pub(crate) traced: Traced,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}
