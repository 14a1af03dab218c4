//! Money at three servers of one shop: one Postgres, one provider, and whatever goes wrong between them.
//!
//! Each test ends with the provider's books held against the shop's, and with an audit: every buyer has what he
//! paid for or his money, to the won.
//!
//! Seen to fail: nine of them with the event's row read but not locked; and by name with the provider asked before the
//! intent is committed, a repetition answered at once, an unknown taken for a no, or two servers asking at a time.

// Always true here; it tells the lints that the functions beside the tests are tests, too.
#![cfg(test)]

#[path = "../server_process/toss/agreement.rs"]
mod agreement;
mod books;
mod cluster;
mod confirming;
mod depositing;
mod ending;
#[path = "../many_servers/fleet.rs"]
mod fleet;
mod killing;
mod losing;
#[path = "../server_process/patient_client.rs"]
mod patient_client;
#[path = "../server_process/toss/payment_client.rs"]
mod payment_client;
#[path = "../server_process/process.rs"]
#[expect(dead_code, reason = "only the start and the end of a server are of use here")]
mod process;
mod refunding;
#[path = "../server_process/crash/shop.rs"]
#[expect(dead_code, reason = "the shop that is made in a file is another's")]
mod shop;
mod silence;
mod storm;
mod webhooks;
