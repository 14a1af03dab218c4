//! Money at three servers of one shop: one Postgres, one provider, and whatever goes wrong between them.
//!
//! Each test ends with the provider's books held against the shop's, and with an audit: every buyer has what he
//! paid for or his money, to the won.
//!
//! Seen to fail: nine of them with the event's row read but not locked; and by name with the provider asked before the
//! intent is committed, a repetition answered at once, an unknown taken for a no, or two servers asking at a time.

// Always true here; the lints then treat the functions beside the tests as tests.
#![cfg(test)]

mod books;
mod cluster;
mod confirms;
mod deposits;
mod hold_end;
mod postgres_loss;
mod provider_silence;
mod refunds;
mod server_crashes;
mod storm;
mod webhooks;
