//! The gateway against a stub TossPayments that keeps books and fails in every way it is told to.

#![expect(clippy::unwrap_used, reason = "the whole file is a test")]

mod confirming;
mod depositing;
mod hearing;
mod refunding;
mod settings;
mod shop;
mod silence;
mod voiding;
