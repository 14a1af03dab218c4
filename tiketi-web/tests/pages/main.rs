//! The pages over a real shop in memory, as a browser without scripts uses them.

// Always true for this target. With it, Clippy treats helper functions as tests as well.
#![cfg(test)]

mod browser;
mod buying;
mod escaping;
mod languages;
mod paying;
mod sessions;
mod shop;
mod waiting;
