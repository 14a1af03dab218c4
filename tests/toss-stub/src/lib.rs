//! A TossPayments that keeps its books in memory and can be told to fail in every way a real one does.
//!
//! ```
//! use tiketi_toss_stub::{Call, Fault, StubSettings, TossStub};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let stub = TossStub::start(StubSettings::default()).await?;
//! // The buyer authenticates in the payment window; the shop gets the key to confirm with.
//! let key = stub.authenticate("order-0001", 220_000)?;
//! // The next confirm takes the money, and the answer never arrives.
//! stub.fail_next(Fault::cut(Call::Confirm).after_effect());
//! assert!(stub.url().starts_with("http://127.0.0.1:"));
//! assert_eq!(stub.ledger().get(&key).map(|account| account.captured), Some(0));
//! # Ok(())
//! # }
//! ```
//!
//! # What it keeps to
//!
//! Version 2022-11-16 of the core API: `POST /v1/payments/confirm`, `GET /v1/payments/{paymentKey}`,
//! `GET /v1/payments/orders/{orderId}`, `POST /v1/payments/{paymentKey}/cancel`. It checks the Basic header; gives the
//! shop ten minutes from the buyer's authentication to confirm; keeps every answer to an `Idempotency-Key`
//! for fifteen days, errors included, and compares no bodies; answers 409 while a key is in flight;
//! refuses a second cancel within a second and a `refundableAmount` that is not the balance. A
//! `TossPayments-Test-Code` header has it answer with that error.
//!
//! # What is its own
//!
//! Everything below `/stub`: what a buyer does at the provider, faults, the clock and the ledger. The same is
//! on [`TossStub`] for tests in the same process. `/` is a payment window for people.

#![expect(clippy::exhaustive_enums, clippy::exhaustive_structs, reason = "this crate is not published")]

mod answer;
mod books;
mod clock;
mod code;
mod fault;
mod http;
mod ledger;
mod line;
mod memory;
mod payment;
mod stub;
mod webhook;

pub use answer::Answer;
pub use fault::{Call, Fault, Reply};
pub use ledger::Account;
pub use payment::{Method, Status};
pub use stub::{StubError, StubSettings, TossStub};
pub use webhook::Webhook;
