//! What arrives from outside as bytes, each kind as a function for a fuzzer.
//!
//! Each target takes any bytes, and panics if the code under test does, or breaks its promise. [`TARGETS`] names them.
//! `tests/corpus.rs` runs them over the kept inputs of `corpus/`, and over inputs that [`mutated`] makes of those, as a test
//! of the stable toolchain. It measures no coverage.

// Clippy permits these in tests only, and every function here is part of a test.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failure here is a failure of the test that calls"
)]

mod admission_pass;
mod idempotency_key;
mod layout;
mod mutated;
mod shop;
mod socket;
mod webhook;

pub use admission_pass::admission_pass;
pub use idempotency_key::idempotency_key;
pub use layout::layout;
pub use mutated::mutated;
pub use socket::socket;
pub use webhook::webhook;

/// A target: it panics if something is wrong.
pub type Target = fn(&[u8]);

/// Every target, with the name of its folder in `corpus/`.
pub const TARGETS: [(&str, Target); 5] = [
    ("admission_pass", admission_pass),
    ("idempotency_key", idempotency_key),
    ("layout", layout),
    ("socket", socket),
    ("webhook", webhook),
];
