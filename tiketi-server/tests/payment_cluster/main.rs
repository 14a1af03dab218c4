//! Money at three servers of one shop: one Postgres, one provider, and whatever goes wrong between them.
//!
//! Each test ends with the provider's books held against the shop's, and with an audit: every buyer has what he
//! paid for or his money, to the won.
//!
//! Seen to fail: nine of them with the event's row read but not locked; and by name with the provider asked before the
//! intent is committed, a repetition answered at once, an unknown taken for a no, or two servers asking at a time.

// Always true here; it tells the lints that the functions beside the tests are tests, too.
#![cfg(test)]

mod books;
mod cluster;
mod confirming;
mod depositing;
mod ending;
mod killing;
mod losing;
mod refunding;
mod silence;
mod storm;
mod webhooks;
