//! The server as a separate process: its output, its options and its answers.

// Always true for this target. With it, Clippy treats helper functions as tests as well.
#![cfg(test)]

mod commands;
mod crash;
mod limits;
mod logs;
mod maintenance;
mod options;
mod postgres;
mod rehearse;
mod restart;
mod rush;
mod serving;
mod shutdown;
mod toss;
mod waiting_room;
