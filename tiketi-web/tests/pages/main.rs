//! The pages over a real shop in memory, as a browser without scripts uses them.

mod browser;
mod buying;
mod escaping;
mod languages;
mod paying;
mod sessions;
mod shop;
mod waiting;
