//! Private Postgres servers for tests and benchmarks.
//!
//! Each server runs from the installed binaries in a temporary folder, on a free port of the loopback, with
//! a password made for it. Root runs it as another user, since Postgres refuses root. It ends when it is
//! dropped, and also when the process that started it is killed: a watchdog stops it and removes the folder.
//!
//! ```no_run
//! use sqlx::postgres::PgConnectOptions;
//! use tiketi_postgres_harness::{Database, Server};
//!
//! async fn migrate(options: PgConnectOptions) -> Result<(), sqlx::Error> {
//!     # let _ = options;
//!     Ok(()) // tiketi_postgres::migrate(&options).await
//! }
//!
//! # async fn example() {
//! let database = Database::fresh(Server::shared().await, migrate).await;
//! let pool = database.pool(4).await;
//! # }
//! ```
//!
//! The shared server does not wait for the disk, which is faster and changes nothing but what a power cut
//! would leave. Benchmarks and tests of durability start their own with [`Fsync::On`].
//!
//! So that a test fails where a careless query would on somebody's server, texts are ordered as people do,
//! not by their bytes.
//!
//! Everything here panics when it cannot do its work, and says what is missing: a test must not pass, or be
//! skipped, for lack of a server.

#![expect(clippy::exhaustive_enums, reason = "this crate is not published")]

mod account;
mod binaries;
mod cluster;
mod database;
mod error;
mod pooler;
mod port;
mod processes;
mod server;
mod standby;
mod tls;
mod watchdog;

pub use cluster::Fsync;
pub use database::Database;
pub use pooler::Pooler;
pub use port::free as free_port;
pub use server::Server;
