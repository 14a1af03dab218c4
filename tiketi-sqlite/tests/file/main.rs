//! The file of a store: opening it, copying it, and a full disk.

// Always true here; the lints then treat the functions beside the tests as tests.
#![cfg(test)]

mod backup;
mod batches;
mod disk_full;
mod opening;
mod shop;
