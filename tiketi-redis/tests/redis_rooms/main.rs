//! Waiting rooms in Redis under faults, and their memory.

#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "the whole file is a test")]

mod access;
mod cluster;
mod crowd;
mod cutting_proxy;
mod faults;
mod memory;
mod race;
