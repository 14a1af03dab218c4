//! A stub of TossPayments that keeps payments in memory and can fail in every way in which the real API fails.
//!
//! ```
//! use tiketi_toss_stub::{Call, Fault, StubSettings, TossStub};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let stub = TossStub::start(StubSettings::default()).await?;
//! // The buyer authenticates in the payment window; the shop gets the payment key for the confirm.
//! let key = stub.authenticate("order-0001", 220_000)?;
//! // The next confirm captures the money, and its answer is lost.
//! stub.fail_next(Fault::cut(Call::Confirm).after_effect());
//! assert!(stub.url().starts_with("http://127.0.0.1:"));
//! assert_eq!(stub.ledger().get(&key).map(|account| account.captured), Some(0));
//! # Ok(())
//! # }
//! ```
//!
//! # What it takes from TossPayments
//!
//! Version 2022-11-16 of the core API: `POST /v1/payments/confirm`, `GET /v1/payments/{paymentKey}`,
//! `GET /v1/payments/orders/{orderId}`, `POST /v1/payments/{paymentKey}/cancel`. It checks the Basic header. The shop
//! can confirm for ten minutes after the buyer's authentication. Every answer to an `Idempotency-Key`, errors included,
//! is stored for fifteen days, and bodies are not compared; while a key is in flight, the answer is 409. A second cancel
//! within a second is refused, and so is a `refundableAmount` that is not the balance. A `TossPayments-Test-Code` header
//! makes the stub answer with that error.
//!
//! # What it adds
//!
//! Everything below `/stub`: the actions of a buyer at the provider, faults, the clock and the ledger. Tests in the same
//! process call the methods of [`TossStub`] instead. `/` is a payment window for people.

#![expect(clippy::exhaustive_enums, clippy::exhaustive_structs, reason = "this crate is not published")]

mod answer;
mod clock;
mod code;
mod connection;
mod fault;
mod http;
mod ledger;
mod payment;
mod payment_table;
mod stored_answers;
mod stub;
mod webhook;

pub use answer::Answer;
pub use fault::{Call, Fault, Reply};
pub use ledger::Account;
pub use payment::{Method, Status};
pub use stub::{StubError, StubSettings, TossStub};
pub use webhook::Webhook;
