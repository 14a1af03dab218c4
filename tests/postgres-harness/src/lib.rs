//! Private Postgres servers for tests and benchmarks.
//!
//! Each server runs from the installed programs in a temporary folder, on a free loopback port, with a generated
//! password. If root runs the tests, the server runs as another user, since Postgres refuses root. The server ends
//! when it is dropped, and also when the process that started it is killed: a watchdog stops it and removes the
//! folder.
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
//! Commits of the shared server do not wait for the disk. That is faster, and only a loss of power would show the
//! difference. Benchmarks and tests of durability start their own server with [`Fsync::On`].
//!
//! Texts are ordered by an ICU collation and not by their bytes, because a server in production may do the same. A
//! query that relies on the order of bytes then fails in the test.
//!
//! Every function panics if it cannot do its work, and names what is missing: a test must not pass or be skipped
//! because there is no server.

#![expect(clippy::exhaustive_enums, reason = "this crate is not published")]

mod account;
mod binaries;
mod cluster;
mod database;
mod error;
mod pooler;
mod processes;
mod server;
mod standby;
mod tls;
mod watchdog;

pub use cluster::Fsync;
pub use database::Database;
pub use pooler::Pooler;
pub use server::Server;
pub use tiketi_test_ports::lease as free_port;
