//! The stub, asked over HTTP as anybody would.

#![expect(clippy::unwrap_used, reason = "the whole file is a test")]

mod api;
mod control;
mod keys;
mod provider;
mod webhooks;
