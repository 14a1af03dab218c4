//! The organiser's pages over a real shop in memory: requests and answers, without sockets.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod access;
mod dashboard;
mod events;
mod halls;
mod money;
mod office;
mod shop;
