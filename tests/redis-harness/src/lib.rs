//! Private Redis servers and Clusters for tests and benchmarks.
//!
//! Each server runs from the installed `redis-server`, or from the program that the environment variable
//! `TIKETI_TEST_REDIS` names, in a temporary folder, on a free loopback port. It ends when it is dropped, and also
//! when the process that started it is killed: the shell that started the server waits for the end of that process.
//!
//! ```no_run
//! use tiketi_redis_harness::{Cluster, Server};
//!
//! let server = Server::start();
//! println!("{}", server.url());
//! let cluster = Cluster::start();
//! println!("{}", cluster.urls());
//! ```
//!
//! Every function panics if it cannot do its work, and names what is missing: a test must not pass because there is
//! no server.

#![expect(clippy::exhaustive_structs, reason = "this crate is not published")]

mod cluster;
mod error;
mod process;
mod server;
mod talk;

pub use cluster::Cluster;
pub use process::has_tls;
pub use server::{Server, Settings};
