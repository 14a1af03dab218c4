//! The server as a separate process: its output, its options and its answers.

// Always true here; the lints then treat the functions beside the tests as tests.
#![cfg(test)]

mod commands;
mod crash;
mod logs;
mod maintenance;
mod options;
mod postgres;
mod restart;
mod rush;
mod serving;
mod shutdown;
mod toss;
mod waiting_room;
