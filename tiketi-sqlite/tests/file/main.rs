//! The file of a store: opening it, copying it, and a full disk.

// Always true for this target. With it, Clippy treats helper functions as tests as well.
#![cfg(test)]

mod backup;
mod batches;
mod disk_full;
mod opening;
mod probe;
mod shop;
