//! Private Redis servers and Clusters for tests and benchmarks.
//!
//! Each server runs from the installed `redis-server`, or from the program that the environment variable
//! `TIKETI_TEST_REDIS` names, in a temporary folder, on a free port of the loopback. It ends when it is dropped, and also
//! when the process that started it is killed: the shell that started the server waits for that.
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
//! Everything panics where it cannot do its work, and says what is missing: a test must not pass for lack of a server.

#![expect(clippy::exhaustive_structs, reason = "this crate is not published")]

mod cluster;
mod error;
mod process;
mod server;
mod talk;

pub use cluster::Cluster;
pub use server::{Server, Settings};
