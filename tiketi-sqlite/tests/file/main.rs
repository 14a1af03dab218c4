//! The file itself: who may open it, what a copy is worth, and a full disk.

// Always true here; it tells the lints that the functions beside the tests are tests, too.
#![cfg(test)]

mod backup;
mod batches;
mod disk_full;
mod opening;
mod shop;
