//! Example programs for integrators, in `examples/`. The README's program is compiled and run here as well.
//!
//! - `box_office`: selling seats inside one process, with refusals and a refund;
//! - `measured_store`: a store whose commands are counted, by a decorator around one part;
//! - `nested_in_axum`: the ticket shop below a path of a host's own app, its background jobs, and the order of
//!   shutting down;
//! - `own_notifier`: a subscriber that gets every fact, and the loop that has to run;
//! - `own_sessions`: the ticket shop in a host with its own users;
//! - `toss_stub`: a TossPayments that moves no money and fails on demand.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
