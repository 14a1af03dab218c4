//! The gateway against a stub of TossPayments with configurable faults.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the whole file is a test")]

mod confirms;
mod deposits;
mod no_answer;
mod refunds;
mod settings;
mod shop;
mod voids;
mod webhooks;
