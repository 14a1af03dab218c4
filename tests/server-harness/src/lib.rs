//! Starts the server in a separate process and sells at it, for system tests.
//!
//! [`Running`] is one server process; [`Fleet`] is three of them on one Postgres database. [`ServerShop`] is an event
//! on sale, written to the store before the server starts. [`PaymentClient`] is a buyer who pays at a stub
//! TossPayments. [`assert_agrees`] compares the payments of the store with those of the provider.
//!
//! A test of `tiketi-server` starts the binary that Cargo built for it:
//!
//! ```no_run
//! use tiketi_server_harness::Running;
//!
//! # async fn example() {
//! let server = Running::start(&["--store", "memory:"]).await;
//! let (status, _body) = server.get("/api/events", None).await;
//! assert_eq!(status, 200);
//! assert_eq!(server.stop().await.code, Some(0));
//! # }
//! ```
//!
//! Each function panics when something does not happen within its deadline: a test must fail, and not wait or be
//! skipped.

// Clippy permits these in tests only, and every function here is part of a test.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failure here is a failure of the test that calls"
)]
#![expect(clippy::exhaustive_structs, reason = "this crate is not published")]

mod agreement;
mod fleet;
mod patient_client;
mod payment_client;
mod process;
mod shop;

pub use agreement::{PaymentRow, assert_agrees};
pub use fleet::{Fleet, SERVERS, migrate};
pub use patient_client::{Answer, send_once, send_with_retries};
pub use payment_client::{Answered, Order, PaymentClient, TOSS_CLIENT, TOSS_SECRET, text};
pub use process::{DEADLINE, Running, Sender, ServerOutput, finish, raise_open_file_limit, run, server};
pub use shop::{SECRET, ServerShop, Stock, admin, token};
