//! The gateway against a stub TossPayments that keeps books and has configurable faults.

#![expect(clippy::unwrap_used, reason = "the whole file is a test")]

mod confirms;
mod deposits;
mod refunds;
mod settings;
mod shop;
mod silence;
mod voids;
mod webhooks;
