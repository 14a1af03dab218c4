//! The stub, tested over HTTP as a shop uses it.

#![expect(clippy::unwrap_used, reason = "the whole file is a test")]

mod api;
mod control;
mod keys;
mod provider;
mod webhooks;
