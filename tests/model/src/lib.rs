//! A sale small enough that every state of it is visited: two seats, two buyers, one payment provider.
//!
//! The rules are those of `tiketi_core::decide`, run by [`tiketi_core::decide::execute`] as each store runs them. Around
//! them is everything that can happen: buyers hold, release, prepare, confirm and give tickets back; the provider
//! captures, declines, refunds or refuses to; each of its answers arrives at any later moment, in any order and any
//! number of times, or never; and time passes in minutes.
//!
//! [`SmallSale`] is the model for [`stateright`], with the properties that hold in each state. `tests/every_state.rs`
//! visits all of them.
//!
//! Two states are one if no rule and no property can tell them apart; `identity.rs` says what is left out. Every step
//! that is part of the model moves something forwards that never moves back: a version, the provider's books, or the
//! clock. So no path is endless, and a state without a way on is found by looking at each state once.

// Clippy permits these in tests only, and every function here is part of a test.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failure here is a failure of the test that calls"
)]
#![expect(clippy::exhaustive_enums, clippy::exhaustive_structs, reason = "this crate is not published")]

mod identity;
mod invariants;
mod occasions;
mod provider;
mod rows;
mod sale;
mod small_sale;
mod step;

pub use sale::{BUYERS, SEATS, Sale};
pub use small_sale::{Limits, SmallSale};
pub use step::{Staff, Step};
