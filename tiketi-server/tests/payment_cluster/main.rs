//! Payments at three servers of one shop, with one Postgres database and one provider, under faults of each.
//!
//! Each test ends with a comparison of the provider's payments with the shop's, and with an audit: every buyer has
//! the tickets or the money, to the won.
//!
//! Nine of these tests fail if the event's row is read but not locked. Others fail if the provider is asked before
//! the intent is committed, if a repeated confirm is answered at once, if an inconclusive answer is recorded as a
//! decline, or if two servers ask about the same payment at the same time.

// Always true for this target. With it, Clippy treats helper functions as tests as well.
#![cfg(test)]

mod cluster;
mod confirms;
mod deposits;
mod hold_end;
mod payment_rows;
mod postgres_loss;
mod provider_timeouts;
mod refunds;
mod server_crashes;
mod storm;
mod webhooks;
